"""Make the pictures of the pages from the real program, with a person's clicks and strokes.

Needs a screen, a virtual one will do:
``xvfb-run -a -s "-screen 0 1400x1000x24" python docs/pictures.py [NAME ...]``
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from PIL import Image
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_layeredcnn.sample import LABELLED_SLICE, sample_stack, tilted_stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QAbstractButton

    from napari_layeredcnn.plugin.segment_widget import SegmentWidget

    Scene = Callable[[], None]

FOLDER = Path(__file__).parent / "images"
_WINDOW = (1240, 680)
_MOST_BYTES = 250_000
_LEFT = Qt.MouseButton.LeftButton
#: Slices of the tilted stack in which a run is in doubt and goes wrong, and the labelled columns.
_DOUBTFUL_SLICE, _HARD_SLICE, _DOUBTFUL_STRIP, _HARD_STRIP = 13, 5, 100, 22
#: Where it goes wrong, and the columns to repaint.
_WRONG, _REPAINTED = (85, 140), (129, 134)
#: From where the surfaces are looked at.
_VIEW = (22.0, 28.0, 45.0)


class Person:
    """Someone with a mouse in front of a new window.

    Parameters
    ----------
    sample : str
        The sample to open.
    """

    def __init__(self, sample: str) -> None:
        self.viewer = napari.Viewer()
        self.window = self.viewer.window._qt_window
        self.window.resize(*_WINDOW)
        self.viewer.open_sample("napari-layeredcnn", sample)
        self.choose("Plugins", "LayeredCNN", "Segment Layers (LayeredCNN)")
        self.dock: SegmentWidget = self.viewer.window.dock_widgets["Segment Layers (LayeredCNN)"]
        self.look_around()

    def look_around(self, closer: float = 1.0, at: tuple[float, float] | None = None) -> None:
        """Press Home, as the dock has taken some of the room; then turn the wheel and drag."""
        self.wait()
        self.viewer.reset_view()
        self.camera.zoom *= closer
        if at is not None:
            self.camera.center = (0.0, *self._world(*at))
        self.wait()

    @property
    def camera(self) -> Any:
        """The camera; napari before 0.9 has no scene."""
        return getattr(self.viewer, "scene", self.viewer).camera

    @property
    def canvas(self) -> Any:
        """Where the mouse paints."""
        return self.viewer.window._qt_viewer.canvas

    def wait(self, ms: int = 400) -> None:
        """Let the window do what it has to."""
        QTest.qWait(ms)

    def choose(self, *entries: str) -> None:
        """Choose an entry of a menu, from the menu bar on."""
        menu: Any = self.window.menuBar()
        for entry in entries:
            (action,) = (a for a in menu.actions() if a.text().replace("&", "") == entry)
            menu = action.menu()
        action.trigger()
        self.wait()

    def click(self, button: QAbstractButton) -> None:
        """Click in the middle of a button, or on a tick box."""
        place = QPoint(10, button.height() // 2)
        QTest.mouseClick(button, _LEFT, Qt.KeyboardModifier.NoModifier, place)

    def run(self, button: QAbstractButton) -> None:
        """Press a button and wait for the end of the run."""
        self.click(button)
        while self.dock.running:
            self.wait(20)
        self.wait()

    def hover(self, row: float, column: float) -> None:
        """Hold the pointer over a pixel."""
        QTest.mouseMove(self.canvas.native, self._point(row, column))
        self.wait()

    def paint(self, layer: Labels, label: int, places: list[tuple[float, float]]) -> None:
        """Paint a stroke along (row, column) places of the shown slice."""
        self.viewer.layers.selection = {layer}
        layer.mode, layer.selected_label = "paint", label
        points = [self._point(*place) for place in places]
        QTest.mouseMove(self.canvas.native, points[0])
        self.wait(20)
        QTest.mousePress(self.canvas.native, _LEFT, Qt.KeyboardModifier.NoModifier, points[0])
        for point in points[1:]:
            QTest.mouseMove(self.canvas.native, point)
            self.wait(20)
        QTest.mouseRelease(self.canvas.native, _LEFT, Qt.KeyboardModifier.NoModifier, points[-1])
        self.wait(20)

    def paint_strip(self, layer: Labels, curves: NDArray[np.float32], column: int) -> None:
        """Paint a stroke of every region in one strip; `curves` (K,) are the true boundaries."""
        ends = [curves[0] - 16, *curves.tolist(), curves[-1] + 16]
        gap = layer.brush_size / 2 + 1
        for k in range(len(ends) - 1):
            top, bottom = ends[k] + gap, max(ends[k] + gap, ends[k + 1] - gap)
            self.paint(layer, k + 1, [(y, column) for y in np.linspace(top, bottom, 5)])

    def put_down(self, layer: Labels) -> None:
        """Take the brush out of the picture."""
        QTest.mouseMove(self.canvas.native, QPoint(4, 4))
        self.wait()
        layer.mode = "pan_zoom"

    def save(self, name: str) -> None:
        """Save a picture of the window."""
        self.wait()
        _save(name, self.viewer.window.screenshot(canvas_only=False, flash=False))

    def dock_picture(self) -> NDArray[np.uint8]:
        """Return a picture (H, W, 4) of the whole dock."""
        self.wait()
        widget: Any = self.dock.parentWidget()
        start = widget.mapTo(self.window, QPoint(0, 0))
        stop = start + QPoint(widget.width(), widget.height())
        picture = self.viewer.window.screenshot(canvas_only=False, flash=False)
        return picture[start.y() : stop.y(), start.x() : stop.x()]

    def save_dock(self, name: str) -> None:
        """Save a picture of the dock down to its message."""
        _save(name, self.dock_picture()[: self.dock._message.geometry().bottom() + 60])

    def canvas_picture(self) -> NDArray[np.uint8]:
        """Return a picture (H, W, 4) of the middle of the canvas, as wide as the canvas."""
        self.wait()
        picture: NDArray[np.uint8] = self.viewer.screenshot(flash=False)
        height, width = picture.shape[:2]
        start = (height - 2 * width // 3) // 2
        return picture[start : height - start]

    def _world(self, row: float, column: float) -> tuple[float, float]:
        image = self.viewer.layers[0]
        world = image.data_to_world([0.0] * (image.ndim - 2) + [row, column])
        return world[-2], world[-1]

    def _point(self, row: float, column: float) -> QPoint:
        """Pixel of the shown slice to a point of the canvas."""
        y, x = self._world(row, column)
        place = self.canvas.view.scene.transform.map([x, y, 0, 1])
        return QPoint(round(place[0] / place[3]), round(place[1] / place[3]))


def first_use() -> None:
    """The sample and its strokes, before anything was pressed."""
    person = Person("layered_stack")
    person.save("first_use")


def painting() -> None:
    """Strokes of a person's own in one strip."""
    person = Person("layered_stack")
    person.viewer.layers["partial labels"].visible = False
    person.click(person.dock._new_button)
    person.look_around(2.2, at=(64, 70))
    labels = person.viewer.layers["layered stack partial labels"]
    person.paint_strip(labels, sample_stack()[1][LABELLED_SLICE, :, 70], 70)
    person.save("painting")


def live() -> None:
    """Columns that appear while they are computed."""
    person = Person("layered_stack")
    person.click(person.dock._start_button)
    bar = person.dock._bar
    while person.dock.running and bar.value() < 0.45 * max(bar.maximum(), 1):
        person.wait(5)
    _save("live", person.viewer.window.screenshot(canvas_only=False, flash=False))
    while person.dock.running:
        person.wait(20)


def finished() -> None:
    """The result and its curves, the pointer over a region."""
    person = Person("layered_stack")
    person.click(person.dock._paths_tick)
    person.run(person.dock._start_button)
    result = person.viewer.layers["partial labels completed"]
    result.opacity = 0.4
    person.viewer.layers.selection = {result}
    person.hover(50, 90)
    person.save("finished")


def doubtful() -> None:
    """A doubtful place, with the uncertainty along the boundaries."""
    person = Person("tilted_stack")
    result = _label_one_strip(person, _DOUBTFUL_SLICE, _DOUBTFUL_STRIP)
    result.opacity = 0.5
    person.viewer.layers.selection = {result}
    person.look_around(1.7)
    person.click(person.dock._uncertainty_tick)
    person.wait(1500)
    person.click(person.dock._next_doubt_button)
    person.save("doubtful")


def corrected() -> None:
    """A run that goes wrong; two strokes; the run continued."""
    person = Person("tilted_stack")
    result = _label_one_strip(person, _HARD_SLICE, _HARD_STRIP)
    result.opacity = 0.5
    person.viewer.layers.selection = {result}
    person.look_around(1.7, at=_WRONG)
    wrong = person.canvas_picture()
    result.brush_size = 4
    curves = tilted_stack()[1][_HARD_SLICE]
    for column in _REPAINTED:
        row, stop = curves[0, column] + 3, curves[1, column] - 2
        person.paint(result, 2, [(y, column) for y in np.linspace(row, stop, 5)])
    person.put_down(result)
    repainted = person.canvas_picture()
    person.run(person.dock._continue_button)
    continued = person.canvas_picture()
    between = np.full((len(wrong), 15, wrong.shape[2]), 255, np.uint8)
    _save("corrected", np.hstack([wrong, between, repainted, between, continued]))


def _label_one_strip(person: Person, index: int, column: int) -> Labels:
    """Label a strip of one slice of the tilted stack, and complete the slice."""
    layers = person.viewer.layers
    person.viewer.dims.set_current_step(0, index)
    labels = layers["partial labels"]
    labels.brush_size = 5
    person.paint_strip(labels, tilted_stack()[1][index][:, column], column)
    person.put_down(labels)
    person.run(person.dock._start_button)
    return layers["partial labels completed"]


def around() -> None:
    """Closed regions about a center."""
    person = Person("tree_rings")
    person.dock._direction.value = "around"
    person.click(person.dock._paths_tick)
    person.run(person.dock._start_button)
    result = person.viewer.layers["partial labels completed"]
    result.opacity = 0.4
    person.viewer.layers.selection = {result}
    person.hover(150, 120)
    person.save("around")


def stack() -> None:
    """A whole stack from the strokes of one slice, and how unsure each of its slices is."""
    person = Person("layered_stack")
    person.dock._slices.value = "stack"
    person.run(person.dock._start_button)
    person.viewer.layers["partial labels completed"].opacity = 0.5
    person.viewer.dims.set_current_step(0, 4)
    person.look_around()
    person.save("stack")


def find() -> None:
    """Layers found without a stroke."""
    person = Person("layered_stack")
    person.viewer.layers["partial labels"].visible = False
    person.viewer.window.remove_dock_widget(person.dock)
    person.choose("Plugins", "LayeredCNN", "Find Layers (LayeredCNN)")
    dock: Any = person.viewer.window.dock_widgets["Find Layers (LayeredCNN)"]
    person.dock = dock
    person.look_around()
    dock._slices.value = "clearest"
    person.run(dock._find_button)
    person.save("find")


def measure() -> None:
    """The thickness of a completed stack: a click in the plot, the table, a surface in 3D."""
    person = Person("layered_stack")
    person.window.resize(_WINDOW[0], 860)
    person.dock._slices.value = "stack"
    person.run(person.dock._start_button)
    viewer = person.viewer
    viewer.layers["partial labels"].visible = False
    viewer.layers["partial labels completed"].opacity = 0.4
    viewer.window.remove_dock_widget(person.dock)
    person.choose("Plugins", "LayeredCNN", "Measure Layers (LayeredCNN)")
    dock: Any = viewer.window.dock_widgets["Measure Layers (LayeredCNN)"]
    person.dock = dock
    person.window.resizeDocks([dock.parentWidget()], [400], Qt.Orientation.Horizontal)
    dock._slices.value = "stack"
    person.run(dock._measure_button)
    person.look_around()
    table = person.dock_picture()
    dock._views.setCurrentIndex(1)
    person.wait()
    plot = dock._views.plot
    canvas = plot._canvas
    lines = canvas.lines
    x, y = canvas.axes.transData.transform((lines.x[160], lines.y[0][160]))
    place = QPoint(round(x), round(canvas.height() - y))
    QTest.mouseClick(canvas, _LEFT, Qt.KeyboardModifier.NoModifier, place)
    person.save("measure")
    _save("measure_table", table)


def surfaces() -> None:
    """Boundaries of a whole stack in 3D."""
    person = Person("layered_stack")
    person.dock._slices.value = "stack"
    person.click(person.dock._surfaces_tick)
    person.run(person.dock._start_button)
    person.wait(3000)
    for name in ("layered stack", "partial labels", "partial labels completed"):
        person.viewer.layers[name].visible = False
    person.click(person.viewer.window._qt_viewer.viewerButtons.ndisplayButton)
    person.look_around()
    person.camera.angles = _VIEW
    person.save("surfaces")


def advanced() -> None:
    """The settings that are folded away at first."""
    person = Person("layered_stack")
    person.window.resize(_WINDOW[0], 900)
    person.click(person.dock._advanced.toggleButton())
    person.save_dock("advanced")


SCENES: dict[str, Scene] = {
    scene.__name__: scene
    for scene in (
        first_use,
        painting,
        live,
        finished,
        doubtful,
        corrected,
        around,
        stack,
        find,
        measure,
        surfaces,
        advanced,
    )
}


def main(names: list[str]) -> None:
    """Make the pictures that are named, or all of them."""
    with tempfile.TemporaryDirectory() as folder:
        # The person's own settings stay out of it.
        os.environ["NAPARI_CONFIG"] = str(Path(folder) / "settings.yaml")
        FOLDER.mkdir(exist_ok=True)
        for name in names or SCENES:
            SCENES[name]()
            napari.Viewer.close_all()


def _save(name: str, picture: NDArray[np.uint8]) -> None:
    """Save a picture no wider than the window; a large file in 256 colors."""
    image = Image.fromarray(np.ascontiguousarray(picture[..., :3]))
    image.thumbnail((_WINDOW[0], _WINDOW[0]), Image.Resampling.LANCZOS)
    file = FOLDER / f"{name}.png"
    image.save(file, optimize=True)
    if file.stat().st_size > _MOST_BYTES:
        image.quantize(256).save(file, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
