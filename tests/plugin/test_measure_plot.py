"""The plot of thickness: what it draws, and how it and the viewer follow each other."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from hands import pixel
from measured import (
    CURVES,
    LABELS,
    PLACE,
    THICKNESS,
    H,
    S,
    W,
    add,
    profiles_of,
    segmentation,
)
from napari.components import ViewerModel
from napari.utils.theme import get_theme
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QCheckBox, QVBoxLayout, QWidget

from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.plugin.measure_canvas import MeasureCanvas, readable
from napari_layeredcnn.plugin.measure_legend import RegionLegend
from napari_layeredcnn.plugin.measure_link import MeasureLink
from napari_layeredcnn.plugin.measure_plot import MeasurePlot, along_layer, over_slices
from napari_layeredcnn.plugin.measure_profiles import measure_profiles
from napari_layeredcnn.plugin.planes import shown_plane

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
X, Y = PLACE["scale"][2], PLACE["scale"][1]


@pytest.fixture
def model():
    """A viewer without a window, which is enough where nobody moves the mouse over its canvas."""
    return ViewerModel()


@pytest.fixture
def plotted(model, qtbot):
    """Shows a plot for the measured stack."""

    def show(profiles=None) -> MeasurePlot:
        plot = MeasurePlot(model)
        qtbot.addWidget(plot)
        plot.resize(400, 300)
        plot.show(profiles or profiles_of(model, add(model)))
        qtbot.waitUntil(lambda: plot._canvas._background is not None)
        return plot

    return show


@pytest.fixture
def docked(viewer, qtbot):
    """Docks a plot for the measured stack in the viewer."""

    def dock(profiles=None) -> MeasurePlot:
        layer = None if profiles is not None else add(viewer)
        plot = MeasurePlot(viewer)
        viewer.window.add_dock_widget(plot, name="plot", area="right")
        plot.show(profiles or profiles_of(viewer, layer))
        qtbot.waitUntil(lambda: plot._canvas._background is not None)
        viewer.reset_view()
        viewer.scene.camera.zoom *= 0.5
        qtbot.wait(50)
        return plot

    return dock


def at(plot: MeasurePlot, x: float, y: float) -> QPoint:
    """A place of the plot as a point of its canvas."""
    canvas = plot._canvas
    right, up = canvas.axes.transData.transform((x, y)) / canvas.device_pixel_ratio
    return QPoint(round(right), round(canvas.height() - up))


def click(qtbot, plot: MeasurePlot, x: float, y: float) -> None:
    QTest.mouseClick(plot._canvas, LEFT, NONE, at(plot, x, y))
    qtbot.wait(10)


def point_at(qtbot, viewer, y: float, x: float) -> None:
    """Move the pointer over the napari canvas, to a place of the world."""
    canvas = viewer.window._qt_viewer.canvas.native
    QTest.mouseMove(canvas, pixel(viewer, y, x))
    qtbot.wait(80)


def world(row: float, column: float) -> tuple[float, float]:
    return 3 + Y * row, 7 + X * column


def vertical(plot: MeasurePlot) -> float | None:
    """Where the thin line is."""
    line = plot._canvas.here
    return float(line.get_xdata()[0]) if line.get_visible() else None


def wait_for_line(qtbot, plot: MeasurePlot, at: float | None) -> None:
    """The pointer's way from the canvas to the plot takes a while on a busy machine."""
    qtbot.waitUntil(lambda: vertical(plot) == (at if at is None else pytest.approx(at)))


def drawn(plot: MeasurePlot) -> list[np.ndarray]:
    return [line.get_ydata() for line in plot._canvas.axes.lines if not line.get_animated()]


def bands(plot: MeasurePlot) -> int:
    return len(plot._canvas.axes.collections)


def listeners(viewer) -> int:
    events = viewer.dims.events
    emitters = (
        events.current_step,
        events.order,
        events.ndisplay,
        viewer.cursor.events.position,
        viewer.layers.events.removed,
    )
    return sum(len(emitter.callbacks) for emitter in emitters)


# ------------------------------------------------------------------------ what is drawn


def test_lines_are_the_thickness_of_the_slice(plotted, model, qtbot):
    plot = plotted()
    axes = plot._canvas.axes
    for s in (1, 3):
        model.dims.set_current_step(0, s)
        qtbot.waitUntil(lambda s=s: plot._slice.text() == f"slice {s}")
        np.testing.assert_allclose(drawn(plot), THICKNESS[s] * Y, rtol=1e-6)
        np.testing.assert_allclose(plot._canvas.lines.x, np.arange(W) * X)
        assert axes.get_ylim()[1] > THICKNESS.max() * Y  # of all slices, so that they compare
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    skin = THICKNESS[3, 0] * Y
    assert (heights.min(), heights.max()) == pytest.approx((skin[0] - 0.25, skin[-1] + 0.25))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Along the layer (µm)", "Thickness (µm)")


def test_over_slices_are_the_means(plotted, model, qtbot):
    plot = plotted()
    assert plot._view.isVisible()
    plot._view.setCurrentIndex(1)
    means = THICKNESS.mean(axis=2).T * Y
    np.testing.assert_allclose(drawn(plot), means, rtol=1e-6)
    assert plot._canvas.axes.get_xlabel() == "Slice"
    assert plot._canvas.shown.get_xdata()[0] == 1
    click(qtbot, plot, 2.2, means[1, 2])
    assert model.dims.current_step[0] == 2
    assert plot._canvas.shown.get_xdata()[0] == 2
    assert plot._readout.text() == "fat 6.00 ± 0.94 µm in slice 2"
    assert "measured place" not in model.layers  # no place in the slice was clicked


def test_the_picture_has_the_colors_of_the_regions(plotted, qtbot):
    plot = plotted()
    qtbot.wait(50)
    image = plot._canvas.grab().toImage()
    pixels = np.array(
        [
            image.pixelColor(x, y).getRgb()[:3]
            for x in range(image.width())
            for y in range(image.height())
        ]
    )
    theme = get_theme("dark")
    ground = theme.background.as_rgb_tuple()[:3]
    assert (pixels == ground).all(axis=1).mean() > 0.5
    for color in plot._profiles.colors:
        seen = 255 * np.array(readable(color, theme.background.as_hex(), theme.text.as_hex()))
        assert (np.abs(pixels - seen).max(axis=1) < 30).sum() > 100


def test_it_follows_the_theme(docked, viewer, qtbot):
    plot = docked()
    for theme in ("light", "dark"):
        viewer.theme = theme
        qtbot.wait(20)
        colors = get_theme(theme)
        face = 255 * np.array(plot._canvas.figure.get_facecolor()[:3])
        np.testing.assert_allclose(face, colors.background.as_rgb_tuple()[:3], atol=0.5)
        assert plot._canvas.axes.xaxis.label.get_color() == colors.text.as_hex()


@pytest.mark.parametrize("color", [(0, 0, 0.1), (1, 1, 0.9), (0.5, 0.5, 0.5)])
@pytest.mark.parametrize(("ground", "text"), [("#23242b", "#f0f1f2"), ("#ebe7e6", "#1e1e21")])
def test_no_line_is_lost_on_the_background(color, ground, text):
    from napari_layeredcnn.plugin.measure_canvas import _luminance, to_rgb

    found = readable(color, ground, text)
    one, other = (_luminance(np.array(to_rgb(c))) + 0.05 for c in (found, ground))
    assert max(one, other) / min(one, other) >= 2


def test_nothing_is_drawn_where_nobody_looks(plotted, model, qtbot):
    plot = plotted()
    plot.hide()
    before = plot._canvas.lines
    model.dims.set_current_step(0, 3)
    model.cursor.position = (115, *world(11, 20))
    qtbot.wait(80)
    assert plot._canvas.lines is before
    plot.show()
    np.testing.assert_allclose(drawn(plot), THICKNESS[3] * Y, rtol=1e-6)
    assert vertical(plot) == pytest.approx(20 * X)


def test_a_single_column_between_gaps_is_a_dot(plotted, model):
    curves = CURVES[0].copy()
    curves[:, 10:20] = np.nan
    curves[:, 15] = CURVES[0, :, 15]
    layer = add(model, LABELS[0], **{k: v[1:] for k, v in PLACE.items()})
    plot = plotted(profiles_of(model, layer, None, of=segmentation(curves)))
    assert not plot._view.isVisible()
    line = plot._canvas.axes.lines[3]  # after the marks
    assert list(line.get_markevery()) == [15]
    assert plot._slice.text() == ""


def test_ticks_choose_regions_and_many_have_no_bands(plotted, model, qtbot):
    layer = add(model)
    many = np.arange(2, 20, 2)[None, :, None] + np.zeros((S, 9, W))
    stack = Segmentation(many, height=H, uncertainty=np.ones_like(many), scale=(5, 0.5, 0.25))
    plot = plotted(profiles_of(model, layer, of=stack))
    boxes = {box.text(): box for box in plot._legend.findChildren(QCheckBox)}
    assert list(boxes) == ["All"] + [f"Region {i}" for i in range(2, 10)]
    assert (len(drawn(plot)), bands(plot)) == (8, 0)
    for name in ("Region 3", "Region 9"):
        boxes[name].click()
    assert (len(drawn(plot)), bands(plot)) == (6, 6)
    assert not boxes["All"].isChecked()
    boxes["All"].click()
    assert (len(drawn(plot)), bands(plot)) == (8, 0)
    boxes["All"].click()
    assert (len(drawn(plot)), bands(plot)) == (0, 0)
    boxes["Region 4"].click()
    click(qtbot, plot, 5, 1)
    assert plot._readout.text() == "Region 4 1.00 ± 0.71 world units in column 20 (5 world units)"
    plot.show(plot._profiles)  # measured again
    assert plot._legend.chosen == (2,)


def test_all_regions_are_seen_in_the_legend(viewer, qtbot):
    legend = RegionLegend()
    frame = QWidget()
    QVBoxLayout(frame).addWidget(legend)
    viewer.window.add_dock_widget(frame)  # in napari's style
    for count, scrolls in ((3, False), (40, True)):
        legend.offer([f"layer {'of a name ' * (i % 3)}" for i in range(count)])
        legend.paint_in([(1, 0, 0)] * count)
        for width in range(200, 420, 22):
            frame.setFixedWidth(width)
            qtbot.wait(5)
            boxes = legend.findChildren(QCheckBox)
            assert len(boxes) == count + 1
            assert all(legend.widget().rect().contains(box.geometry()) for box in boxes)
            assert (legend.widget().height() > legend.viewport().height()) == scrolls
            assert legend.verticalScrollBar().isVisible() == scrolls
            assert legend.height() < 120


def test_nothing_between_two_curves(plotted, model, qtbot):
    layer = add(model)
    one = segmentation(CURVES[:, :1], uncertainty=None, names=("a", "b"))
    plot = plotted(profiles_of(model, layer, of=one))
    assert plot._readout.text().startswith("No region lies between two curves")
    assert drawn(plot) == []
    model.dims.set_current_step(0, 2)
    qtbot.wait(80)
    click(qtbot, plot, 0.5, 0.5)
    assert model.dims.current_step[0] == 2


# ------------------------------------------------------------------------ plot to viewer


def test_a_click_goes_to_the_place(plotted, model, qtbot):
    plot = plotted()
    model.cursor.position = (105, *world(10, 5))
    layer, front = model.layers["result"], model.add_image(np.zeros((S, H, W)), **PLACE)
    model.dims.set_current_step(0, 3)
    qtbot.waitUntil(lambda: plot._slice.text() == "slice 3")
    zoom = model.scene.camera.zoom
    click(qtbot, plot, 40 * X, THICKNESS[3, 1, 40] * Y + 0.1)
    row = 8 + THICKNESS[3, 0, 40] + THICKNESS[3, 1, 40] / 2 - 0.5
    np.testing.assert_allclose(model.scene.camera.center[-2:], world(row, 40), rtol=1e-6)
    assert model.scene.camera.zoom == zoom
    assert shown_plane(model, layer).index[0] == 3
    assert plot._readout.text() == "fat 6.50 ± 0.63 µm in column 40 (10 µm)"
    assert vertical(plot) == 40 * X
    assert plot._canvas.dot.get_xdata() == [40 * X]
    assert plot._canvas.dot.get_ydata() == pytest.approx([6.5])
    (start, along) = model.layers["measured place"].data[0]
    np.testing.assert_allclose(start, [3, 8 + 10 - 0.5, 40])
    np.testing.assert_allclose(along, [0, 13, 0])
    assert model.layers["measured place"].scale == pytest.approx(layer.scale)
    assert model.layers.selection == {front}
    click(qtbot, plot, 12 * X, THICKNESS[3, 0, 12] * Y)
    np.testing.assert_allclose(model.layers["measured place"].data[0, :, 1], [7.5, 7.2], rtol=1e-6)
    model.dims.set_current_step(0, 0)
    qtbot.waitUntil(lambda: plot._slice.text() == "slice 0")
    assert not plot._canvas.dot.get_visible()
    model.layers.remove("measured place")
    click(qtbot, plot, 30 * X, 3)
    assert model.layers["measured place"].data[0, 0, 0] == 0
    plot.clear()
    assert "measured place" not in model.layers


def test_dragging_goes_along_the_layer(plotted, model, qtbot):
    plot = plotted()
    canvas = plot._canvas
    QTest.mousePress(canvas, LEFT, NONE, at(plot, 10 * X, 5))
    for column in (20, 30):
        QTest.mouseMove(canvas, at(plot, column * X, 5))
        qtbot.waitUntil(lambda column=column: vertical(plot) == pytest.approx(column * X, abs=X))
        assert model.scene.camera.center[-1] == pytest.approx(7 + column * X, abs=X)
    QTest.mouseRelease(canvas, LEFT, NONE, at(plot, 30 * X, 5))
    QTest.mouseMove(canvas, at(plot, 50 * X, 5))
    qtbot.waitUntil(lambda: vertical(plot) == pytest.approx(50 * X, abs=X))
    assert model.scene.camera.center[-1] == pytest.approx(7 + 30 * X, abs=X)
    before = model.scene.camera.center
    QTest.mouseClick(canvas, Qt.MouseButton.RightButton, NONE, at(plot, 5 * X, 5))
    QTest.mouseClick(canvas, LEFT, NONE, QPoint(2, 2))  # beside the plot
    assert model.scene.camera.center == before


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2), (1, 2, 0)])
def test_a_click_in_a_rolled_or_transposed_viewer(plotted, model, qtbot, order):
    model.cursor.position = (105, *world(10, 5))  # where the pointer was before
    plot = plotted()
    model.dims.order = order
    qtbot.wait(80)
    click(qtbot, plot, 40 * X, THICKNESS[1, 0, 40] * Y)
    assert set(model.dims.displayed) == {1, 2}
    assert model.dims.current_step[0] == 1
    center = dict(zip(model.dims.displayed, model.scene.camera.center[-2:], strict=True))
    row, column = world(8 + 5 - 0.5, 40)
    assert center == pytest.approx({1: row, 2: column})
    assert vertical(plot) == 40 * X
    if order == (0, 2, 1):
        assert tuple(model.dims.order) == order


# ------------------------------------------------------------------------ viewer to plot


def test_the_pointer_shows_in_the_plot(docked, viewer, qtbot):
    plot = docked()
    viewer.add_image(np.zeros((S, H, W)), **PLACE)  # another layer in front
    point_at(qtbot, viewer, *world(11, 20))
    wait_for_line(qtbot, plot, 20 * X)
    assert plot._readout.text() == "skin 4.00 ± 0.25 µm in column 20 (5 µm)"
    point_at(qtbot, viewer, *world(2, 50))
    wait_for_line(qtbot, plot, 50 * X)
    assert plot._readout.text() == "Column 50 (12.5 µm)"
    point_at(qtbot, viewer, *world(11, W + 3))
    wait_for_line(qtbot, plot, None)
    assert plot._readout.text() == ""


def test_the_pointer_stays_where_it_is_in_other_slices(plotted, model, qtbot):
    plot = plotted()
    model.cursor.position = (105, *world(26, 20))  # half a pixel below the end of fat in slice 0
    qtbot.waitUntil(lambda: plot._readout.text() == "fat 5.50 ± 0.63 µm in column 20 (5 µm)")
    model.dims.set_current_step(0, 3)
    qtbot.waitUntil(lambda: plot._readout.text() == "fat 6.50 ± 0.63 µm in column 20 (5 µm)")
    model.dims.set_current_step(0, 0)  # bone begins above the pointer
    qtbot.waitUntil(lambda: plot._readout.text() == "Column 20 (5 µm)")
    click(qtbot, plot, 40 * X, THICKNESS[0, 0, 40] * Y)
    model.dims.set_current_step(0, 2)
    qtbot.waitUntil(lambda: plot._slice.text() == "slice 2")
    assert vertical(plot) == 40 * X
    assert plot._readout.text() == "skin 5.00 ± 0.25 µm in column 40 (10 µm)"


def test_the_line_is_really_drawn(plotted, model, qtbot):
    plot = plotted()
    qtbot.wait(50)
    before = plot._canvas.grab().toImage()
    for column in (45, 20):  # the first line is gone again
        model.cursor.position = (105, *world(11, column))
        qtbot.wait(80)
    after = plot._canvas.grab().toImage()
    changed = {
        x
        for x in range(after.width())
        for y in range(0, after.height(), 7)
        if after.pixel(x, y) != before.pixel(x, y)
    }
    here = at(plot, 20 * X, 0).x()
    assert changed
    assert max(abs(x - here) for x in changed) <= 2


def test_a_pointer_in_a_transposed_viewer_and_from_above(docked, viewer, qtbot):
    plot = docked()
    viewer.dims.order = (0, 2, 1)
    viewer.reset_view()
    qtbot.wait(50)
    point_at(qtbot, viewer, *reversed(world(11, 20)))
    wait_for_line(qtbot, plot, 20 * X)
    viewer.dims.order = (1, 0, 2)  # slices from top to bottom
    viewer.reset_view()
    qtbot.wait(50)
    point_at(qtbot, viewer, 100 + 5 * 3, 7 + 33 * X)
    wait_for_line(qtbot, plot, 33 * X)
    assert plot._slice.text() == "slice 3"
    viewer.dims.ndisplay = 3
    qtbot.wait(80)
    assert vertical(plot) is None
    assert len(drawn(plot)) == 2


def test_a_stack_over_time_and_units_of_other_layers(docked, viewer, qtbot):
    place = {"scale": (1, 5, 0.5, 0.25), "translate": (0, 100, 3, 7), "units": ("s", *["um"] * 3)}
    layer = add(viewer, np.stack([LABELS, LABELS]), **place)
    viewer.add_image(np.zeros((4, 8, 8)), units=("mm",) * 3, scale=(1e-3,) * 3)
    factor = float((1 * layer.units[-1]).to(viewer.dims.units[-1]).magnitude)
    viewer.dims.set_point((0, 1), (1, 110 * factor))
    profiles = measure_profiles(segmentation(), layer, shown_plane(viewer, layer).at(1, 0), 1)
    plot = docked(profiles)
    assert plot._slice.text() == "slice 1, 2"
    point_at(qtbot, viewer, *(factor * p for p in world(11, 20)))
    wait_for_line(qtbot, plot, 20 * X)
    viewer.dims.set_point(0, 0)  # nothing was measured there
    point_at(qtbot, viewer, *(factor * p for p in world(11, 30)))
    wait_for_line(qtbot, plot, None)
    assert plot._slice.text() == "slice 1, 2"
    click(qtbot, plot, 40 * X, THICKNESS[2, 0, 40] * Y)
    assert viewer.dims.point[:2] == pytest.approx((1, 110 * factor))
    assert vertical(plot) == pytest.approx(40 * X)  # not where the pointer was
    np.testing.assert_allclose(
        np.array(viewer.scene.camera.center[-2:]) / factor, world(8 + 5 - 0.5, 40)
    )


def test_many_moves_are_few_looks(plotted, model, qtbot):
    plot = plotted()
    looks = []
    plot._link.pointer_moved.connect(lambda: looks.append(1))
    for x in np.linspace(0, W - 1, 300):
        model.cursor.position = (105, *world(11, x))
        model.dims.set_current_step(0, int(x) % S)
    qtbot.waitUntil(lambda: vertical(plot) == (W - 1) * X)
    qtbot.wait(60)
    assert len(looks) <= 30
    assert plot._slice.text() == f"slice {(W - 1) % S}"


# ------------------------------------------------------------------------ the end


def test_a_removed_layer_is_let_go(plotted, model, qtbot):
    before = listeners(model)
    plot = plotted()
    assert listeners(model) == before + 5
    click(qtbot, plot, 30 * X, 3)
    layer = weakref.ref(model.layers["result"])
    del model.layers["result"]
    assert len(model.layers) == 0
    assert not plot.isVisible()
    assert listeners(model) == before
    model.add_labels(LABELS)
    model.cursor.position = (0, 10, 10)
    qtbot.wait(60)
    gc.collect()
    assert layer() is None


def test_a_layer_that_gets_other_axes_is_let_go(plotted, model, qtbot):
    before = listeners(model)
    plot = plotted()
    click(qtbot, plot, 30 * X, 3)
    model.layers["result"].data = LABELS[0]
    model.cursor.position = (5.0, 8.0, 9.0)
    qtbot.waitUntil(lambda: not plot.isVisible())
    assert listeners(model) == before
    assert [layer.name for layer in model.layers] == ["result"]


def test_nothing_follows_after_the_end(plotted, model, qtbot):
    before = listeners(model)
    plot = plotted()
    plot.show(plot._profiles)  # again: nothing is connected twice
    assert listeners(model) == before + 5
    click(qtbot, plot, 30 * X, 3)
    model.dims.set_current_step(0, 3)  # what is under way ends, too
    plot.close()
    assert listeners(model) == before
    assert [layer.name for layer in model.layers] == ["result"]
    qtbot.wait(80)
    plot.close()


def test_a_closed_window_leaves_nothing_behind(docked, viewer, qtbot):
    before = listeners(viewer)
    plot = docked()
    click(qtbot, plot, 30 * X, 3)
    viewer.dims.set_current_step(0, 3)
    link = plot._link
    plot.parentWidget().deleteLater()  # as a closing window does
    QApplication.sendPostedEvents(None, 0)
    QApplication.processEvents()
    qtbot.waitUntil(lambda: listeners(viewer) == before)
    viewer.dims.set_current_step(0, 2)
    viewer.cursor.position = (100, 5, 9)
    link.look()
    qtbot.wait(80)


def test_a_layer_of_another_viewer_is_not_followed():
    viewer, other = ViewerModel(), ViewerModel()
    profiles = profiles_of(other, add(other))
    link = MeasureLink(viewer)
    link.follow(profiles)
    link.go(2, 1, 30)
    link.look()
    assert len(viewer.layers) == 0
    assert viewer.dims.ndim == 2


def test_lines_know_no_widget():
    viewer = ViewerModel()
    profiles = profiles_of(viewer, add(viewer))
    lines = along_layer(profiles, 2, (1,))
    assert lines.y_limits[0] == pytest.approx((10 - 0.08 * 3) * Y)
    assert lines.y_limits[1] == pytest.approx((13 + 0.08 * 3) * Y)
    assert over_slices(profiles, (0, 1)).y_limits[0] > 0
    assert MeasureCanvas().lines is None
