"""Continue from here: what stays of a run after a person has repainted some columns.

NumPy only. All arrays are turned so that curves run along the rows.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.curves import order_curves
from napari_layeredcnn.core.regions import curves_from_regions, regions_from_curves
from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.plugin.kept import best_fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.kept import Kept

    Floats = NDArray[np.float32]
    Columns = NDArray[np.bool_]


class ContinueError(ValueError):
    """There is nothing from which to continue; the message says why."""


@dataclass(frozen=True, eq=False)
class Continuation:
    """The seed of a run that continues, and how it came about."""

    seed: Seed
    kept: Kept
    given: Columns
    """Columns that the person has labelled or repainted."""
    n_repainted: int
    n_unreadable: int


def continue_from(
    runs: Sequence[Kept], partial: Seed, shown: NDArray[np.integer[Any]], direction: str
) -> Continuation:
    """Read what was repainted since the last run, and keep what lies before it.

    Parameters
    ----------
    runs : sequence of Kept
        What earlier runs have left, oldest first. The one that fits `shown` best is continued:
        the last one, or an earlier one after undo.
    partial : Seed
        The partial labels as they are now.
    shown : (H, W) array of int
        The result as it is now.
    direction : str
        See `complete`; here "down" is "right" and "up" is "left".

    Returns
    -------
    Continuation
        Its seed holds the person's columns, and the run's where it need not be done again.

    Raises
    ------
    ContinueError
        If there is no run to continue, the regions are others now, or nothing was repainted.
    """
    if not runs:
        raise ContinueError("there is nothing to continue yet: press Segment Layers first")
    turned = direction in ("vertical", "down", "up")
    _check_way(runs[-1], turned)
    last = best_fit(runs, shown.T if turned else shown)
    _check_way(last, turned)
    if partial.region_ids != last.region_ids:
        raise ContinueError(
            f"the partial labels show the regions {_listed(partial.region_ids)}, but the result "
            f"{_listed(last.region_ids)}: press Segment Layers"
        )
    repainted, n_unreadable = _read_repainted(last, shown)
    before = last.curves if last.labelled is None else last.labelled
    differs = ~np.isnan(partial.curves[0]) & ~(
        last.given & np.isclose(partial.curves, before).all(axis=0)
    )
    repainted[:, differs] = partial.curves[:, differs]
    here = ~np.isnan(repainted[0])
    if not here.any():
        _check_goes_on(last, n_unreadable)
    given = last.given & ~here
    keep = last.known & _passed(here, given, direction, finished=last.finished)
    curves = np.where(here, repainted, np.where(keep | given, last.curves, np.nan))
    seed = Seed(curves.astype(np.float32), last.region_ids, last.height)
    return Continuation(seed, last, given | here, int(here.sum()), n_unreadable)


def with_locked(
    runs: Sequence[Kept], seed: Seed, shown: NDArray[np.integer[Any]], locked: Columns
) -> Seed:
    """Add the locked columns to a seed, as they are in the result now.

    Parameters
    ----------
    runs : sequence of Kept
        What earlier runs have left, oldest first.
    seed : Seed
        What is labelled.
    shown : (H, W) array of int
        The result as it is now.
    locked : (W,) array of bool
        Columns that are not to change. Where no run has been there is nothing to lock.

    Returns
    -------
    Seed
        With more columns given.

    Raises
    ------
    ContinueError
        If the result has other regions.
    """
    if not runs or not locked.any():
        return seed
    last = best_fit(runs, shown.T if runs[-1].transposed else shown)
    if last.region_ids != seed.region_ids:
        raise ContinueError(
            f"the partial labels show the regions {_listed(seed.region_ids)}, but the locked "
            f"columns {_listed(last.region_ids)}: delete the locked columns"
        )
    repainted, _ = _read_repainted(last, shown)
    now = np.where(np.isnan(repainted), last.curves, repainted)
    there = locked & last.known
    curves = np.where(there, now, seed.curves)
    return Seed(curves.astype(np.float32), seed.region_ids, seed.height, seed.skipped_columns)


def _read_repainted(last: Kept, shown: NDArray[np.integer[Any]]) -> tuple[Floats, int]:
    """Curves of the repainted columns, NaN in the others; how many could not be read."""
    curves = np.full_like(last.curves, np.nan)
    unreadable = 0
    for x in np.flatnonzero(last.changed(shown)):
        before = last.curves[:, [x]]
        try:
            now = curves_from_regions(shown[:, [x]], last.region_ids)
        except ValueError:
            now = np.full_like(before, np.nan)
        if np.isnan(now).any():
            unreadable += 1
            continue
        pixels = regions_from_curves(before, last.height, last.region_ids)
        # A boundary that was not touched keeps its place between two rows.
        moved = now != curves_from_regions(pixels, last.region_ids)
        curves[:, [x]] = order_curves(np.where(moved, now, before))
    return curves, unreadable


def _check_way(run: Kept, turned: bool) -> None:
    """Raise unless a run goes the way that is chosen now."""
    if run.grid is not None:
        raise ContinueError(
            'the result runs about a center: choose "Around a center" again, or press Segment '
            "Layers"
        )
    if run.transposed != turned:
        raise ContinueError(
            "the result runs along the other axis: choose its direction again, or press "
            "Segment Layers"
        )


def _check_goes_on(last: Kept, n_unreadable: int) -> None:
    """Raise unless a run can go on although nothing was repainted, as it was canceled."""
    if n_unreadable:
        raise ContinueError(
            f"in the {n_unreadable} repainted columns the regions do not stand in their order "
            f"{_listed(last.region_ids)} from top to bottom: paint them so in one column or more"
        )
    if last.finished:
        raise ContinueError(
            "nothing was repainted: paint one or two columns of the result anew where it goes "
            "wrong, every region from top to bottom"
        )


def _passed(here: Columns, given: Columns, direction: str, *, finished: bool) -> Columns:
    """Columns that the runs had passed before they came to the repainted ones."""
    width = len(here)
    keep = np.zeros(width, bool)
    columns = np.flatnonzero(given)
    if not len(columns):
        return keep
    keep[columns] = True
    right, left = direction in ("right", "down"), direction in ("left", "up")
    for before, after in itertools.pairwise([-1, *columns.tolist(), width]):
        inner = before >= 0 and after < width
        repainted = before + 1 + np.flatnonzero(here[before + 1 : after])
        if not len(repainted):
            # Between two labelled places a canceled run may have come from one side only.
            keep[before + 1 : after] = finished or right or left or not inner
        elif right or (not left and after == width):
            keep[before + 1 : repainted[0]] = True
        elif left or before < 0:
            keep[repainted[-1] + 1 : after] = True
    return keep


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(str(i) for i in ids)
