"""The parts of the dock: layers in a box, rows, scrolling, the wheel."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QLabel, QSpinBox, QVBoxLayout, QWidget

from napari_layeredcnn.plugin.fields import Fields, LayerBox, Scrolled, choice_box, prepare_box


@pytest.fixture
def model():
    return ViewerModel()


def image_box(model, **settings) -> LayerBox:
    def first(layers):
        return layers[0] if layers else None

    return LayerBox(model, (Image,), "A tip.", nothing="none yet", choose=first, **settings)


def add_image(model, name: str) -> Image:
    return model.add_image(np.zeros((4, 4)), name=name)


def texts(box: LayerBox) -> list[str]:
    return [box.native.itemText(i) for i in range(box.native.count())]


class TestLayerBox:
    def test_offers_its_kinds_only(self, qtbot, model):
        a, b = add_image(model, "a"), add_image(model, "b")
        model.add_labels(np.zeros((4, 4), int))
        box = image_box(model)
        assert box.choices == (a, b)
        assert texts(box) == ["a", "b"]
        assert box.value is a

    def test_no_layer_is_offered_while_there_is_none(self, qtbot, model):
        box = image_box(model)
        assert texts(box) == ["none yet"]
        assert box.value is None
        a = add_image(model, "a")
        box.reset_choices()
        assert texts(box) == ["a"]
        assert box.value is a

    def test_what_is_chosen_stays(self, qtbot, model):
        a, b, c = (add_image(model, name) for name in "abc")
        box = image_box(model)
        box.value = b
        told = []
        box.changed.connect(told.append)
        b.name = "another name"
        a.name = "b"
        box.reset_choices()
        assert box.value is b
        model.layers.remove(c)
        add_image(model, "d")
        model.layers.move(0, 2)
        box.reset_choices()
        assert box.value is b
        assert texts(box) == [layer.name for layer in model.layers]
        assert told == []
        model.layers.remove(b)
        box.reset_choices()
        assert told == [box.value]
        assert box.value is model.layers[0]

    def test_none_can_be_chosen_where_it_is_optional(self, qtbot, model):
        a = add_image(model, "a")
        box = image_box(model, optional=True)
        box.value = None
        box.reset_choices()
        assert box.choices == (None, a)

    def test_a_long_name_does_not_widen_the_dock(self, qtbot, model):
        short, long = image_box(model), image_box(model)
        add_image(model, "an image with a very long name" * 5)
        long.reset_choices()
        assert long.native.minimumSizeHint().width() == short.native.minimumSizeHint().width()
        long.native.resize(100, 20)
        qtbot.addWidget(long.native)
        long.native.show()
        long.native.showPopup()
        assert long.native.view().width() > 500  # in the list it can be read
        long.native.hidePopup()

    def test_lets_a_deleted_layer_go(self, qtbot, model):
        box = LayerBox(model, (Labels,), "", nothing="none", choose=lambda layers: None)
        box.value = None
        layer = model.add_labels(np.zeros((4, 4), int))
        box.reset_choices()
        box.value = layer
        model.layers.remove(layer)
        box.reset_choices()
        assert box.value is None
        assert box.choices == (None,)


def wheel(widget: QWidget) -> bool:
    """Turn the wheel over a widget, one step down; return whether the widget took it.

    Qt passes on what is not taken, to the scroll area in the end, but not from a test.
    """
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(widget.rect().center())),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    event.accept()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


@pytest.fixture
def low(qtbot):
    """A box and a spin box in a dock that is too low for them."""
    window = QWidget()
    qtbot.addWidget(window)
    fields = Fields()
    box, spin = choice_box([("one", 1), ("two", 2)], ""), QSpinBox()
    prepare_box(spin)
    fields.add("Box", box.native)
    fields.add("Spin", spin)
    for i in range(30):
        fields.add_wide(QLabel(f"row {i}"))
    scrolled = Scrolled(fields)
    layout = QVBoxLayout(window)
    layout.addWidget(scrolled)
    layout.addStretch()
    window.resize(300, 200)
    window.show()
    qtbot.waitExposed(window)
    return window, scrolled, box, spin


class TestScrolled:
    def test_cuts_nothing_off_at_the_side_and_is_as_high_as_it_can(self, qtbot, low):
        window, scrolled, _, _ = low
        content = scrolled.widget()
        assert scrolled.verticalScrollBar().isVisible()
        window.resize(window.minimumSizeHint().width(), 200)
        qtbot.wait(20)
        assert scrolled.viewport().width() >= content.minimumSizeHint().width()
        window.resize(300, 2000)
        qtbot.waitUntil(lambda: not scrolled.verticalScrollBar().isVisible())
        assert scrolled.height() <= content.sizeHint().height() + 2

    def test_follows_rows_that_come_and_go(self, qtbot, low):
        window, scrolled, box, _ = low
        window.resize(300, 2000)
        qtbot.wait(20)
        before = scrolled.height()
        scrolled.widget().show_row(box.native, False)
        qtbot.waitUntil(lambda: scrolled.height() < before)
        scrolled.widget().show_row(box.native, True)
        qtbot.waitUntil(lambda: scrolled.height() == before)


def test_the_wheel_changes_no_box_that_it_passes(qtbot, low):
    window, _, box, spin = low
    spin.setValue(5)
    assert not wheel(box.native)
    assert not wheel(spin)
    assert (box.value, spin.value()) == (1, 5)
    window.activateWindow()
    spin.setFocus()
    qtbot.waitUntil(spin.hasFocus)
    assert wheel(spin)
    assert spin.value() == 4


def test_a_row_is_hidden_with_its_name(qtbot):
    fields = Fields()
    qtbot.addWidget(fields)
    boxes = [QSpinBox(), QSpinBox()]
    for i, box in enumerate(boxes):
        fields.add(f"name {i}", box)
    fields.show()
    height = fields.sizeHint().height()
    fields.show_row(boxes[0], False)
    assert [name.isVisible() for name in fields.names()] == [False, True]
    assert fields.sizeHint().height() < height
    fields.show_row(boxes[0], True)
    assert [name.isVisible() for name in fields.names()] == [True, True]
