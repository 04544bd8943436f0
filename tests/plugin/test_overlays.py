"""Uncertainty and curves as viewer layers, by their tick boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hands import click, dock, segment
from napari.layers import Image, Shapes
from qtpy.QtCore import QPoint, Qt

from napari_layeredcnn.plugin.overlays import curve_paths, uncertainty_band
from napari_layeredcnn.sample import LABELLED_SLICE

pytestmark = pytest.mark.usefixtures("no_thread_left")


def test_band_takes_the_nearest_curve_and_nothing_far_away():
    curves = np.array([[4.0, np.nan], [7.0, np.nan]])
    band = uncertainty_band(curves, np.array([[0.5, np.nan], [2.0, np.nan]]), 20)
    np.testing.assert_array_equal(band[:, 0], [0] * 2 + [0.5] * 4 + [2] * 3 + [0] * 11)
    assert not band[:, 1].any()


def test_paths_lie_between_pixels_and_end_where_there_is_no_curve():
    curves = np.array([[3.0, 3.5, np.nan, 4.0, np.nan, 5.0, 6.0]])
    first, second = curve_paths(curves, 7, transposed=False)
    np.testing.assert_array_equal(first, [[7, 2.5, 0], [7, 3.0, 1]])
    np.testing.assert_array_equal(second, [[7, 4.5, 5], [7, 5.5, 6]])
    flipped, _ = curve_paths(curves, None, transposed=True)
    np.testing.assert_array_equal(flipped, [[0, 2.5], [1, 3.0]])


@pytest.fixture
def sample(viewer):
    viewer.open_sample("napari-layeredcnn", "layered_stack")
    viewer.layers[1].data[5] = viewer.layers[1].data[LABELLED_SLICE]
    return viewer


def tick(qtbot, box) -> None:
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def test_ticked_layers_follow_every_run(sample, qtbot, fake):
    widget = dock(sample)
    image, partial = list(sample.layers)
    segment(qtbot, widget)
    assert len(sample.layers) == 3
    tick(qtbot, widget._uncertainty_tick)  # the last run is shown at once
    tick(qtbot, widget._paths_tick)
    uncertainty = sample.layers["partial labels uncertainty (px)"]
    paths = sample.layers["partial labels curves"]
    assert isinstance(uncertainty, Image)
    assert isinstance(paths, Shapes)
    for layer in (uncertainty, paths):
        np.testing.assert_allclose(layer.scale, image.scale)
        assert layer.units == image.units
    given = fake.calls[0]["seed"].columns
    assert not uncertainty.data[LABELLED_SLICE][:, given].any()
    assert np.delete(uncertainty.data[LABELLED_SLICE], given, axis=1).any(axis=0).all()
    assert len(paths.data) == 4
    sample.dims.set_current_step(0, 5)
    for _ in range(2):  # a second run of a slice replaces its paths
        segment(qtbot, widget)
    assert len(sample.layers) == 5
    assert uncertainty.data[5].any()
    assert sorted(path[0, 0] for path in paths.data) == [5] * 4 + [LABELLED_SLICE] * 4
    labels = sample.layers["partial labels completed"].data[5]
    for k, path in enumerate(p for p in paths.data if p[0, 0] == 5):
        below = (labels > k + 1).argmax(axis=0)
        assert (np.abs(path[:, 1] + 0.5 - below) <= 0.5).all()
    assert widget._image.value is image
    assert sample.layers.selection == {partial}


def test_a_deleted_layer_is_made_anew(sample, qtbot, fake):
    widget = dock(sample)
    tick(qtbot, widget._uncertainty_tick)
    segment(qtbot, widget)
    name = "partial labels uncertainty (px)"
    del sample.layers[name]
    segment(qtbot, widget)
    assert name in sample.layers


def test_a_canceled_run_has_paths_but_no_uncertainty(sample, qtbot, fake):
    widget = dock(sample)
    tick(qtbot, widget._uncertainty_tick)
    tick(qtbot, widget._paths_tick)
    fake.hold_at = 20
    fake.gate.clear()
    click(qtbot, widget, "Segment Layers")
    qtbot.waitUntil(lambda: widget._bar.value() == 20, timeout=10_000)
    click(qtbot, widget, "Cancel")
    fake.gate.set()
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    assert not sample.layers["partial labels uncertainty (px)"].data.any()
    assert sample.layers["partial labels curves"].data[0][:, 2].min() == 0
