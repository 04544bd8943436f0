"""The dock's looks: what is offered, hidden, locked, and how it fits, with a person's hands."""

from __future__ import annotations

import numpy as np
import pytest
from hands import button
from napari.settings import get_settings
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QWidget,
)

from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.fields import Scrolled
from napari_layeredcnn.plugin.form import HOW_TO_BEGIN, SegmentForm

SHAPE = (6, 20, 30)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def form(viewer, qtbot):
    """The form in a dock, with a stack and labels."""
    viewer.add_image(np.zeros(SHAPE, np.uint8), name="stack")
    viewer.add_labels(np.zeros(SHAPE, np.uint8), name="painted")
    return docked(viewer, qtbot)


def docked(viewer, qtbot) -> SegmentForm:
    form = SegmentForm(viewer)
    viewer.window.add_dock_widget(form, name="form")
    qtbot.waitUntil(form.isVisible)
    qtbot.wait(50)
    return form


def choose(qtbot, box, value) -> None:
    """Choose in a box with the arrow keys."""
    steps = box.choices.index(value) - box.choices.index(box.value)
    for _ in range(abs(steps)):
        qtbot.keyClick(box.native, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
    assert box.value == value


def shown(form: QWidget, kind: type) -> list[QWidget]:
    """Return the parts that a person sees, without those inside spin boxes and scroll bars."""
    found = [w for w in form.findChildren(kind) if w.isVisible() and not w.size().isEmpty()]
    return [w for w in found if not w.objectName().startswith("qt_")]


class TestLayers:
    def test_come_and_go_and_get_other_names(self, form, viewer, qtbot):
        stack, painted = viewer.layers
        choose(qtbot, form._direction, "down")
        for name in ("stack", "painted", "z"):
            viewer.add_image(np.zeros(SHAPE), name=f"other {name}")
            viewer.add_labels(np.zeros(SHAPE, int), name=f"other labels {name}")
        stack.name, painted.name = "painted", "stack"
        viewer.layers.move(0, 5)
        assert form._image.value is stack
        assert form._labels.value is painted
        for layer in list(viewer.layers):
            if layer not in (stack, painted):
                viewer.layers.remove(layer)
        assert form._image.value is stack
        assert form._labels.value is painted
        assert form._direction.value == "down"
        form.say("Of layers that are there.")
        viewer.layers.clear()
        assert form._image.value is None
        assert form._labels.value is None
        assert form._message.text() == HOW_TO_BEGIN
        image = viewer.add_image(np.zeros((5, 5)))
        assert form._image.value is image

    def test_selected_layers_come_first(self, viewer, qtbot):
        images = [viewer.add_image(np.zeros(SHAPE)) for _ in range(3)]
        labels = [viewer.add_labels(np.zeros(SHAPE, int)) for _ in range(3)]
        viewer.layers.selection = {images[1], labels[2]}
        form = docked(viewer, qtbot)
        assert form._image.value is images[1]
        assert form._labels.value is labels[2]

    def test_results_are_offered_but_not_first(self, viewer, qtbot):
        viewer.add_image(np.zeros(SHAPE))
        notes = {"layeredcnn": {"settings": {}}}
        result = viewer.add_labels(np.zeros(SHAPE, int), metadata=notes)
        painted = viewer.add_labels(np.zeros(SHAPE, int))
        viewer.layers.selection = {result}
        form = docked(viewer, qtbot)
        assert form._labels.value is painted
        assert result in form._labels.choices
        viewer.layers.remove(painted)
        assert form._labels.value is result  # opened from a file, to be corrected

    def test_shapes_are_first_only_if_selected_and_without_labels(self, viewer, qtbot):
        viewer.add_image(np.zeros(SHAPE))
        curves = viewer.add_shapes(name="curves", ndim=3)
        viewer.layers.selection = set()
        form = docked(viewer, qtbot)
        assert form._labels.value is None
        assert form._locked.value is None
        choose(qtbot, form._labels, curves)
        painted = viewer.add_labels(np.zeros(SHAPE, int))
        assert form._labels.value is curves
        viewer.layers.selection = {curves}
        assert docked(viewer, qtbot)._labels.value is painted
        viewer.layers.remove(painted)
        assert docked(viewer, qtbot)._labels.value is curves

    def test_no_shapes_lock_columns_unless_chosen(self, form, viewer, qtbot):
        shapes = viewer.add_shapes(name="s", ndim=3)
        assert form._locked.value is None
        form._locked.value = shapes
        shapes.name = "renamed"
        assert form._locked.value is shapes
        viewer.layers.remove(shapes)
        assert form._locked.value is None

    def test_points_are_the_center(self, form, viewer):
        assert form._center.value is None
        points = viewer.add_points(ndim=3)
        assert form._center.value is points

    def test_events_after_the_dock_is_gone_do_nothing(self, form, viewer, qtbot):
        viewer.window.remove_dock_widget(form)
        form.deleteLater()
        qtbot.wait(50)
        viewer.add_image(np.zeros(SHAPE))
        viewer.dims.order = (1, 0, 2)


class TestRows:
    def test_around_asks_for_a_center(self, form, qtbot):
        rows = (form._center.native, form._center_button, form._start_angle)
        assert not any(row.isVisible() for row in rows)
        choose(qtbot, form._direction, "around")
        assert all(row.isVisible() for row in rows)
        choose(qtbot, form._direction, "up")
        assert not any(row.isVisible() for row in rows)

    def test_paths_are_not_asked_what_strokes_are(self, form, viewer, qtbot):
        form._advanced.toggleButton().click()
        output = form._advanced.output
        choose(qtbot, output, True)
        qtbot.mouseClick(form._zero_tick, LEFT, pos=QPoint(8, 8))
        choices = form.choices()
        assert choices.into_partial
        assert choices.zero_is_region
        paths = viewer.add_shapes(ndim=3)
        choose(qtbot, form._labels, paths)
        rows = (form._strokes.native, form._zero_tick, form._new_button, output.native)
        assert not any(row.isVisible() for row in rows[:2] + rows[3:])
        assert form.choices() == Choices(last=5)
        choose(qtbot, form._labels, viewer.layers["painted"])
        assert all(row.isVisible() for row in rows)
        assert form.choices() == choices

    def test_boundaries_are_not_asked_for_0(self, form, qtbot):
        qtbot.mouseClick(form._zero_tick, LEFT, pos=QPoint(8, 8))
        assert form.choices().zero_is_region
        choose(qtbot, form._strokes, "boundaries")
        assert not form._zero_tick.isVisible()
        assert not form.choices().zero_is_region

    def test_one_slice_is_not_asked_which(self, form, viewer, qtbot):
        choose(qtbot, form._slices, "labelled")
        assert form.choices().slices == "labelled"
        assert form._surfaces_tick.isVisible()
        viewer.add_image(np.zeros((20, 30)), name="flat")
        choose(qtbot, form._image, viewer.layers["flat"])
        assert not form._slices.native.isVisible()
        assert not form._surfaces_tick.isVisible()
        assert form.choices().slices == "shown"
        choose(qtbot, form._image, viewer.layers["stack"])
        assert form.choices().slices == "labelled"

    def test_a_range_ends_with_the_slices_of_the_image_as_it_is_shown(self, form, viewer, qtbot):
        assert not form._first.isVisible()
        choose(qtbot, form._slices, "range")
        assert form._first.isVisible()
        assert (form._first.value(), form._last.value()) == (0, 5)
        viewer.dims.order = (2, 0, 1)
        assert form._last.value() == 29
        form._last.setValue(9)
        viewer.dims.order = (0, 1, 2)
        assert form._last.value() == 5
        viewer.add_image(np.zeros((2, 9, 8, 7)), name="4D")
        choose(qtbot, form._image, viewer.layers["4D"])
        sliders = viewer.window._qt_viewer.dims.slider_widgets
        qtbot.mouseClick(sliders[0].slider, LEFT)
        assert form._last.maximum() == 1
        qtbot.mouseClick(sliders[1].slider, LEFT)
        assert form._last.maximum() == 8

    def test_a_range_does_not_end_before_it_begins(self, form):
        form._last.setValue(3)
        form._first.setValue(4)
        assert form._last.value() == 4
        form._last.setValue(1)
        assert form._first.value() == 1

    def test_an_image_whose_rows_are_not_shown(self, form, viewer, qtbot):
        viewer.add_image(np.zeros((20, 30)), name="flat")
        choose(qtbot, form._image, viewer.layers["flat"])
        viewer.dims.order = (1, 0, 2)
        assert form.choices().slices == "shown"


@pytest.mark.parametrize(
    "choices",
    [
        Choices(last=5),
        Choices("regions", True, "range", 2, 4, "left", 0, 12.5, None, "cpu", True),
        Choices("boundaries", False, "labelled", 0, 0, "around", 45, None, None, "mps", False),
        Choices(slices="range", first=3, last=3, direction="vertical", device="cuda"),
    ],
)
def test_choices_are_given_back(form, choices):
    form.set_choices(choices)
    assert form.choices() == choices


def test_a_run_locks_what_must_not_change(form, qtbot):
    form._advanced.toggleButton().click()
    choose(qtbot, form._direction, "around")
    form._show_running(True)
    free = [w for w in shown(form, QAbstractButton) if w.isEnabled()]
    ticks = [form._uncertainty_tick, form._paths_tick, form._surfaces_tick]
    looking = [form._previous_doubt_button, form._next_doubt_button]
    copying = [form._copy_python_button, form._copy_command_button]
    header = form._advanced.toggleButton()
    assert set(free) == {form._cancel_button, header, *ticks, *looking, *copying}
    assert [b for b in shown(form, QComboBox) if b.isEnabled()] == [form._on_cancel.native]
    assert not any(b.isEnabled() for b in shown(form, QAbstractSpinBox))
    assert form._bar.isVisible()
    form._show_running(False)
    busy = (*shown(form, QAbstractButton), *shown(form, QComboBox), *shown(form, QAbstractSpinBox))
    assert [w for w in busy if not w.isEnabled()] == [form._cancel_button]
    assert not form._bar.isVisible()


def test_the_tab_key_goes_through_what_is_seen_from_top_to_bottom(form, viewer, qtbot):
    choose(qtbot, form._direction, "around")
    choose(qtbot, form._slices, "range")
    for unfolded in (False, True):
        if unfolded:
            form._advanced.toggleButton().click()
            form._advanced.automatic_tick.click()
            qtbot.wait(50)
        viewer.window._qt_window.activateWindow()
        form._image.native.setFocus()
        qtbot.waitUntil(form._image.native.hasFocus)
        order = []
        while form.isAncestorOf(QApplication.focusWidget()):
            order.append(QApplication.focusWidget())
            qtbot.keyClick(order[-1], Qt.Key.Key_Tab)
            assert QApplication.focusWidget() not in order
        kinds = (QAbstractButton, QComboBox, QAbstractSpinBox)
        parts = [w for kind in kinds for w in shown(form, kind) if w.isEnabled()]
        assert set(order) == set(parts)
        assert (form._lock_button in order) is unfolded
        places = [place(form, part) for part in order]
        assert places == sorted(places)


def place(form: SegmentForm, part: QWidget) -> tuple[bool, int, int]:
    """Return whether a part is below what scrolls, in which row, and how far to the right."""
    content = form.findChild(Scrolled).widget()
    below = not content.isAncestorOf(part)
    middle = part.mapTo(form if below else content, part.rect().center())
    return below, round(middle.y() / 10), middle.x()


def nothing_is_cut_off(form: SegmentForm) -> None:
    """Raise `AssertionError` if a part is narrower or lower than its words."""
    scroll = form.findChild(Scrolled)
    assert scroll.viewport().width() >= scroll.widget().width()
    for box in (form._first, form._last, form._start_angle, form._advanced.thickness):
        words = box.lineEdit()
        assert words.width() >= words.fontMetrics().horizontalAdvance(words.text())
    parts = shown(form, QAbstractButton) + [w for w in shown(form, QLabel) if not w.wordWrap()]
    named = [form._image, form._labels, form._center, form._locked, form._advanced.model]
    long = [box.native for box in named]  # names of layers and files may be long
    parts += [w for w in shown(form, QComboBox) if w not in long]
    assert len(parts) > 30
    for part in parts:
        assert part.width() >= part.sizeHint().width()
        assert part.height() >= part.minimumSizeHint().height()
    assert form._message.height() >= form._message.heightForWidth(form._message.width())


class TestFit:
    @pytest.mark.parametrize("font", [1, 1.25])
    def test_nothing_is_cut_off(self, form, viewer, qtbot, font):
        appearance = get_settings().appearance
        appearance.font_size = round(appearance.font_size * font)
        choose(qtbot, form._direction, "around")
        choose(qtbot, form._slices, "range")
        form._advanced.toggleButton().click()
        form._advanced.automatic_tick.click()
        viewer.window._qt_window.resize(1200, 900)
        viewer.window._qt_window.resizeDocks([form.parentWidget()], [10], Qt.Orientation.Horizontal)
        qtbot.waitUntil(lambda: nothing_is_cut_off(form) is None)
        assert form.width() < 320 * font

    def test_a_low_window_scrolls_and_keeps_the_buttons_in_sight(self, form, viewer, qtbot):
        scroll = form.findChild(Scrolled)
        viewer.window._qt_window.resize(1200, 900)
        qtbot.waitUntil(lambda: not scroll.verticalScrollBar().isVisible())
        viewer.window._qt_window.resize(1200, 450)
        qtbot.waitUntil(scroll.verticalScrollBar().isVisible)
        for part in (form._start_button, form._cancel_button, form._message):
            bottom = part.mapTo(form, part.rect().bottomLeft()).y()
            assert bottom <= form.height()
            assert part.height() >= part.sizeHint().height()

    def test_every_part_has_a_tip(self, form, qtbot):
        choose(qtbot, form._direction, "around")
        choose(qtbot, form._slices, "range")
        form._advanced.toggleButton().click()
        kinds = (QAbstractButton, QComboBox, QAbstractSpinBox, QLabel)
        parts = [w for kind in kinds for w in shown(form, kind)]
        assert [w.text() for w in parts if not w.toolTip()] == []

    def test_keys_are_listed(self, form):
        words = " ".join(label.text() for label in shown(form, QLabel))
        for key in ("<b>.</b>", "<b>,</b>", "<b>N</b>", "<b>Shift-N</b>"):
            assert key in words
        assert "Shift-N" in button(form, "previous").toolTip()
