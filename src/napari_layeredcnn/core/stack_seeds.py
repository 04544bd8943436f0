"""From labelled slices to seeds for every slice: layers are curves across the slices, too.

At one column the slices side by side show the same layers as curves over the slices. This plane
is completed with the same network, from the labelled slices outwards; where two are labelled, both
runs are joined. By default slices are first moved up or down to fit their neighbors: it costs
next to nothing, changes nothing where slices are close, and is what keeps the layers where they
are far apart. Slices that show something else than their neighbors, such as noise, stay in place.
Averaging some columns around the seed column takes noise away.

On simulated volumes of 64 slices, 1 and 10 px apart, one labelled column gives curves as exact as
every slice's own true first column does; the ways across are compared in `docs/experiments.md`
(`benchmarks/stack_accuracy.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core.decoder import CompletionError, Decoder
from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.core.slices import Slices
from napari_layeredcnn.core.stack_checks import check_direction, check_seeds, check_stop
from napari_layeredcnn.core.stack_columns import copied_curves, known_curves, seed_columns
from napari_layeredcnn.core.stack_plane import complete_plane, strip
from napari_layeredcnn.core.weights import Model, load_model
from napari_layeredcnn.core.working import working_grid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_layeredcnn.core.completion import Direction
    from napari_layeredcnn.core.slices import StackArray
    from napari_layeredcnn.core.working import WorkingGrid

Across = Literal["aligned", "plane", "copy"]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class StackSeeds:
    """A seed for every slice of a stack.

    Parameters
    ----------
    seeds : tuple of Seed
        One for each slice; a labelled slice has its own, as it was given.
    uncertainty : (S,) float32 array
        Mean uncertainty of the seed's curves in pixels; 0 for labelled slices.
    labelled : tuple of int
        Slices with labels of their own.
    columns : tuple of int
        Columns in which the other slices got a seed.
    stop_above : float, optional
        Where the seeds' uncertainty is above this, in pixels, the way out from the labelled
        slices ends, see `reached`. Default: nowhere.

    Raises
    ------
    CompletionError
        If ``stop_above`` is not a positive number.
    """

    seeds: tuple[Seed, ...]
    uncertainty: Floats
    labelled: tuple[int, ...]
    columns: tuple[int, ...]
    stop_above: float | None = None

    def __post_init__(self) -> None:
        check_stop(self.stop_above)

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Slices that will be completed, (S,): up to the first ones whose seed is too uncertain.

        The seeds of the slices beyond are kept, but not used.

        Examples
        --------
        >>> seed = Seed([[2.0]], (1, 2), 4)
        >>> StackSeeds((seed,) * 5, np.array([0.0, 0.2, 0.9, 0.2, 0.1]), (0,), (0,), 0.5).reached
        array([ True,  True, False, False, False])
        """
        if self.stop_above is None:
            return np.ones(len(self.seeds), dtype=bool)
        sure = self.uncertainty <= self.stop_above
        stretch = np.cumsum(~sure)  # the same in slices side by side that are sure
        return sure & np.isin(stretch, stretch[list(self.labelled)])


def seeds_for_stack(
    stack: StackArray,
    seeds: Mapping[int, Seed],
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Direction = "horizontal",
    region_thickness: float | None = None,
    across: Across = "aligned",
    stop_above: float | None = None,
) -> StackSeeds:
    """Give every slice a seed, from the slices that are labelled.

    Parameters
    ----------
    stack : (S, H, W) or (S, H, W, 3 or 4) array
        NumPy, or anything that is sliced like it.
    seeds : mapping of int to Seed
        Seeds of the labelled slices, by the slice's index; with a vertical direction, of the
        transposed labels.
    model, device, direction, region_thickness
        See `complete`.
    across : {"aligned", "plane", "copy"}
        "aligned" moves every slice up or down to fit its neighbor before the plane is completed,
        and the curves back afterwards; "plane" does not; "copy" takes the curves of the labelled
        slices, interpolated between two.
    stop_above : float, optional
        Pixels. From a labelled slice outwards, the slices from the first one on whose seed is
        more uncertain than that will not be completed. Default: all will be. It is good for
        ending where layers fade or break off, not for telling good slices from better ones; what
        is lost without its seed growing uncertain is not seen. On simulated stacks of 64 rows, 18
        of 19 seeds above 1 px were wrong, and 7 of 989 below it (`benchmarks/stack_doubt.py`).

    Returns
    -------
    StackSeeds
        The seeds. Labelled slices keep theirs.

    Raises
    ------
    CompletionError, ImageError, ModelError
        If the stack, the seeds or the model cannot be used or do not fit together.

    Examples
    --------
    >>> stack = np.repeat([0.0, 1.0, 0.0], [20, 24, 20])[None, :, None] * np.ones((3, 1, 40))
    >>> labelled = Seed(np.where(np.arange(40) == 20, [[20.0], [44.0]], np.nan), (1, 2, 3), 64)
    >>> made = seeds_for_stack(stack, {1: labelled})
    >>> made.columns, len(made.seeds), made.seeds[1] is labelled
    ((20,), 3, True)
    """
    check_direction(direction)
    slices = Slices(stack, transposed=direction in ("down", "up", "vertical"))
    check_seeds(seeds, slices)
    if not isinstance(model, Model):
        model = load_model(model)
    decoder = Decoder(model.network, device)
    grid = stack_grid(seeds, slices, region_thickness)
    both = direction in ("horizontal", "vertical")
    return make_seeds(slices, seeds, decoder, grid, across, both_ways=both, stop_above=stop_above)


def make_seeds(
    slices: Slices,
    seeds: Mapping[int, Seed],
    decoder: Decoder,
    grid: WorkingGrid,
    across: Across = "aligned",
    *,
    both_ways: bool = True,
    stop_above: float | None = None,
) -> StackSeeds:
    """Like `seeds_for_stack`, with everything checked and prepared.

    Parameters
    ----------
    slices : Slices
        The stack.
    seeds : mapping of int to Seed
        Of the labelled slices, see `check_seeds`.
    decoder : Decoder
        The network.
    grid : WorkingGrid
        From `stack_grid`.
    across : {"aligned", "plane", "copy"}
        See `seeds_for_stack`.
    both_ways : bool
        Whether slices will be completed both ways: seed columns need not be labelled ones then.
    stop_above : float, optional
        See `seeds_for_stack`.

    Returns
    -------
    StackSeeds
        The seeds.

    Raises
    ------
    CompletionError
        If there is no such way across, or it cannot be stopped there.
    """
    check_stop(stop_above)
    if across not in get_args(Across):
        raise CompletionError(
            f"there is no way across slices {across!r}; choose one of {', '.join(get_args(Across))}"
        )
    if across == "copy" and stop_above is not None:
        raise CompletionError(
            "copied seeds have no uncertainty to stop at; choose another way across, or no stop"
        )
    labelled = sorted(seeds)
    columns = seed_columns(seeds, grid, both_ways=both_ways)
    known = known_curves(slices, seeds, columns, decoder, grid)  # (S, K, columns)
    made = np.empty_like(known)
    uncertainty = np.zeros_like(known)
    for i, column in enumerate(columns):
        if across == "copy":
            made[:, :, i] = copied_curves(known[:, :, i])
        else:
            around = strip(slices, column, grid)
            made[:, :, i], uncertainty[:, :, i] = complete_plane(
                decoder, *around, known[:, :, i], align=across == "aligned"
            )
    scale = np.float32(grid.height / grid.rows)
    made = np.clip(made * scale, 0, grid.height)
    mean = uncertainty.mean(axis=(1, 2)) * scale
    ids = seeds[labelled[0]].region_ids
    complete = []
    for index in range(slices.count):
        if index in seeds:
            complete.append(seeds[index])
            mean[index] = 0
        else:
            curves = np.full((len(ids) - 1, grid.width), np.nan, dtype=np.float32)
            curves[:, columns] = np.maximum.accumulate(made[index], axis=0)
            complete.append(Seed(curves, ids, grid.height))
    return StackSeeds(tuple(complete), mean, tuple(labelled), tuple(columns), stop_above)


def stack_grid(
    seeds: Mapping[int, Seed], slices: Slices, region_thickness: float | None = None
) -> WorkingGrid:
    """One working grid for all slices, from the curves of all labelled ones.

    Parameters
    ----------
    seeds : mapping of int to Seed
        Of the labelled slices.
    slices : Slices
        The stack.
    region_thickness : float, optional
        See `complete`.

    Returns
    -------
    WorkingGrid
        The grid.
    """
    given = np.concatenate([s.curves[:, s.columns] for _, s in sorted(seeds.items())], axis=1)
    if region_thickness is None and len(given) > 1:
        thickness = float(np.mean(given[-1] - given[0])) / (len(given) - 1)
        region_thickness = max(thickness, 1e-6)
    curves = np.full((len(given), slices.width), np.nan, dtype=np.float32)
    return working_grid(curves, slices.height, region_thickness)
