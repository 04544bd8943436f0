"""Install a wheel as a person does in napari's plugin manager, then look for it in the menus.

`install FOLDER` opens Plugins > Install/Uninstall Plugins..., types the path of the wheel in the
folder and presses Install. `check` starts napari anew, finds the widget in both menus, opens it
and a sample. Run by `tox -e plugin-manager`; needs a display.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME, MENU = "napari-layeredcnn", "LayeredCNN"
WIDGET = "Segment Layers (LayeredCNN)"
MINUTES = 20  # torch is large


def install(folder: str) -> None:
    """Install with the plugin manager's own dialog."""
    (wheel,) = Path(folder).glob("*.whl")
    from napari_plugin_manager import qt_plugin_dialog

    # The list of all plugins in the world takes a while, and is not what is tried here.
    qt_plugin_dialog.iter_napari_plugin_info = _no_other_plugins
    viewer = napari.Viewer()
    _expect(MENU not in _titles(viewer.window.plugins_menu), "the plugin is not there before")
    _action(viewer.window.plugins_menu, "Install/Uninstall Plugins...").trigger()
    dialog = viewer.window._qt_window._plugin_manager_dialog
    outcomes: list[dict[str, Any]] = []
    dialog.installer.processFinished.connect(outcomes.append)
    dialog.direct_entry_edit.setText(str(wheel))
    dialog.direct_entry_btn.click()
    _wait(lambda: bool(outcomes), 60 * MINUTES)
    print(dialog.stdout_text.toPlainText()[-1500:])
    _expect(outcomes[0]["exit_code"] == 0, "the installer has ended well")
    # The dialog's own list shows it after a restart only: it knows it by the path of the wheel.
    _wait(lambda: MENU in _titles(viewer.window.plugins_menu), 60)
    print("ok: the plugin is in the menu at once")
    # Closing tells to restart napari, in a dialog of its own.
    QTimer.singleShot(500, lambda: QApplication.activeModalWidget().accept())
    dialog.close()
    viewer.close()


def check() -> None:
    """Find the widget in the menus of a napari that was started anew, and open it."""
    viewer = napari.Viewer()
    _action(viewer.window.layers_menu, "Segment", WIDGET)
    _action(viewer.window.layers_menu, "Measure", "Measure Layers (LayeredCNN)")
    _action(viewer.window.file_menu, "Open Sample", "LayeredCNN", "Tree rings (closed layers)")
    _action(viewer.window.plugins_menu, MENU, WIDGET).trigger()
    _wait(lambda: WIDGET in viewer.window.dock_widgets, 30)
    viewer.open_sample(NAME, "layered_stack")
    _expect(len(viewer.layers) == 2, "the sample has an image and labels")
    viewer.close()


def _no_other_plugins() -> Iterator[Any]:
    yield from ()


def _titles(menu: Any) -> dict[str, Any]:
    return {a.text().replace("&", ""): a for a in menu.actions()}


def _action(menu: Any, *titles: str) -> Any:
    """Return a menu's entry, found from the top down."""
    action = None
    for title in titles:
        entries = _titles(menu)
        _expect(title in entries, f"{title!r} is among {sorted(filter(None, entries))}")
        action = entries[title]
        menu = action.menu()
    return action


def _wait(ready: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            sys.exit(f"FAILED: it takes more than {seconds} s")
        QApplication.processEvents()
        time.sleep(0.01)


def _expect(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"FAILED: {what}")
    print("ok:", what)


if __name__ == "__main__":
    {"install": install, "check": check}[sys.argv[1]](*sys.argv[2:])
