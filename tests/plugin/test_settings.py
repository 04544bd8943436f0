"""Preferences: the page in napari, what is read from it, and what counts without it."""

from __future__ import annotations

import math
from types import SimpleNamespace

import napari.settings
import pytest
from napari._qt.dialogs.preferences_dialog import PreferencesDialog
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox

from napari_layeredcnn.core.weights import DEFAULT_MODEL, bundled_models
from napari_layeredcnn.plugin import settings
from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.form import SegmentForm


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder for preferences, in the place of the person's."""
    monkeypatch.setattr(napari.settings, "_CFG_PATH", str(tmp_path / "settings.yaml"))
    napari.settings._clear_plugin_settings_cache()
    yield tmp_path
    napari.settings._clear_plugin_settings_cache()


def ours():
    return napari.settings.get_plugin_settings("napari-layeredcnn").segmentation


class TestDefaults:
    def test_without_a_change_all_is_as_built_in(self, folder):
        assert settings.defaults() == Choices()
        assert settings.live_preview() is True

    def test_what_is_set_counts(self, folder):
        ours().device = "cpu"
        ours().region_thickness = 12
        ours().live_preview = False
        assert settings.defaults() == Choices(device="cpu", region_thickness=12.0)
        assert settings.live_preview() is False

    def test_a_file_of_weights(self, folder):
        weights = folder / "mine.safetensors"
        weights.touch()
        ours().model = f" {weights} "
        assert settings.defaults().model == str(weights)
        weights.unlink()
        assert settings.defaults().model is None

    def test_the_default_model_by_name_is_none(self, folder):
        ours().model = DEFAULT_MODEL
        assert settings.defaults().model is None
        ours().model = "no such model"
        assert settings.defaults().model is None

    @pytest.mark.parametrize(
        "written",
        [
            "segmentation: [1",
            "segmentation: 5",
            "segmentation: {device: tpu, region_thickness: -3, live_preview: perhaps, model: 7}",
        ],
    )
    def test_a_damaged_file_counts_for_nothing(self, folder, written):
        (folder / "napari-layeredcnn.yaml").write_text(written)
        assert settings.defaults() == Choices()
        assert settings.live_preview() is True

    @pytest.mark.parametrize("thickness", [math.nan, math.inf, True, "20", None, -1, 0])
    def test_odd_values_from_another_napari(self, monkeypatch, thickness):
        odd = SimpleNamespace(region_thickness=thickness, device=3, model=None, live_preview="yes")
        page = SimpleNamespace(segmentation=odd)
        monkeypatch.setattr(napari.settings, "get_plugin_settings", lambda name: page)
        assert settings.defaults() == Choices()
        assert settings.live_preview() is True

    def test_an_older_napari_without_such_pages(self, monkeypatch):
        monkeypatch.delattr(napari.settings, "get_plugin_settings")
        assert settings.defaults() == Choices()
        assert settings.live_preview() is True

    def test_a_napari_that_does_not_know_ours(self, monkeypatch):
        def unknown(name):
            raise KeyError(name)

        monkeypatch.setattr(napari.settings, "get_plugin_settings", unknown)
        assert settings.defaults() == Choices()


def test_names_of_models_are_found_without_torch():
    assert settings.bundled_names() == list(bundled_models())


class TestPage:
    def test_is_there_and_what_is_set_there_is_what_the_dock_begins_with(
        self, folder, viewer, qtbot
    ):
        assert SegmentForm(viewer).choices() == Choices()
        viewer.window._open_preferences_dialog()
        dialog = viewer.window._qt_window.findChild(PreferencesDialog)
        pages = [dialog._list.item(i).text() for i in range(dialog._list.count())]
        dialog._list.setCurrentRow(pages.index("LayeredCNN"))
        page = dialog._stack.currentWidget()
        (device,) = page.findChildren(QComboBox)
        (preview,) = page.findChildren(QCheckBox)
        assert device.isVisible()
        qtbot.keyClick(device, Qt.Key.Key_Down)
        qtbot.mouseClick(preview, Qt.MouseButton.LeftButton)
        dialog.accept()
        assert SegmentForm(viewer).choices() == Choices(device="cpu")
        assert settings.live_preview() is False
        assert "device: cpu" in (folder / "napari-layeredcnn.yaml").read_text()
