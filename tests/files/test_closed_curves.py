from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_layeredcnn.core.polar import polar_grid
from napari_layeredcnn.files import Around, FileError, Place, read_curves, write_curves

radii = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(0, 1e6, width=32),
)
degrees = st.floats(-360, 360)


@pytest.mark.parametrize("ending", [".csv", ".npz"])
@settings(max_examples=30, deadline=None)
@given(curves=radii, row=degrees, column=degrees, start_angle=degrees)
def test_what_was_written_comes_back(tmp_path_factory, ending, curves, row, column, start_angle):
    path = tmp_path_factory.mktemp("curves") / f"curves{ending}"
    around = Around((row, column), start_angle)
    write_curves(path, curves, uncertainty=curves / 2, around=around, notes={"a": 1})
    found = read_curves(path)
    np.testing.assert_array_equal(found.curves, curves)
    np.testing.assert_array_equal(found.uncertainty, curves / 2)
    assert found.around == around
    assert found.notes == {"a": 1}
    assert found.slices is None
    assert not found.transposed


def test_vertices_are_those_of_the_grid():
    grid = polar_grid((40, 60), center=(18.5, 31), start_angle=37)
    curves = np.linspace(3, 15, grid.columns)[None]
    around = Around(grid.center, grid.start_angle)
    np.testing.assert_allclose(around.vertices(curves[0]), grid.paths(curves)[0])
    np.testing.assert_allclose(around.angles(grid.columns), grid.angles)


@pytest.mark.parametrize(
    "options",
    [
        {"transposed": True},
        {"place": Place(scale=(1.0, 2.0))},
        {"slices": [0]},
    ],
)
def test_what_closed_curves_cannot_have_is_refused(tmp_path, options):
    curves = np.ones((1, 1, 8)) if "slices" in options else np.ones((1, 8))
    with pytest.raises(FileError, match="Closed curves"):
        write_curves(tmp_path / "a.csv", curves, around=Around((0, 0)), **options)
    with pytest.raises(FileError, match="every ray"):
        write_curves(tmp_path / "a.csv", np.full((1, 8), np.nan), around=Around((0, 0)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"start_angle": 0.0', '"start_angle": "east"'),
        ('"center": [1.0, 2.0]', '"center": [1.0]'),
        ("around", "a round"),
        ("\n1,45.0,5.0", "\n1,45.0,"),
    ],
)
def test_damage_is_one_sentence(tmp_path, old, new):
    path = tmp_path / "a.csv"
    write_curves(path, np.full((1, 8), 5.0), around=Around((1.0, 2.0)))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(FileError, match="not a curve file of ours"):
        read_curves(path)
