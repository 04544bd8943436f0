"""Labels that grow while they are computed, and one step of undo for all of it.

Columns go straight into the layer's data. What a person paints there meanwhile stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.planes import Plane

    Pixels = NDArray[np.integer[Any]]
    Mask = NDArray[np.bool_]


class LiveLabels:
    """One run's writing into slices of a Labels layer.

    Parameters
    ----------
    layer : napari.layers.Labels
        The layer; its data are a NumPy array.
    is_new : bool
        Whether the run has made the layer: it is deleted then to undo the run, and has no
        history.
    copy_of : napari.layers.Labels, optional
        The result whose content the run has begun the new layer with.
    """

    def __init__(self, layer: Labels, *, is_new: bool, copy_of: Labels | None = None) -> None:
        self.layer = layer
        self.is_new = is_new
        self.copy_of = copy_of
        self.slices: dict[Plane, _LiveSlice] = {}

    def write(
        self, plane: Plane, where: tuple[slice, slice], labels: Pixels, protected: Mask
    ) -> None:
        """Write labels (h, w) at rows and columns `where`; shown at the next `refresh`.

        `protected` (H, W) pixels of the slice are never changed.
        """
        self._slice(plane, protected).write(where, labels)

    def refresh(self) -> None:
        """Show what was written."""
        self.layer.refresh(thumbnail=False, highlight=False, extent=False)

    def complete(self, plane: Plane, labels: Pixels, protected: Mask) -> None:
        """Take these labels (H, W) for a whole slice."""
        everywhere = (slice(None), slice(None))
        self._slice(plane, protected).write(everywhere, labels)

    def finish(self) -> int:
        """End with what was written: one step of the layer's undo history.

        Returns
        -------
        int
            Bytes that the history keeps for it.
        """
        if self.is_new or not self.slices:
            self.layer.refresh()
            return 0
        places, values = [], []
        for plane, part in self.slices.items():
            rows, columns, new = part.take_back()
            if rows.size:
                places.append(plane.places(rows, columns))
                values.append(new)
        if not places:
            self.layer.refresh()
            return 0
        if len(places) == 1:
            pixels, new = places[0], values[0]
        else:
            pixels = tuple(
                np.concatenate(axis, dtype=_small(self.layer.data), casting="unsafe")
                for axis in zip(*places, strict=True)
            )
            new = np.concatenate(values)
        # The history keeps what is there when the layer itself is told to change it.
        self.layer.data_setitem(pixels, new, refresh=False)
        self.layer.refresh()
        return sum(_held(array) for array in (*pixels, new, new))

    def bytes_at_most(self, n_slices: int, plane: Plane) -> int:
        """Return what the history would keep if all pixels of so many slices changed."""
        data = self.layer.data
        places = data.ndim * np.dtype(_small(data)).itemsize
        return n_slices * int(plane.of(data).size) * (places + 2 * data.dtype.itemsize)

    def restore(self) -> None:
        """Put back what was there before the run."""
        for part in self.slices.values():
            part.restore()
        self.layer.refresh()

    def _slice(self, plane: Plane, protected: Mask) -> _LiveSlice:
        if plane not in self.slices:
            self.slices[plane] = _LiveSlice(plane.of(self.layer.data), protected)
        return self.slices[plane]


class _LiveSlice:
    """A view of one slice, and what was there before."""

    def __init__(self, now: Pixels, protected: Mask) -> None:
        self._now = now
        # Many slices of a new layer hold nothing, and nothing in them is protected.
        self._free = ~protected if protected.any() else np.broadcast_to(True, now.shape)
        zeros = np.broadcast_to(np.zeros((), now.dtype), now.shape)
        self._before = now.copy() if now.any() else zeros
        # What the layer holds if nobody else paints: a pixel that differs is the person's.
        self._ours = now.copy()

    def write(self, where: tuple[slice, slice], labels: Pixels) -> None:
        untouched = (self._now[where] == self._ours[where]) & self._free[where]
        np.copyto(self._now[where], labels, where=untouched)
        np.copyto(self._ours[where], labels, where=untouched)

    def take_back(self) -> tuple[Any, Any, Pixels]:
        """Put back what was there before; return what was written: rows, columns, labels."""
        theirs = self._now != self._ours
        np.copyto(self._now, self._before, where=~theirs)
        changed = np.nonzero(~theirs & (self._ours != self._before))
        rows, columns = (axis.astype(_small(self._now)) for axis in changed)
        return rows, columns, self._ours[changed]

    def restore(self) -> None:
        np.copyto(self._now, self._before, where=self._now == self._ours)
        self._ours = self._before.copy()


def _small(array: NDArray[Any]) -> type[np.integer[Any]]:
    """Return small integers for places in an array: napari keeps them for every step."""
    return np.uint16 if max(array.shape) < 2**16 else np.intp


def _held(array: NDArray[Any]) -> int:
    """Bytes of an array; one number seen as many takes next to none."""
    return 0 if 0 in array.strides else array.nbytes
