"""What a run has left in a slice, and which of several runs a slice shows. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.core.seeds import Seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.core.polar import PolarGrid

    Floats = NDArray[np.float32]
    Columns = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Kept:
    """What a run has left in a slice.

    `curves` and `uncertainty` are (K, W) and NaN where the run has not been; `given` (W,) are the
    columns that the person had labelled; `finished` is False after a canceled run. About a center
    `grid` tells how the image was unrolled: W are rays, and curves are radii from the center
    outwards. `labelled` (K, W) is what the partial labels said, NaN where nothing; `strokes`
    (H, W) are the pixels that the person had painted, if the run went into the same layer. In a
    slice of a stack that was `made` from other slices' labels, `given` and `labelled` are the
    columns in which the stack gave it its seed.
    """

    curves: Floats
    uncertainty: Floats
    region_ids: tuple[int, ...]
    height: int
    given: Columns
    transposed: bool
    finished: bool
    grid: PolarGrid | None = None
    labelled: Floats | None = None
    strokes: NDArray[np.bool_] | None = None
    made: bool = False

    def labels(self) -> NDArray[np.int64]:
        """Return the regions (H, W) as the viewer shows them; 0 where the run has not been."""
        if self.grid is not None:
            labels = np.zeros(self.grid.shape, np.int64)
            self.grid.draw(labels, self.curves, self.region_ids)
            return labels
        labels = regions_from_curves(self.curves, self.height, self.region_ids).astype(np.int64)
        return labels.T if self.transposed else labels

    def misfit(self, shown: NDArray[np.integer[Any]]) -> int:
        """Return in how many pixels the slice as it is now, (H, W), is another one."""
        labels = self.labels()
        return int(((labels != shown) & (labels != 0)).sum())

    def labelled_seed(self) -> Seed:
        """Return what the partial labels said when the run began."""
        curves = self.curves if self.labelled is None else self.labelled
        return Seed(curves, self.region_ids, self.height)

    @property
    def known(self) -> Columns:
        """Columns that have curves."""
        return ~np.isnan(self.curves[0])

    def changed(self, shown: NDArray[np.integer[Any]]) -> Columns:
        """Return the columns (W,) in which the label image `shown` (H, W) is another one."""
        labels = regions_from_curves(self.curves, self.height, self.region_ids)
        differs: Columns = (labels != shown).any(axis=0)
        return self.known & differs


def best_fit(runs: Sequence[Kept], pixels: NDArray[np.integer[Any]]) -> Kept:
    """Return the run after which a slice looked most like it does now; of equals the last one.

    Parameters
    ----------
    runs : sequence of Kept
        One or more, oldest first.
    pixels : (H, W) array of int
        The slice as the viewer shows it.

    Returns
    -------
    Kept
        The last run, or an earlier one after undo.

    Notes
    -----
    Where a canceled run has not been, the slice was as before: what counts is the whole slice, not
    only how the run's own columns fit, of which a canceled run has fewer to go wrong.
    """
    best, least = runs[-1], None
    picture: NDArray[np.int64] | None = None
    for run in runs:
        labels = run.labels()
        if picture is not None and not run.finished:
            labels = np.where(labels != 0, labels, picture)
        picture = labels
        misfit = int((picture != pixels).sum())
        if least is None or misfit <= least:
            best, least = run, misfit
    return best
