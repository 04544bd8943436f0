"""Draws lines with bands of uncertainty, and marks on them that move without drawing all again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure  # no pyplot: no global state
from matplotlib.ticker import MaxNLocator
from qtpy.QtCore import QSize, Qt, Signal  # type: ignore[attr-defined]

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.lines import Line2D
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Color = tuple[float, float, float]

#: Room for the texts left, below, right and above of the plot, in inches.
_MARGINS = (0.56, 0.42, 0.12, 0.08)
_FONT_SIZE = 8
_LEAST_SIZE = QSize(220, 170)
#: A line's contrast with the background is so much at least, as web pages reckon it.
_LEAST_CONTRAST = 2.0
_BAND_ALPHA = 0.22


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines to be drawn.

    Parameters
    ----------
    x : (N,) float array
        Places along the lines.
    y, band : (R, N) float array
        Heights of the lines, and half the height of the bands around them; NaN for a gap. No bands
        if `band` is None.
    colors : sequence of R (r, g, b)
        From 0 to 1.
    x_limits, y_limits : (float, float)
        What is shown.
    x_label, y_label : str
        What is written at the axes.
    dotted : bool
        Whether every point has a dot, and ticks are at whole numbers.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    band: NDArray[Any] | None
    colors: Sequence[Color]
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    x_label: str
    y_label: str
    dotted: bool = False


class MeasureCanvas(FigureCanvasQTAgg):
    """The plot itself."""

    pointed = Signal(float, float, bool)
    """The pointer is at x, y of the plot; whether the left button is down."""

    def __init__(self) -> None:
        super().__init__(Figure())
        self.setMinimumSize(_LEAST_SIZE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.axes = self.figure.add_subplot()
        self.axes.tick_params(labelsize=_FONT_SIZE)
        for side in ("top", "right"):
            self.axes.spines[side].set_visible(False)
        self._drawn: list[Any] = []
        self._background: Any = None
        self.here = self._vertical(linewidth=1, alpha=0.8)
        self.shown = self._vertical(linewidth=5, alpha=0.3)
        (self.dot,) = self.axes.plot([], [], "o", markersize=7, animated=True, visible=False)
        self._text, self._ground = "white", "black"
        self.lines: Lines | None = None
        self._margins()
        self.mpl_connect("draw_event", self._on_draw)
        self.mpl_connect("resize_event", self._margins)
        self.mpl_connect("button_press_event", self._on_mouse)
        self.mpl_connect("motion_notify_event", self._on_mouse)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return how large it would like to be."""
        return QSize(400, 230)

    def paint_in(self, text: str, ground: str) -> None:
        """Draw in these colors: texts and marks, and the background."""
        self._text, self._ground = text, ground
        self.figure.set_facecolor(ground)
        self.axes.set_facecolor(ground)
        self.axes.tick_params(colors=text)
        for spine in self.axes.spines.values():
            spine.set_color(text)
        for line in (self.here, self.shown):
            line.set_color(text)
        self.dot.set(color=text, markeredgecolor=ground)
        self.show_lines(self.lines)

    def show_lines(self, lines: Lines | None) -> None:
        """Draw other lines; none at all without any."""
        self.lines = lines
        for artist in self._drawn:
            artist.remove()
        self._drawn = []
        self.axes.set_axis_off()
        if lines is not None:
            self.axes.set_axis_on()
            for r, color in enumerate(lines.colors):
                self._draw_line(lines, r, readable(color, self._ground, self._text))
            self.axes.set(xlim=lines.x_limits, ylim=lines.y_limits)
            self.axes.set_xlabel(lines.x_label, fontsize=_FONT_SIZE, color=self._text)
            self.axes.set_ylabel(lines.y_label, fontsize=_FONT_SIZE, color=self._text)
            self.axes.xaxis.set_major_locator(MaxNLocator(7, integer=lines.dotted))
            self.axes.yaxis.set_major_locator(MaxNLocator(5))
        self._background = None
        self.draw_idle()

    def mark(
        self,
        *,
        here: float | None = None,
        shown: float | None = None,
        dot: tuple[float, float] | None = None,
    ) -> None:
        """Put a line where the pointer is, a broad one at what is shown, and a dot on a line."""
        for artist, x in ((self.here, here), (self.shown, shown)):
            artist.set_visible(x is not None)
            if x is not None:
                artist.set_xdata([x, x])
        self.dot.set_visible(dot is not None)
        if dot is not None:
            self.dot.set_data([dot[0]], [dot[1]])
        if self._background is not None:
            self.restore_region(self._background)
            self._draw_marks()
            self.update()

    # ---------------------------------------------------------------- drawing

    def _vertical(self, **style: Any) -> Line2D:
        return self.axes.axvline(0, animated=True, visible=False, **style)

    def _draw_line(self, lines: Lines, r: int, color: Color) -> None:
        y = np.asarray(lines.y[r], np.float64)
        known = np.pad(~np.isnan(y), 1)
        alone = np.flatnonzero(known[1:-1] & ~known[:-2] & ~known[2:])  # no line passes there
        dots = None if lines.dotted else alone.tolist()
        self._drawn += self.axes.plot(
            lines.x, y, color=color, linewidth=1.4, marker=".", markersize=5, markevery=dots
        )
        if lines.band is not None:
            band = np.asarray(lines.band[r], np.float64)
            self._drawn.append(
                self.axes.fill_between(
                    lines.x, y - band, y + band, color=color, alpha=_BAND_ALPHA, linewidth=0
                )
            )

    def _draw_marks(self) -> None:
        if self.lines is not None:
            for artist in (self.shown, self.here, self.dot):
                self.axes.draw_artist(artist)

    def _on_draw(self, _event: Any) -> None:
        self._background = self.copy_from_bbox(self.figure.bbox)
        self._draw_marks()

    def _margins(self, _event: Any = None) -> None:
        width, height = self.figure.get_size_inches()
        left, bottom, right, top = _MARGINS
        self.figure.subplots_adjust(
            left=min(left / width, 0.4),
            bottom=min(bottom / height, 0.4),
            right=max(1 - right / width, 0.6),
            top=max(1 - top / height, 0.6),
        )

    def _on_mouse(self, event: Any) -> None:
        if event.inaxes is self.axes and self.lines is not None:
            self.pointed.emit(float(event.xdata), float(event.ydata), event.button == 1)


def readable(color: Color, ground: str, text: str) -> Color:
    """Return a color, nearer to that of the text where it can hardly be told from the background.

    Examples
    --------
    >>> readable((1.0, 0.5, 0.0), "black", "white")
    (1.0, 0.5, 0.0)
    >>> tuple(round(part, 2) for part in readable((0.1, 0.0, 0.0), "black", "white"))
    (0.37, 0.3, 0.3)
    """
    own, behind, front = (np.array(to_rgb(c)) for c in (color, ground, text))
    for share in np.linspace(0, 1, 11):
        mixed = (1 - share) * own + share * front
        lighter, darker = sorted((_luminance(mixed), _luminance(behind)), reverse=True)
        if (lighter + 0.05) / (darker + 0.05) >= _LEAST_CONTRAST:
            break
    red, green, blue = mixed.tolist()
    return red, green, blue


def _luminance(color: NDArray[np.float64]) -> float:
    """Relative luminance of sRGB."""
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))
