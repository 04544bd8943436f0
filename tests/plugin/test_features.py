"""Names and thicknesses of regions in the result's table."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from runs import a_run, flat, image_plane

from napari_layeredcnn.core.measure import measure
from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.core.polar import polar_grid
from napari_layeredcnn.plugin.features import describe_regions, region_names
from napari_layeredcnn.plugin.planes import Plane
from napari_layeredcnn.plugin.readers import read_layers
from napari_layeredcnn.plugin.writers import write_labels_layer

NAN = np.nan


def table(layer) -> dict[str, list]:
    return {title: list(layer.features[title]) for title in layer.features}


def labels(*shape: int, **settings) -> Labels:
    return Labels(np.zeros(shape, np.uint8), **settings)


def test_thickness_of_known_columns_in_pixels():
    curves = np.array([[10, 10, NAN, 10], [14, 16, NAN, 18], [50, 50, NAN, 50]])
    result = labels(60, 4)
    describe_regions(result, {image_plane(): a_run(curves, ids=(5, 2, 9, 0))})
    np.testing.assert_equal(
        table(result),
        {
            "index": [5, 2, 9, 0],
            "name": ["Region 5", "Region 2", "Region 9", "background"],
            "thickness (px)": [NAN, 6.0, 34.0, NAN],
            "thickness SD (px)": [NAN, 2.0, 2.0, NAN],
        },
    )


def test_world_units_over_all_slices():
    result = labels(3, 60, 100, scale=(5, 0.25, 2), units=("um", "um", "um"))
    runs = {image_plane(0): flat(10, 20), image_plane(2): flat(10, 30)}
    describe_regions(result, runs)
    found = table(result)
    assert found["thickness (µm)"][1] == 3.75  # of 2.5 and 5 µm
    assert found["thickness SD (µm)"][1] == 1.253  # of a sample: 1.25 * sqrt(200 / 199)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"scale": (0.5, 3)}, ("world units", 5.0)),
        ({"scale": (0.5, 3), "units": ("nm", "nm")}, ("nm", 5.0)),
        ({"rotate": 30, "scale": (0.5, 3), "units": ("nm", "nm")}, ("nm", 5.0)),
        ({"units": ("mm", "um"), "scale": (2, 1)}, ("mm", 20.0)),
        ({"units": ("um", "um"), "affine": np.diag([4, 1, 1])}, ("µm", 40.0)),
    ],
)
def test_distance_across_the_curves(how, expected):
    unit, thickness = expected
    result = labels(60, 100, **how)
    describe_regions(result, {image_plane(): flat(10, 20)})
    assert table(result)[f"thickness ({unit})"][1] == pytest.approx(thickness)


def test_curves_along_columns_are_measured_along_rows():
    result = labels(100, 60, scale=(7, 0.5), units=("um", "um"))
    describe_regions(result, {image_plane(): flat(10, 20, transposed=True)})
    assert table(result)["thickness (µm)"][1] == 5
    result = labels(60, 5, 100, scale=(0.5, 9, 7), units=("um",) * 3)
    describe_regions(result, {Plane((None, 2, None), rows=2, columns=0): flat(10, 20)})
    assert table(result)["thickness (µm)"][1] == 70


def test_numbers_are_those_of_measure_also_where_regions_end():
    rng = np.random.default_rng(0)
    curves = np.maximum.accumulate(rng.uniform(5, 50, (2, 3, 40)), axis=1).astype(np.float32)
    curves[1, :, 30:] = NAN
    curves[:, 1, :20] = curves[:, 0, :20]  # the second region has ended
    result = labels(2, 60, 40, scale=(5, 0.25, 2), units=("um", "um", "um"))
    describe_regions(result, {image_plane(z): a_run(curves[z]) for z in range(2)})
    found = table(result)
    rows = measure(Segmentation(curves, scale=(5, 0.25, 2), unit="micrometer"))
    for r, name in enumerate(found["name"][1:3], 1):
        for title, what in (("thickness", "mean"), ("thickness SD", "sd")):
            (expected,) = [
                row.value
                for row in rows
                if (row.slice, row.region, row.measure) == (None, name, f"thickness {what}")
            ]
            assert found[f"{title} (µm)"][r] == float(f"{expected:.4g}")


def test_closed_regions_are_measured_away_from_the_center():
    grid = polar_grid((100, 120), (50.0, 60.0))
    rings = flat(10, 20, width=grid.columns, height=grid.rows, grid=grid)
    result = labels(100, 120, scale=(0.5, 0.5), units=("um", "um"))
    describe_regions(result, {image_plane(): rings})
    np.testing.assert_equal(table(result)["thickness (µm)"], [NAN, 5, NAN])
    np.testing.assert_allclose(table(result)["thickness SD (µm)"][1], 0, atol=1e-6)
    flattened = labels(100, 120, scale=(1, 3), units=("um", "um"))
    describe_regions(flattened, {image_plane(): rings})
    turn = np.linspace(0, 2 * np.pi, 10_000, endpoint=False)
    mean = np.hypot(10 * np.sin(turn), 30 * np.cos(turn)).mean()
    assert table(flattened)["thickness (µm)"][1] == pytest.approx(mean, rel=1e-3)


def test_names_come_from_the_partial_labels():
    partial = labels(60, 100, features={"index": [2, 3, 9], "name": ["dermis", "", "foot"]})
    result = labels(60, 100)
    describe_regions(result, {image_plane(): flat(10, 20)}, partial)
    assert table(result)["name"] == ["Region 1", "dermis", "Region 3", "foot"]
    assert table(result)["index"] == [1, 2, 3, 9]


def test_names_without_index_belong_to_rows():
    partial = labels(60, 100, features={"name": ["nothing", "top", "middle"]})
    result = labels(60, 100)
    describe_regions(result, {image_plane(): flat(10, 20)}, partial)
    assert dict(zip(table(result)["index"], table(result)["name"], strict=True)) == {
        0: "nothing",
        1: "top",
        2: "middle",
        3: "Region 3",
    }


def test_ids_that_are_none_name_nothing():
    odd = labels(60, 100, features={"index": [2, NAN, 3], "name": ["skin", "lost", "fat"]})
    assert region_names(odd) == {2: "skin", 3: "fat"}
    odd = labels(60, 100, features={"index": ["2", "x"], "name": ["skin", "fat"]})
    assert region_names(odd) == {}


def test_what_a_person_has_added_stays_and_old_thicknesses_go():
    result = labels(60, 100)
    plane = image_plane()
    describe_regions(result, {plane: flat(10, 20)})
    mine = result.features
    mine["name"], mine["note"] = ["air", "skin", "fat"], ["a", "b", "c"]
    result.features = mine
    result.scale, result.units = (2, 2), ("um", "um")
    describe_regions(result, {plane: flat(10, 20, 30)}, labels(60, 100))
    assert table(result)["name"] == ["air", "skin", "fat", "Region 4"]
    assert table(result)["note"][:3] == ["a", "b", "c"]
    assert list(result.features) == [
        "index",
        "name",
        "note",
        "thickness (µm)",
        "thickness SD (µm)",
    ]


def test_into_the_partial_labels_themselves():
    partial = labels(60, 100, features={"index": [2, 40], "name": ["dermis", "a vessel"]})
    describe_regions(partial, {image_plane(): flat(10, 20)}, partial)
    assert table(partial)["index"] == [1, 2, 3, 40]
    assert table(partial)["name"] == ["Region 1", "dermis", "Region 3", "a vessel"]
    np.testing.assert_equal(table(partial)["thickness (px)"], [NAN, 10, NAN, NAN])


def test_without_a_run_nothing_is_written():
    result = labels(60, 100, features={"index": [1], "name": ["mine"]})
    describe_regions(result, {})
    assert table(result) == {"index": [1], "name": ["mine"]}


def test_the_pointer_shows_it(viewer):
    kept = flat(10, 20)
    result = viewer.add_labels(kept.labels(), scale=(2, 2), units=("um", "um"))
    describe_regions(result, {image_plane(): kept})
    text = result.get_status((30, 50), world=True)["value"]
    assert "name: Region 2" in text
    assert "thickness (µm): 20" in text
    top = result.get_status((4, 50), world=True)["value"]
    assert "name: Region 1" in top
    assert "thickness" not in top


def test_it_is_saved_with_the_labels(tmp_path):
    kept = flat(10, 20)
    result = Labels(kept.labels(), scale=(2, 2), units=("um", "um"))
    describe_regions(result, {image_plane(): kept})
    before = table(result)
    (path,) = write_labels_layer(str(tmp_path / "a.layers.tif"), *result.as_layer_data_tuple()[:2])
    ((data, settings, _),) = read_layers(path)
    again = Labels(data, **settings)
    np.testing.assert_equal(table(again), before)
    describe_regions(again, {image_plane(): kept})
    np.testing.assert_equal(table(again), before)
