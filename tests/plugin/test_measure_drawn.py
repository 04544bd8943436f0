"""Paths that a person has drawn, measured, and compared with labels and curves of runs."""

from __future__ import annotations

import re

import numpy as np
import pytest
from curve_layers import SHOWN, a_result, result, run
from measured import CURVES, LABELS, PLACE, W, add
from napari.components import ViewerModel

from napari_layeredcnn.plugin.measure_request import Chosen, MeasureChoices
from napari_layeredcnn.plugin.planes import RequestError


@pytest.fixture
def viewer():
    return ViewerModel()


def test_drawn_paths_are_followed_from_vertex_to_vertex(viewer):
    paths = [[(9.5, 0), (9.5, 59)], [(29.5, 49), (19.5, 9)]]
    layer = viewer.add_shapes([np.array(path) for path in paths], shape_type="path")
    found = result(viewer, Chosen(layer), SHOWN)
    x = np.arange(60)
    slanted = np.where((x >= 9) & (x <= 49), 20 + (x - 9) / 4, np.nan)
    np.testing.assert_allclose(found.segmentation.curves, [np.full(60, 10), slanted], atol=1e-5)
    assert found.segmentation.uncertainty is None
    (covered,) = [r.value for r in found.rows if (r.region, r.measure) == ("Region 2", "covered")]
    assert covered == 41 / 60
    assert run(viewer, Chosen(layer), SHOWN).message == (
        "Measured 2 regions and 2 boundaries, from curves."
    )
    turned = viewer.add_shapes([np.array(path)[:, ::-1] for path in paths], shape_type="path")
    found = result(viewer, Chosen(turned), MeasureChoices(transposed=True))
    np.testing.assert_allclose(found.segmentation.curves[0], 10)
    assert found.segmentation.transposed


def test_drawn_paths_and_labels_are_compared(viewer):
    _, curves, _ = a_result(viewer)
    layer = add(viewer)
    fine = [r for r in result(viewer, Chosen(layer, curves)).compared if r.slice is None]
    biases = [r.value for r in fine if r.measure == "difference mean"]
    rounded = np.ceil(CURVES - 0.5)
    np.testing.assert_allclose(biases, (CURVES - rounded).mean(axis=(0, 2)) * 0.5, atol=1e-6)
    drawn = viewer.add_shapes(
        [np.array([(1, 9.5 + 8 * k, 10), (1, 9.5 + 8 * k, 50)]) for k in range(3)],
        shape_type="path",
        **PLACE,
    )
    viewer.dims.set_current_step(0, 1)
    compared = result(viewer, Chosen(layer, drawn), SHOWN).compared
    (share,) = {r.value for r in compared if r.measure == "compared"}
    assert share == 41 / W  # as wide as the labels
    assert result(viewer, Chosen(drawn, layer), SHOWN).segmentation.stack.shape[-1] == W
    assert result(viewer, Chosen(curves, drawn), SHOWN)
    flat_ = viewer.add_shapes([[(9, 0), (9, 9)]], shape_type="path")
    for one, other, said in (
        (curves, curves, "compared with itself"),
        (layer, flat_, "has 2 axes"),
        (curves, viewer.add_labels(LABELS, scale=(1, 2, 3), units=PLACE["units"]), "elsewhere"),
    ):
        with pytest.raises(RequestError, match=said):
            result(viewer, Chosen(one, other))


PATH = [(9, 0), (9, 59)]


@pytest.mark.parametrize(
    ("paths", "kind", "said"),
    [
        ([PATH, [(5, 0), (15, 59)]], "path", "cross: curve 2 is above the one before it in column"),
        ([PATH, [(3, 0), (3, 9), (4, 5)]], "path", "Path 1 turns back"),
        ([PATH, [(5, 5.2), (5, 5.7)]], "path", "Path 1 passes the center of no column"),
        ([[(3, 0), (3, 9), (9, 9), (3, 0)]], "path", "Path 0 is closed, .* delete it, and draw a"),
        ([PATH, [(3, 0), (3, 9), (9, 9), (9, 0)]], ["path", "rectangle"], "Shape 1 is a rectangle"),
    ],
)
def test_paths_that_are_no_curves(viewer, paths, kind, said):
    layer = viewer.add_shapes([np.array(path) for path in paths], shape_type=kind)
    outcome = run(viewer, Chosen(layer), SHOWN)
    assert outcome.result is None
    assert re.search(said, outcome.message), outcome.message
