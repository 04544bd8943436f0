"""What the manifest promises, reached as a person reaches it: through napari's menus."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import npe2
import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

if TYPE_CHECKING:
    from qtpy.QtWidgets import QMenu, QMenuBar

DOCK = "Segment Layers (LayeredCNN)"


@pytest.fixture(scope="module")
def manifest():
    return npe2.PluginManifest.from_distribution("napari-layeredcnn")


def test_npe2_finds_no_fault():
    npe2_command = Path(sys.executable).with_name("npe2")
    result = subprocess.run(
        [npe2_command, "validate", "napari-layeredcnn", "--imports"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Manifest for 'LayeredCNN' valid!" in result.stdout


def test_every_command_is_used_and_every_used_command_is_there(manifest):
    contributions = manifest.contributions
    used = [
        *contributions.readers,
        *contributions.writers,
        *contributions.widgets,
        *contributions.sample_data,
    ]
    assert {item.command for item in used} == {command.id for command in contributions.commands}


@pytest.mark.parametrize("menu", [["Plugins", "LayeredCNN"], ["Layers", "Segment"]])
def test_the_dock_opens_and_hides_from_the_menu(qtbot, viewer, menu):
    viewer.add_image(np.zeros((20, 30)))
    choose(qtbot, viewer, *menu, DOCK)
    shown = viewer.window.dock_widgets[DOCK]
    assert shown.isVisible()
    assert shown._image.value is viewer.layers[0]

    # The same again hides it, and neither way makes a second one.
    choose(qtbot, viewer, *menu, DOCK)
    assert not shown.isVisible()
    choose(qtbot, viewer, "Plugins", "LayeredCNN", DOCK)
    assert shown.isVisible()
    assert list(viewer.window.dock_widgets) == [DOCK]


@pytest.mark.parametrize("menu", [["Plugins", "LayeredCNN"], ["Layers", "Measure"]])
def test_the_dock_that_measures_opens_from_the_menu(qtbot, viewer, menu):
    labels = viewer.add_labels(np.ones((20, 30), np.uint8))
    choose(qtbot, viewer, *menu, "Measure Layers (LayeredCNN)")
    shown = viewer.window.dock_widgets["Measure Layers (LayeredCNN)"]
    assert shown.isVisible()
    assert shown._labels.value is labels


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("Layered stack (24 slices)", ["image", "labels"]),
        ("Tilted noisy stack (16 slices)", ["image", "labels"]),
        ("Tree rings (closed layers)", ["image", "labels", "points"]),
    ],
)
def test_samples_open_from_the_menu(qtbot, viewer, title, kinds):
    choose(qtbot, viewer, "File", "Open Sample", "LayeredCNN", title)
    assert [layer._type_string for layer in viewer.layers] == kinds


@pytest.mark.parametrize(
    "name", ["a.layers.tif", "a.layers.tiff", "a.curves.csv", "a.curves.npz", "A.LAYERS.TIF"]
)
def test_our_files_are_offered_to_our_reader(name):
    readers = npe2.PluginManager.instance().iter_compatible_readers(name)
    assert "napari-layeredcnn" in [reader.plugin_name for reader in readers]


def test_each_layer_type_has_its_writer():
    manager = npe2.PluginManager.instance()
    for kind, command in (("labels", "write_labels"), ("shapes", "write_curves")):
        writers = manager.iter_compatible_writers([kind])
        ours = [w.command for w in writers if w.plugin_name == "napari-layeredcnn"]
        assert ours == [f"napari-layeredcnn.{command}"]


def choose(qtbot, viewer, *titles: str) -> None:
    """Click through the menus of the window, from the menu bar down."""
    menu: QMenuBar | QMenu = viewer.window._qt_window.menuBar()
    for title in titles:
        entries = {a.text().replace("&", ""): a for a in menu.actions() if a.isVisible()}
        assert title in entries, f"{title!r} is not among {list(entries)}"
        action = entries[title]
        assert action.isEnabled()
        place = menu.actionGeometry(action).center()
        for step in range(8):  # Qt takes no click in a menu from a mouse that has hardly moved
            QTest.mouseMove(menu, place + QPoint(step % 2, 0))
            qtbot.wait(2)
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        below = action.menu()
        if below is not None:
            qtbot.waitUntil(below.isVisible)
            menu = below
    qtbot.wait(10)
