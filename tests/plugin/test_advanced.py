"""The folded part of the dock."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_layeredcnn.plugin.advanced import ABOUT, Advanced
from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.settings import bundled_names


@pytest.fixture
def advanced(qtbot):
    part = Advanced(ViewerModel())
    qtbot.addWidget(part)
    part.show()
    return part


@pytest.fixture
def unfolded(advanced, qtbot):
    qtbot.mouseClick(advanced.toggleButton(), Qt.MouseButton.LeftButton)
    return advanced


@pytest.fixture
def answer(monkeypatch):
    """What a person chooses in the file dialog; nothing at first."""
    chosen = [""]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (chosen[0], ""))
    return chosen


def chosen(advanced: Advanced) -> Choices:
    return Choices(**advanced.choices())


class TestFolding:
    def test_is_folded_at_first_and_nothing_is_changed(self, advanced):
        assert not advanced.fields.isVisible()
        assert chosen(advanced) == Choices()

    def test_a_click_unfolds_it_and_another_folds_it(self, unfolded, qtbot):
        assert unfolded.fields.isVisible()
        assert unfolded.text().startswith("▾")
        qtbot.mouseClick(unfolded.toggleButton(), Qt.MouseButton.LeftButton)
        assert not unfolded.fields.isVisible()
        assert unfolded.text().startswith("▸")

    def test_is_as_wide_either_way(self, advanced, qtbot):
        width = advanced.minimumSizeHint().width()
        qtbot.mouseClick(advanced.toggleButton(), Qt.MouseButton.LeftButton)
        assert advanced.minimumSizeHint().width() == width


class TestThickness:
    def test_is_asked_for_unless_automatic(self, unfolded, qtbot):
        assert not unfolded.thickness.isVisible()
        qtbot.keyClick(unfolded.automatic_tick, Qt.Key.Key_Space)
        assert unfolded.thickness.isVisible()
        unfolded.thickness.clear()
        qtbot.keyClicks(unfolded.thickness, "7.5")
        assert chosen(unfolded).region_thickness == 7.5
        qtbot.keyClick(unfolded.automatic_tick, Qt.Key.Key_Space)
        assert chosen(unfolded).region_thickness is None


class TestModel:
    def test_every_bundled_model_says_what_it_is(self, advanced):
        assert advanced.model.native.itemText(0) == "compact: quick"
        assert advanced.model.native.itemText(advanced.model.native.count() - 1) == "own file …"
        for name in bundled_names():
            assert name in ABOUT
            assert f"{name}: " in advanced.model.native.toolTip()

    def test_an_own_file_stays_chosen_and_stays_in_the_list(self, unfolded, qtbot, answer):
        answer[0] = "/somewhere/mine.safetensors"
        qtbot.keyClick(unfolded.model.native, Qt.Key.Key_End)
        assert chosen(unfolded).model == "/somewhere/mine.safetensors"
        assert unfolded.model.current_choice == "mine.safetensors"
        assert unfolded.model.native.toolTip().endswith("/somewhere/mine.safetensors")
        qtbot.keyClick(unfolded.model.native, Qt.Key.Key_Home)
        assert chosen(unfolded).model is None
        qtbot.keyClick(unfolded.model.native, Qt.Key.Key_Down)
        assert chosen(unfolded).model == "/somewhere/mine.safetensors"

    def test_no_answer_leaves_the_choice(self, unfolded, qtbot, answer):
        qtbot.keyClick(unfolded.model.native, Qt.Key.Key_End)
        assert unfolded.model.value == "compact"
        answer[0] = "/somewhere/mine.safetensors"
        qtbot.keyClick(unfolded.model.native, Qt.Key.Key_End)
        answer[0] = ""
        qtbot.keyClick(unfolded.model.native, Qt.Key.Key_End)
        assert chosen(unfolded).model == "/somewhere/mine.safetensors"

    def test_a_change_is_told_once_and_as_it_is_at_the_end(self, unfolded, qtbot, answer):
        told = []
        unfolded.model.changed.connect(lambda: told.append(unfolded.choices()["model"]))
        answer[0] = "/somewhere/mine.safetensors"
        qtbot.keyClick(unfolded.model.native, Qt.Key.Key_End)
        assert set(told) == {"/somewhere/mine.safetensors"}


@pytest.mark.parametrize(
    "choices",
    [
        Choices(),
        Choices(region_thickness=3.5, model="/a/b.safetensors", device="mps", into_partial=True),
        Choices(region_thickness=0.5, device="cuda"),
    ],
)
def test_choices_are_given_back(advanced, choices):
    advanced.show_choices(choices)
    assert chosen(advanced) == choices
