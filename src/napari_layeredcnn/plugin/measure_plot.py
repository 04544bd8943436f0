"""The plot in the dock of thickness along the layers; it and the viewer follow each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_layeredcnn.core.measure_segmentation import PIXELS
from napari_layeredcnn.plugin.measure_canvas import Lines, MeasureCanvas, readable
from napari_layeredcnn.plugin.measure_legend import RegionLegend
from napari_layeredcnn.plugin.measure_link import MeasureLink
from napari_layeredcnn.plugin.measure_readout import describe, short_unit, slice_words

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from numpy.typing import NDArray
    from qtpy.QtGui import QShowEvent

    from napari_layeredcnn.plugin.measure_profiles import MeasureProfiles

ALONG, OVER = "Along the layer", "Over slices"
#: Bands of more regions than these hide each other and the lines.
_MOST_BANDS = 6
_NOTHING = "No region lies between two curves: there is no thickness to be plotted."
_TIP = (
    "Thickness of each region, in its color; the band is one standard deviation of its\n"
    f"uncertainty, where that is known (left out with more than {_MOST_BANDS} regions).\n"
    "Click to go to the place in the viewer. The thin line is where the pointer is, here or there."
)


class _Here(NamedTuple):
    """Where the pointer is: over a height of the viewer, or near the line of a region."""

    column: int
    region: int | None = None
    across: float | None = None


class MeasurePlot(QWidget):
    """Thickness along the layers of the slice that is shown, or its mean over the slices.

    Hidden until there is something to show.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._profiles: MeasureProfiles | None = None
        self._gone: tuple[int, int, int] | None = None  # slice, region, column of the last click
        self._here: _Here | None = None
        self._is_old = False
        self._view = QComboBox()
        self._view.addItems([ALONG, OVER])
        self._slice = QLabel()
        self._slice.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._canvas = MeasureCanvas()
        self._canvas.setToolTip(_TIP)
        self._legend = RegionLegend()
        self._readout = QElidingLabel()
        self._readout.setFixedHeight(round(1.5 * self._readout.fontMetrics().height()))
        top = QHBoxLayout()
        top.addWidget(self._view)
        top.addWidget(self._slice, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self._canvas, 1)
        layout.addWidget(self._readout)
        layout.addWidget(self._legend)
        self._link = MeasureLink(viewer)
        self._link.slice_changed.connect(self._on_slice)
        self._link.pointer_moved.connect(self._on_pointer)
        self._link.layer_removed.connect(self.clear)
        self._view.currentIndexChanged.connect(self._draw)
        self._legend.changed.connect(self._draw)
        self._canvas.pointed.connect(self._on_pointed)
        # A closed window deletes the widget without a word to it.
        self.destroyed.connect(self._link.unwatch)
        self.hide()

    def show(self, profiles: MeasureProfiles | None = None) -> None:
        """Plot other profiles; without any, be shown, as other widgets are."""
        if profiles is None:
            super().show()
            return
        self._profiles, self._gone, self._here = profiles, None, None
        self._link.follow(profiles)
        self._view.setVisible(profiles.is_stack)
        self._view.setCurrentIndex(self._view.currentIndex() if profiles.is_stack else 0)
        self._legend.offer(profiles.names)
        super().show()
        self._restyle()
        self._draw()

    def clear(self) -> None:
        """Show nothing, and let go of the layer and the viewer's events."""
        self._link.follow(None)
        self._profiles, self._gone, self._here = None, None, None
        self._legend.offer(())
        self._canvas.show_lines(None)
        self._readout.setText("")
        self.hide()

    def close(self) -> bool:
        """End: nothing follows the viewer from then on."""
        self.clear()
        return bool(super().close())

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Follow napari's theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange and self._profiles:
            self._restyle()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Draw what was not drawn while nobody saw it."""
        super().showEvent(event)
        if self._is_old:
            self._draw()

    # ---------------------------------------------------------------- drawing

    @property
    def _over(self) -> bool:
        return self._view.currentIndex() == 1

    def _restyle(self) -> None:
        """Take napari's colors, and the regions' own where they can be seen on these."""
        assert self._profiles is not None
        theme = get_theme(self._viewer.theme)
        text, ground = theme.text.as_hex(), theme.background.as_hex()
        self._canvas.paint_in(text, ground)
        self._legend.paint_in([readable(color, ground, text) for color in self._profiles.colors])

    def _draw(self) -> None:
        """Draw the lines of what is chosen, and the marks."""
        profiles, self._is_old = self._profiles, not self.isVisible()
        if profiles is None or self._is_old:  # drawn when it is seen again
            return
        self._slice.setText(slice_words(profiles, self._link.index))
        self._readout.setText("" if profiles.regions else _NOTHING)
        if not profiles.regions:
            self._canvas.show_lines(None)
            return
        self._canvas.show_lines(
            over_slices(profiles, self._legend.chosen)
            if self._over
            else along_layer(profiles, self._link.index, self._legend.chosen)
        )
        self._show_here()

    def _show_here(self) -> None:
        """Mark and describe where the pointer is in the slice that is shown."""
        profiles, here, index = self._profiles, self._here, self._link.index
        if profiles is None or not profiles.regions or self._is_old:
            return
        if here is None or self._over:
            self._mark(None)
            self._readout.setText("")
            return
        region = here.region
        if here.across is not None:
            region = profiles.region_at(index, here.column, here.across)
        self._mark(here.column * _step(profiles))
        self._readout.setText(describe(profiles, index, region, here.column))

    def _mark(self, here: float | None) -> None:
        """Mark where the pointer is, and where the last click went."""
        profiles, index = self._profiles, self._link.index
        assert profiles is not None
        if self._over:
            self._canvas.mark(here=here, shown=float(profiles.numbers[index]))
            return
        dot = None
        if self._gone is not None and self._gone[0] == index:
            _, region, column = self._gone
            dot = (column * _step(profiles), float(profiles.thickness[index, region, column]))
        self._canvas.mark(here=here, dot=dot)

    # ---------------------------------------------------------------- following each other

    def _on_slice(self) -> None:
        """Show the slice that the viewer shows."""
        if not self._over or self._is_old or self._profiles is None:
            self._draw()
            return
        self._slice.setText(slice_words(self._profiles, self._link.index))
        self._show_here()

    def _on_pointer(self) -> None:
        """Show the place of the viewer's pointer."""
        place = self._link.pointer
        self._here = None if place is None else _Here(place[0], across=place[1])
        self._show_here()

    def _on_pointed(self, x: float, y: float, down: bool) -> None:
        """Show the place of the pointer in the plot, and go there if it is clicked."""
        profiles, lines = self._profiles, self._canvas.lines
        if profiles is None or lines is None or not self._legend.chosen:
            return
        at = int(np.argmin(np.abs(lines.x - x)))
        region = self._legend.chosen[self._nearest(lines, at, y)]
        if self._over:
            if down:
                self._link.go(at)
            self._mark(float(lines.x[at]))
            self._readout.setText(describe(profiles, at, region, None))
            return
        self._here = _Here(at, region)
        if down:
            index = self._link.index
            self._gone = (index, region, at)
            self._link.go(index, region, at)
        self._show_here()

    def _nearest(self, lines: Lines, at: int, y: float) -> int:
        """Return which line is nearest to a height at one of its points."""
        heights = np.asarray(lines.y[:, at], np.float64)
        distance = np.abs(heights - y)
        return 0 if np.isnan(distance).all() else int(np.nanargmin(distance))


def along_layer(profiles: MeasureProfiles, index: int, chosen: tuple[int, ...]) -> Lines:
    """Return the lines of regions in a slice; their heights are those of the whole stack."""
    step, unit = _step(profiles), profiles.unit
    what = "Row" if profiles.segmentation.transposed else "Column"
    pixels = unit == PIXELS
    x = np.arange(profiles.width) * step
    some = list(chosen)
    band = None
    if profiles.error is not None and len(some) <= _MOST_BANDS:
        band = profiles.error[index, some]
    return Lines(
        x,
        profiles.thickness[index, some],
        band,
        [profiles.colors[r] for r in some],
        (0.0, max(float(x[-1]), step)),
        _limits(profiles.thickness[:, some]),
        what if pixels else f"{ALONG} ({short_unit(unit)})",
        f"{profiles.kind.capitalize()} ({short_unit(unit)})",
    )


def over_slices(profiles: MeasureProfiles, chosen: tuple[int, ...]) -> Lines:
    """Return the lines of the regions' means over the slices."""
    mean, error = profiles.means
    some = list(chosen)
    x = profiles.numbers
    return Lines(
        x,
        mean[:, some].T,
        None if error is None or len(some) > _MOST_BANDS else error[:, some].T,
        [profiles.colors[r] for r in some],
        (float(x[0]) - 0.5, float(x[-1]) + 0.5),
        _limits(mean[:, some]),
        "Slice",
        f"Mean {profiles.kind} ({short_unit(profiles.unit)})",
        dotted=True,
    )


def _step(profiles: MeasureProfiles) -> float:
    """Return how far apart columns are in the plot."""
    return 1.0 if profiles.unit == PIXELS else profiles.segmentation.size.along


def _limits(values: NDArray[Any]) -> tuple[float, float]:
    """Return limits with some room; from 0 on, if that does not make the lines flat."""
    known = values[~np.isnan(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    room = 0.08 * (high - low) or 0.1 * high
    return (0.0 if low < high / 3 else max(low - room, 0.0)), high + room
