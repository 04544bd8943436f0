"""Curves that may be layers, by rank, and the seed that some of them make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core.curves import order_curves
from napari_layeredcnn.core.seeds import Seed, default_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_layeredcnn.core.working import WorkingGrid

Floats = NDArray[np.float32]

#: Pixels of the working grid between two curves, below which a column is no good as a seed.
CLEARANCE = 3.0
#: A completion that is so many times as uncertain as the candidates has lost them ...
LOST = 1.5
#: ... and is held by a seed that has one of so many columns of the working grid.
HELD_EVERY = 16


@dataclass(frozen=True, eq=False)
class Candidates:
    """Curves that may be layers, the surest first.

    Parameters
    ----------
    curves : (C, W) float32 array
        One curve for each candidate in edge coordinates, at the image's resolution. With a
        vertical direction the curves run along the rows, (C, H).
    uncertainty : (C, W) float32 array
        Blur that sharpening removed, in pixels of the image.
    costs : (C,) float32 array
        The less, the surer; ascending. See `find_layers`.
    members : (C,) int array
        How many starts ended on this candidate.
    chosen : tuple of int
        Candidates that are taken for layers, from top to bottom; may be empty.
    height : int
        Number of rows (of columns, where the direction is vertical).
    transposed : bool
        Whether the direction is vertical.
    model_name : str
        Model that was used.
    grid : WorkingGrid or None
        Working resolution; None for a constant image, in which nothing was run.
    notes : tuple of str
        What the person should know: no layers found, fewer than asked for, doubtful ones.
    lost : bool
        Whether a completion from the columns where the chosen ones are surest loses them.
    """

    curves: Floats
    uncertainty: Floats
    costs: Floats
    members: NDArray[np.intp]
    chosen: tuple[int, ...]
    height: int
    transposed: bool
    model_name: str
    grid: WorkingGrid | None
    notes: tuple[str, ...] = ()
    lost: bool = False

    def seed(
        self, which: Sequence[int] | None = None, columns: Sequence[int] | None = None
    ) -> Seed:
        """Make a seed of candidates.

        Parameters
        ----------
        which : sequence of int, optional
            Candidates. Default: the chosen ones.
        columns : sequence of int, optional
            Columns that shall be given. Default: `surest_columns` of these candidates; and one of
            `HELD_EVERY` of the working grid besides, if they are the chosen ones and a completion
            loses them.

        Returns
        -------
        Seed
            Their curves in these columns, in order; regions have the ids 1 to K+1. Of the
            transposed image, where the direction is vertical.

        Raises
        ------
        ValueError
            If there is nothing to make a seed of, or no such candidate or column.

        Examples
        --------
        >>> flat = np.repeat(np.float32([[20], [9]]), 12, axis=1)
        >>> costs, members = np.float32([0.1, 0.2]), np.array([4, 2])
        >>> found = Candidates(flat, 0 * flat, costs, members, (1, 0), 30, False, "", None)
        >>> found.seed(columns=[3]).curves[:, 3]
        array([ 9., 20.], dtype=float32)
        """
        indices = self._indices(which)
        width = self.curves.shape[1]
        where = self.surest_columns(indices) if columns is None else np.asarray(columns, int)
        if columns is None and self.lost and set(indices) == set(self.chosen):
            apart = round(HELD_EVERY * self._step())
            where = np.flatnonzero(np.isin(np.arange(width) % apart, where % apart))
        if not len(where) or where.min() < 0 or where.max() >= width:
            raise ValueError(
                f"a seed needs columns from 0 to {width - 1}, but {list(where)} are asked for"
            )
        curves = np.full((len(indices), width), np.nan, dtype=np.float32)
        curves[:, where] = self._ordered(indices)[:, where]
        return Seed(curves, default_ids(len(indices)), self.height)

    def judged_by(self, uncertainty: Floats) -> Candidates:
        """Look whether a completion has lost the chosen candidates.

        Parameters
        ----------
        uncertainty : (K, W) float array
            Of the completion from the seed of the chosen ones, in pixels of the image.

        Returns
        -------
        Candidates
            `lost`, and a note that says so, if it is `LOST` times as uncertain as they are.

        Examples
        --------
        >>> flat, blur = np.full((1, 12), 9, np.float32), np.full((1, 12), 0.5, np.float32)
        >>> costs, members = np.float32([0.1]), np.array([4])
        >>> found = Candidates(flat, blur, costs, members, (0,), 30, False, "", None)
        >>> found.judged_by(1.1 * blur).lost, found.judged_by(2 * blur).lost
        (False, True)
        """
        if uncertainty.mean() <= LOST * self.uncertainty[list(self.chosen)].mean():
            return self
        note = (
            "a completion from the columns where they are surest loses these layers, so a seed "
            "has them in more columns"
        )
        return replace(self, lost=True, notes=(*self.notes, note))

    def surest_columns(self, which: Sequence[int] | None = None) -> NDArray[np.intp]:
        """Find the columns, side by side, where candidates are surest and well apart.

        Parameters
        ----------
        which : sequence of int, optional
            Candidates. Default: the chosen ones.

        Returns
        -------
        array of int
            As many columns as one of the working grid, one at least.

        Raises
        ------
        ValueError
            If there are no candidates, or not these.
        """
        indices = self._indices(which)
        width = self.curves.shape[1]
        scale = 1.0 if self.grid is None else self.grid.rows / self.height
        step = self._step()
        spent = scale * self.uncertainty[indices].mean(axis=0)
        edges = np.full((1, width), self.height, dtype=np.float32)
        gaps = scale * np.diff(np.concatenate([0 * edges, self._ordered(indices), edges]), axis=0)
        spent = spent + np.maximum(0, CLEARANCE - gaps.min(axis=0))
        # A column is as good as its surroundings, a few columns of the working grid.
        reach = min(width, 2 * round(2 * step) + 1)
        mean = np.convolve(np.pad(spent, reach // 2, mode="edge"), np.ones(reach) / reach, "valid")
        best = int(np.argmin(mean[:width]))
        count = min(width, round(step))
        first = min(max(0, best - count // 2), width - count)
        return np.arange(first, first + count)

    def _step(self) -> float:
        """Columns of the image per column of the working grid."""
        return 1.0 if self.grid is None else max(1.0, self.curves.shape[1] / self.grid.columns)

    def _indices(self, which: Sequence[int] | None) -> list[int]:
        indices = list(self.chosen if which is None else which)
        if not indices:
            raise ValueError(
                "no layers are chosen, so there is no seed; choose candidates, or label the image"
            )
        wrong = [i for i in indices if not 0 <= i < len(self.curves)]
        if wrong:
            raise ValueError(
                f"there is no candidate {wrong[0]}; there are 0 to {len(self.curves) - 1}"
            )
        return sorted(set(indices), key=lambda i: float(self.curves[i].mean()))

    def _ordered(self, indices: list[int]) -> Floats:
        return order_curves(self.curves[indices])
