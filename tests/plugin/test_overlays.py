"""Uncertainty and curves as viewer layers, by their tick boxes."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Shapes, Surface
from qtpy.QtCore import QTimer
from runs import a_run, flat, image_plane

from napari_layeredcnn.plugin.drawing import band_of
from napari_layeredcnn.plugin.overlays import Overlays
from napari_layeredcnn.plugin.planes import Plane
from napari_layeredcnn.plugin.readers import read_layers
from napari_layeredcnn.plugin.writers import write_curves_layer

NAN = np.nan


PLACE = {
    "scale": (5, 0.5, 0.5),
    "translate": (1, 2, 3),
    "units": ("um",) * 3,
    "axis_labels": ("z", "y", "x"),
}
ALL = {"uncertainty": True, "paths": True, "surfaces": True}
NOTHING = dict.fromkeys(ALL, False)


@pytest.fixture
def partial(viewer):
    viewer.add_image(np.zeros((5, 60, 100)), name="image", **PLACE)
    return viewer.add_labels(np.zeros((5, 60, 100), np.uint8), name="partial", **PLACE)


@pytest.fixture
def result(viewer, partial):
    layer = viewer.add_labels(np.ones((5, 60, 100), np.uint8), name="result", **PLACE)
    viewer.layers.selection = {partial}
    return layer


def one(viewer, kind):
    (found,) = [x for x in viewer.layers if isinstance(x, kind) and x.name != "image"]
    return found


def in_slice(paths, z: int) -> list:
    return [path[:, 1:] for path in paths.data if (path[:, 0] == z).all()]


def test_layers_are_made_when_they_are_ticked_and_lie_on_the_result(viewer, partial, result):
    overlays = Overlays(viewer)
    runs = {image_plane(z): flat(10 + z, 20 + z, uncertainty=z) for z in (1, 2)}
    assert overlays.show(partial, result, runs, **NOTHING) == ""
    assert len(viewer.layers) == 3
    assert overlays.show(partial, result, runs, **ALL) == ""
    assert [layer.name for layer in viewer.layers[3:]] == [
        "partial uncertainty (px)",
        "partial curves",
        "partial surface 1",
        "partial surface 2",
    ]
    assert viewer.layers.selection == {partial}
    for layer in viewer.layers[3:]:
        for name in PLACE:
            np.testing.assert_array_equal(getattr(layer, name), getattr(result, name))
    unsure, paths = one(viewer, Image), one(viewer, Shapes)
    assert unsure.data.shape == result.data.shape
    for z in range(5):
        plane = image_plane(z)
        expected = band_of(runs[plane]) if plane in runs else np.zeros((60, 100))
        np.testing.assert_array_equal(unsure.data[z], expected)
        assert [path[0, 0] for path in in_slice(paths, z)] == (
            [9.5 + z, 19.5 + z] if plane in runs else []
        )


def test_another_run_is_drawn_in_its_slice_and_no_other_one(viewer, partial, result):
    overlays = Overlays(viewer)
    first, second = image_plane(1), image_plane(2)
    runs = {first: flat(10, 20, uncertainty=1), second: flat(30, uncertainty=2)}
    overlays.show(partial, result, runs, **ALL)
    unsure, paths = one(viewer, Image), one(viewer, Shapes)
    unsure.data[1, 0, 0] = 7  # what is not drawn anew stays
    kept_paths = in_slice(paths, 1)
    runs[second] = flat(40, uncertainty=3)
    overlays.show(partial, result, runs, **ALL)
    assert unsure.data[1, 0, 0] == 7
    np.testing.assert_array_equal(unsure.data[2], band_of(runs[second]))
    np.testing.assert_array_equal(in_slice(paths, 1), kept_paths)
    assert [path[0, 0] for path in in_slice(paths, 2)] == [39.5]
    del runs[first]  # as after undo
    overlays.show(partial, result, runs, **ALL)
    assert not unsure.data[1].any()
    assert in_slice(paths, 1) == []
    assert len(paths.data) == 1
    assert [x for x in viewer.layers if isinstance(x, Surface)] == []


def test_nothing_is_done_for_the_same_runs(viewer, partial, result):
    overlays = Overlays(viewer)
    runs = {image_plane(z): flat(10, 20, uncertainty=1) for z in (1, 2)}
    overlays.show(partial, result, runs, **ALL)
    events = []
    for layer in viewer.layers[3:]:
        for event in (layer.events.set_data, layer.events.visible, layer.events.metadata):
            event.connect(lambda _, name=layer.name: events.append(name))
    overlays.show(partial, result, dict(runs), **ALL)
    assert events == []
    overlays.show(partial, result, {**runs, image_plane(3): flat(10, 20)}, **ALL)
    assert set(events) == {layer.name for layer in viewer.layers[3:]}
    assert len(set(events)) == 4


def test_an_open_tick_hides_and_what_was_hidden_is_drawn_when_it_comes_back(
    viewer, partial, result
):
    overlays = Overlays(viewer)
    plane = image_plane(1)
    overlays.show(partial, result, {plane: flat(10, uncertainty=1)}, **ALL | {"surfaces": False})
    unsure, paths = one(viewer, Image), one(viewer, Shapes)
    runs = {plane: flat(30, uncertainty=2)}
    overlays.show(partial, result, runs, **NOTHING)
    assert not unsure.visible
    assert not paths.visible
    paths.visible = True  # by a person
    overlays.show(partial, result, runs, **NOTHING)
    assert paths.visible
    assert in_slice(paths, 1)[0][0, 0] == 29.5
    overlays.show(partial, result, runs, **ALL)
    assert unsure.visible
    np.testing.assert_array_equal(unsure.data[1], band_of(runs[plane]))
    unsure.visible = False  # by a person
    overlays.show(partial, result, {plane: flat(40, uncertainty=2)}, **ALL)
    assert not unsure.visible
    assert len(viewer.layers) == 5


def test_a_whole_stack_is_drawn_while_the_window_stays_alive(viewer, qtbot):
    result = viewer.add_labels(np.ones((24, 64, 128), np.uint8), name="result")
    overlays, turns = Overlays(viewer), []
    ticks = QTimer()
    ticks.timeout.connect(lambda: turns.append(len(overlays._drawn)))

    def runs(height: float) -> dict:
        return {image_plane(z): flat(height, height + 20, width=128, height=64) for z in range(24)}

    assert overlays.show(result, result, runs(10), **ALL) == ""
    assert overlays.busy
    ticks.start(0)
    qtbot.waitUntil(lambda: not overlays.busy, timeout=60_000)
    ticks.stop()
    assert len(turns) >= 24 // 4 * 2
    assert len(one(viewer, Shapes).data) == 48
    overlays.show(result, result, runs(20), **ALL)
    qtbot.wait(1)
    last = runs(30)
    overlays.show(result, result, last, **ALL)  # before the others were drawn
    qtbot.waitUntil(lambda: not overlays.busy, timeout=60_000)
    paths = one(viewer, Shapes)
    assert [sorted(p[0, 0] for p in in_slice(paths, z)) for z in range(24)] == [[29.5, 49.5]] * 24
    for plane, kept in last.items():
        np.testing.assert_array_equal(plane.of(one(viewer, Image).data), band_of(kept))
    surface = next(x for x in viewer.layers if isinstance(x, Surface))
    assert set(surface.data[0][:, 1]) == {29.5}


def test_layers_that_are_deleted_while_they_are_drawn(viewer, qtbot):
    result = viewer.add_labels(np.ones((24, 64, 128), np.uint8), name="result")
    overlays = Overlays(viewer)
    runs = {image_plane(z): flat(10, 20, width=128, height=64) for z in range(24)}
    overlays.show(result, result, runs, **ALL)
    qtbot.waitUntil(lambda: len(viewer.layers) == 2, timeout=20_000)
    viewer.layers.clear()
    overlays.stop()
    assert not overlays.busy
    qtbot.wait(50)
    assert len(viewer.layers) == 0


def test_a_deleted_layer_is_made_anew(viewer, partial, result):
    overlays = Overlays(viewer)
    runs = {image_plane(z): flat(10, 20, uncertainty=1) for z in (1, 2)}
    overlays.show(partial, result, runs, **ALL)
    del viewer.layers[3:]
    overlays.show(partial, result, runs, **ALL)
    assert len(viewer.layers) == 7
    np.testing.assert_array_equal(one(viewer, Image).data[1], band_of(runs[image_plane(1)]))
    assert len(one(viewer, Shapes).data) == 4


def test_a_single_slice_has_no_surface_and_that_is_said(viewer, partial, result):
    note = Overlays(viewer).show(partial, result, {image_plane(1): flat(10)}, **ALL)
    assert note == "A surface needs curves in two neighboring slices or more."
    assert len(viewer.layers) == 5


def test_a_run_that_was_canceled_has_paths_but_no_uncertainty(viewer, partial, result):
    curves = np.full((2, 100), NAN)
    curves[:, :20] = [[10], [20]]
    runs = {image_plane(0): a_run(curves, NAN)}
    Overlays(viewer).show(partial, result, runs, **ALL)
    assert not one(viewer, Image).data.any()
    assert [path[-1, 1] for path in in_slice(one(viewer, Shapes), 0)] == [19, 19]


def test_slices_of_a_rolled_and_transposed_viewer(viewer, partial, result):
    kept = a_run(np.repeat([[3.0]], 60, axis=1), 1.0, height=5)
    runs = {Plane((None, None, 7), rows=0, columns=1): kept}
    turned = a_run(np.repeat([[30.0]], 5, axis=1), 1.0, height=60)
    runs[Plane((None, None, 40), rows=1, columns=0)] = turned
    Overlays(viewer).show(partial, result, runs, **ALL | {"surfaces": False})
    data = one(viewer, Image).data
    np.testing.assert_array_equal(data[:, :, 7], band_of(kept))
    np.testing.assert_array_equal(data[:, :, 40], band_of(turned).T)
    assert np.count_nonzero(data[:, :, [7, 40]]) == np.count_nonzero(data)
    first, second = one(viewer, Shapes).data
    assert (first[:, [0, 2]] == (2.5, 7)).all()
    assert (second[:, 1:] == (29.5, 40)).all()
    np.testing.assert_array_equal(second[:, 0], np.arange(5))


def test_curves_are_saved_as_those_regions(viewer, partial, result, tmp_path):
    overlays = Overlays(viewer)
    runs = {image_plane(z): flat(10 + z, 20.25, ids=(5, 2, 9)) for z in (1, 3)}
    overlays.show(partial, result, runs, **ALL | {"surfaces": False})
    runs[image_plane(1)] = flat(12, 20, ids=(5, 2, 9))  # other paths come first now
    overlays.show(partial, result, runs, **ALL | {"surfaces": False})
    data, meta, _ = one(viewer, Shapes).as_layer_data_tuple()
    (path,) = write_curves_layer(str(tmp_path / "a.curves.csv"), data, meta)
    ((again, settings, _),) = read_layers(path)
    found = {
        (int(p[0, 0]), curve, above, below): p[0, 1]
        for p, curve, above, below in zip(
            again, *(settings["features"][t] for t in ("curve", "above", "below")), strict=True
        )
    }
    assert found == {
        (1, 1, 5, 2): 11.5,
        (1, 2, 2, 9): 19.5,
        (3, 1, 5, 2): 12.5,
        (3, 2, 2, 9): 19.75,
    }


@pytest.mark.parametrize("background", [0.05, 0.95])
def test_doubtful_curves_are_seen_on_dark_and_bright_images(viewer, qtbot, background):
    viewer.add_image(np.full((60, 100), background), contrast_limits=(0, 1))
    result = viewer.add_labels(np.ones((60, 100), np.uint8), visible=False)
    unsure = np.concatenate([np.full((1, 50), 0.3), np.full((1, 50), 4.0)], axis=1)
    kept = a_run(np.full((1, 100), 30.0), unsure)
    Overlays(viewer).show(
        result, result, {image_plane(): kept}, uncertainty=True, paths=False, surfaces=False
    )
    viewer.reset_view()
    qtbot.wait(50)
    picture = viewer.screenshot(flash=False)[..., :3].astype(int)
    red = (picture[..., 0] > 150) & (picture[..., 1:].max(axis=2) < 80)
    assert red.sum() > 500
    assert np.nonzero(red)[1].min() > picture.shape[1] * 0.45
