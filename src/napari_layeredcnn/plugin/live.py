"""Labels that grow while they are computed, and one step of undo for all of it.

Columns go straight into the layer's data. What a person paints there meanwhile stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    Pixels = NDArray[np.integer[Any]]


class LiveLabels:
    """One run's writing into one slice of a Labels layer.

    Parameters
    ----------
    layer : napari.layers.Labels
        The layer; its data are a NumPy array.
    index : int or None
        The slice of a stack; None for a 2D layer.
    is_new : bool
        Whether the run has made the layer: it is deleted then to undo the run, and has no
        history.
    """

    def __init__(self, layer: Labels, index: int | None, *, is_new: bool) -> None:
        self.layer = layer
        self.is_new = is_new
        self.index = index
        self._before = self._now.copy()
        # What the layer holds if nobody else paints: a pixel that differs is the person's.
        self._ours = self._before.copy()

    def write(self, where: tuple[slice, slice], labels: Pixels) -> None:
        """Write labels (h, w) at rows and columns `where`; shown at the next `refresh`."""
        untouched = self._now[where] == self._ours[where]
        np.copyto(self._now[where], labels, where=untouched)
        np.copyto(self._ours[where], labels, where=untouched)

    def refresh(self) -> None:
        """Show what was written."""
        self.layer.refresh(thumbnail=False, highlight=False, extent=False)

    def finish(self, labels: Pixels | None = None) -> None:
        """End with these labels (H, W), or with what was written; one step of the undo history."""
        theirs = self._now != self._ours
        final = np.where(theirs, self._now, self._ours if labels is None else labels)
        if self.is_new:
            self._now[...] = final
            self.layer.refresh()
            return
        # The history keeps what is there when the layer itself is told to change it.
        np.copyto(self._now, self._before, where=~theirs)
        pixels = np.nonzero(self._now != final)
        if pixels[0].size == 0:
            self.layer.refresh()
            return
        values = final[pixels].astype(self._now.dtype)
        if self.index is not None:
            pixels = (np.full_like(pixels[0], self.index), *pixels)
        self.layer.data_setitem(pixels, values, refresh=False)
        self.layer.refresh()

    def restore(self) -> None:
        """Put back what was there before the run."""
        np.copyto(self._now, self._before, where=self._now == self._ours)
        self._ours = self._before.copy()
        self.layer.refresh()

    @property
    def _now(self) -> Pixels:
        """The slice as it is in the layer: a view."""
        return self.layer.data if self.index is None else self.layer.data[self.index]
