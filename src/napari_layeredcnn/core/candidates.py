"""Curves that may be layers, by rank, and the seed that some of them make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

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
#: Pixels of the working grid; what is nearer to a surer candidate in the mean is an echo of it.
ECHO = 2.5
#: A completion that is so many times as uncertain as the candidates has lost them ...
LOST = 1.5
#: ... and is held by a seed that has one of so many columns of the working grid.
HELD_EVERY = 16


class Limits(NamedTuple):
    """Costs below which candidates are layers.

    Parameters
    ----------
    layer : float
        For each candidate, where no number of layers is given.
    some : float
        For the surest one, where a number is given: if it costs more, there are no layers at all,
        unless the image itself bears them out.
    most : float
        For each of the others, where a number is given.
    """

    layer: float
    some: float
    most: float


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


def choose(costs: Floats, k: int | None, limits: Limits) -> tuple[int, list[str]]:
    """Tell how many of the candidates are layers.

    Parameters
    ----------
    costs : (C,) float array
        Ascending.
    k : int, optional
        How many layers there are. Default: as many as cost less than ``limits.layer``.
    limits : Limits
        What layers cost.

    Returns
    -------
    count : int
        How many are chosen.
    notes : list of str
        What the person should know.

    Examples
    --------
    >>> costs = np.float32([0.1, 0.2, 0.9])
    >>> choose(costs, None, Limits(0.5, 0.7, 1.0))
    (2, [])
    >>> choose(costs, 5, Limits(0.5, 0.7, 1.0))[1][0]
    'only 3 of 5 layers were found'
    """
    if not len(costs):
        return 0, ["no layers found: there are no candidates"]
    least = limits.layer if k is None else limits.some
    if costs[0] >= least:
        return 0, [
            f"no layers found: the surest candidate costs {costs[0]:.2f}, and where there are "
            f"layers it costs less than {least:g}"
        ]
    if k is None:
        return int((costs < limits.layer).sum()), []
    count = min(k, max(1, int((costs < limits.most).sum())))
    if count == k:
        return count, []
    rest = f"; no further candidates cost less than {limits.most:g}" * (count < len(costs))
    return count, [f"only {count} of {k} layers were found{rest}"]


def without_echoes(curves: Floats) -> list[int]:
    """Leave out candidates that run along a surer one, as beside a strong boundary many do.

    Parameters
    ----------
    curves : (C, W) float array
        Candidates in pixels of the working grid, the surest first.

    Returns
    -------
    list of int
        The candidates that are `ECHO` or more away from each surer one among them, in the mean.

    Examples
    --------
    >>> without_echoes(np.float32([[10, 10], [12, 12], [13, 13], [40, 40]]))
    [0, 2, 3]
    """
    kept: list[int] = []
    for index, curve in enumerate(curves):
        if all(np.abs(curve - curves[surer]).mean() >= ECHO for surer in kept):
            kept.append(index)
    return kept


def doubts(costs: Floats, limits: Limits) -> list[str]:
    """Tell how many of the layers that a number was given for may be none.

    Parameters
    ----------
    costs : (K,) float array
        Of those that are chosen.
    limits : Limits
        What layers cost.

    Returns
    -------
    list of str
        What the person should know; empty where all are sure.

    Examples
    --------
    >>> doubts(np.float32([0.1, 0.8]), Limits(0.5, 0.7, 1.0))[0][:38]
    '1 of the layers cost more than 0.5 and'
    """
    unsure = int((costs >= limits.layer).sum())
    if not unsure:
        return []
    return [
        f"{unsure} of the layers cost more than {limits.layer:g} and may be none; look "
        "at them, or ask for fewer"
    ]
