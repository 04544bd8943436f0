"""Where a run in a slice starts: what is labelled, what stays of earlier runs, what is locked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core import label_seeds
from napari_layeredcnn.core.path_seeds import seed_from_paths
from napari_layeredcnn.plugin.continuation import ContinueError, continue_from, with_locked
from napari_layeredcnn.plugin.kept import Kept
from napari_layeredcnn.plugin.staying_alive import bring_torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.core.polar import PolarGrid
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.plugin.choices import Choices
    from napari_layeredcnn.plugin.slice_request import SliceRequest

    Floats = NDArray[np.float32]

#: Lines along boundaries cover less than this share of the pixels from the first to the last one.
_MOST_FILLED = 0.6


@dataclass(frozen=True, eq=False)
class Start:
    """The seed of a run, and how it came about.

    Parameters
    ----------
    seed : Seed
        All columns (or rays) that the run does not compute.
    labelled : (K, W) float array
        What the partial labels say, NaN where nothing.
    given : (W,) bool array
        Columns that the person has labelled, repainted or locked.
    uncertainty : (K, W) float array
        Of the columns that are taken over from an earlier run, or that a stack gave it.
    grid : PolarGrid or None
        How the image is unrolled about a center.
    n_repainted, n_unreadable : int
        Columns repainted since the earlier run, and those of them that could not be read.
    """

    seed: Seed
    labelled: Floats
    given: NDArray[np.bool_]
    uncertainty: Floats
    grid: PolarGrid | None = None
    n_repainted: int = 0
    n_unreadable: int = 0

    def kept(
        self,
        part: SliceRequest,
        choices: Choices,
        curves: Floats,
        uncertainty: Floats | None = None,
    ) -> Kept:
        """Return what a run that started here has left; without uncertainty it was canceled."""
        finished = uncertainty is not None
        if uncertainty is None:
            uncertainty = np.full_like(curves, np.nan)
        taken_over = ~np.isnan(self.seed.curves[0]) & ~self.given
        uncertainty = np.where(taken_over, self.uncertainty, uncertainty)
        uncertainty[:, self.given] = np.nan_to_num(self.uncertainty[:, self.given])
        return Kept(
            curves,
            uncertainty,
            self.seed.region_ids,
            self.seed.height,
            self.given,
            choices.transposed,
            finished,
            self.grid,
            self.labelled,
            part.labels != 0 if choices.into_partial else None,
        )


def start_of(part: SliceRequest, choices: Choices, *, resume: bool) -> Start:
    """Read what a run in a slice starts from.

    Parameters
    ----------
    part : SliceRequest
        The slice.
    choices : Choices
        How strokes are read, and the direction.
    resume : bool
        Whether an earlier run is continued.

    Returns
    -------
    Start
        The seed, turned so that curves run along rows, or unrolled.

    Raises
    ------
    SeedError, PolarError, ContinueError
        All of them ValueErrors, if nothing can be started from.
    """
    if choices.direction == "around":
        return _around(part, choices, resume=resume)
    runs = part.earlier.runs
    if resume and runs and not part.labels.any() and part.paths is None:
        labelled = runs[-1].labelled_seed()  # the stack gave it what it started from
    else:
        labelled = _read(part, choices)
    shown = part.earlier.shown
    shown = shown.T if choices.transposed else shown
    if resume:
        if choices.into_partial and runs:
            # The strokes are in the result, and read there.
            labelled = runs[-1].labelled_seed()
        found = continue_from(runs, labelled, shown, choices.direction)
        start = Start(
            found.seed,
            labelled.curves,
            found.given,
            np.where(found.given & ~found.kept.given, 0, found.kept.uncertainty),
            n_repainted=found.n_repainted,
            n_unreadable=found.n_unreadable,
        )
    else:
        nothing = np.full_like(labelled.curves, np.nan)
        start = Start(labelled, labelled.curves, ~np.isnan(labelled.curves[0]), nothing)
    if not part.locked.any():
        return start
    if runs and (runs[-1].grid is not None or runs[-1].transposed != choices.transposed):
        raise ContinueError(
            "the locked columns are of a result that runs along the other axis: choose its "
            'direction again, or "none" for locked columns'
        )
    seed = with_locked(runs, start.seed, shown, part.locked)
    there = ~np.isnan(seed.curves[0])
    sure = part.locked & there
    unsure = np.where(sure, 0, start.uncertainty)
    return replace(start, seed=seed, given=start.given | sure, uncertainty=unsure)


def notes_on_strokes(parts: Sequence[SliceRequest], choices: Choices) -> list[str]:
    """Return what a person should know about how strokes were read.

    Parameters
    ----------
    parts : sequence of SliceRequest
        Slices with labels.
    choices : Choices
        How strokes are read.

    Returns
    -------
    list of str
        A clause if boundaries were asked for, but regions seem to be painted: lines along
        boundaries leave most of the pixels between them free.
    """
    if choices.strokes != "boundaries":
        return []
    filled = between = 0
    for part in parts:
        labels = part.labels.T if choices.transposed else part.labels
        if len(np.unique(labels[labels != 0])) < 2:
            continue  # between a line and itself is nothing
        painted = labels[:, (labels != 0).any(axis=0)] != 0
        inside = np.logical_or.accumulate(painted) & np.logical_or.accumulate(painted[::-1])[::-1]
        filled += int(np.count_nonzero(painted))
        between += int(np.count_nonzero(inside))
    if filled <= _MOST_FILLED * between:
        return []
    return [
        "the strokes were read as lines along the boundaries, but fill most of what lies between "
        'them: if they are regions, choose "Regions"'
    ]


def _around(part: SliceRequest, choices: Choices, *, resume: bool) -> Start:
    if resume:
        raise ContinueError(
            "about a center nothing is continued: where the result goes wrong, paint a stroke "
            "through all regions in the partial labels, and press Segment Layers"
        )
    if part.locked.any():
        raise ContinueError(
            'about a center no columns are locked: choose "none" for locked columns'
        )
    bring_torch()
    from napari_layeredcnn.core import polar_seed

    assert part.center is not None
    found = polar_seed.seed_around(
        part.labels,
        part.center,
        start_angle=choices.start_angle,
        strokes=choices.strokes,
        zero_is_region=choices.zero_is_region,
    )
    curves = found.seed.curves
    return Start(found.seed, curves, ~np.isnan(curves[0]), np.full_like(curves, np.nan), found.grid)


def _read(part: SliceRequest, choices: Choices) -> Seed:
    """Read the partial labels, turned so that curves run along their rows."""
    if part.paths is not None:
        height, width = part.labels.shape
        if choices.transposed:
            return seed_from_paths([path[:, ::-1] for path in part.paths], (width, height))
        return seed_from_paths(part.paths, (height, width))
    labels = part.labels.T if choices.transposed else part.labels
    if choices.strokes == "boundaries":
        return label_seeds.seed_from_boundaries(labels)
    return label_seeds.seed_from_regions(labels, zero_is_region=choices.zero_is_region)
