"""Automatic initialization: layers found without a stroke, in one image.

Single curves are started at many heights and completed; those that find a layer stay on it, and
end together ([1]_, section 3.3). `find_layers` starts them in several columns; `paper_layers` is
the paper's own method, to compare with.

References
----------
.. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.choosing import Limits
from napari_layeredcnn.core.clusters import cluster_arrivals, cluster_runs
from napari_layeredcnn.core.completion import iter_complete
from napari_layeredcnn.core.search import FindProgress, Search, joint_starts, single_starts
from napari_layeredcnn.core.steps import finish, relay
from napari_layeredcnn.core.weights import Model, load_model

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_layeredcnn.core.candidates import Candidates
    from napari_layeredcnn.core.search import Along

#: Costs below which candidates are layers, see `docs/experiments.md`.
LAYER_COSTS = Limits(0.45, 0.5, 0.85)
#: From this number on sets of so many curves are started, too: with fewer they gain nothing ...
JOINT_FROM = 4
#: ... and all but the surest have to cost less.
JOINT_LAYER_COSTS = Limits(0.45, 0.5, 0.5)
#: The same for the paper's costs; the paper has no way of finding nothing.
PAPER_LAYER_COSTS = Limits(1.6, np.inf, np.inf)


def layer_costs(k: int | None) -> Limits:
    """What layers cost.

    Parameters
    ----------
    k : int or None
        How many layers are looked for, if it is known.

    Returns
    -------
    Limits
        `JOINT_LAYER_COSTS` if that is 4 or more, else `LAYER_COSTS`.
    """
    return LAYER_COSTS if k is None or k < JOINT_FROM else JOINT_LAYER_COSTS


def find_layers(
    image: NDArray[Any],
    k: int | None = None,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Along = "horizontal",
    region_thickness: float | None = None,
) -> Candidates:
    """Find layers without labels.

    20 single curves are started in each of the first, the middle and the last column, and
    completed to both sides; if ``k`` is 4 or more, so are 8 sets of ``k`` curves in the first and
    the last column. Runs that are at the same place in most columns are one candidate. It
    costs the mean uncertainty of its surest run (1 px more if that follows the top or bottom),
    divided by the square root of how many runs it has per 60 starts. At last the chosen ones are
    completed from the columns where they are surest: if that loses them, their seed has more
    columns (`Candidates.judged_by`).

    Parameters
    ----------
    image : (H, W) or (H, W, 3 or 4) array
        Any integer or floating-point dtype; colors become luminance.
    k : int, optional
        How many layers are chosen; fewer, if the others cost more than the last of `layer_costs`.
        Of all such sets it is the one with low costs and even regions, see `most_even`. Default:
        of those that cost less than the first of `layer_costs` and are no echo of a surer one as
        many as are worth it, see `worth_taking`; the surest in any case.
    model : Model, str or Path, optional
        Loaded model, bundled model's name or ``.safetensors`` file. Default: the bundled default.
    device : str
        "auto" (CUDA, else MPS, else CPU), "cpu", "cuda" or "mps".
    direction : {"horizontal", "vertical"}
        Along the rows or along the columns of the image, which the layers run.
    region_thickness : float, optional
        Typical thickness of a region in pixels, from which the working resolution follows.
        Default: 64 rows, or 10 for each region, if ``k`` is given and that is more.

    Returns
    -------
    Candidates
        All that were found, by rank, with those that are chosen. None is chosen, and the notes say
        so ("no layers found"), if not one costs less than this (less than the second of
        `layer_costs`, where ``k`` is given), if the regions between them look alike (see
        `told_apart`), or if the image is constant.

    Raises
    ------
    CompletionError, ImageError, ModelError
        All of them ValueErrors: if the image, the model or a setting cannot be used.

    Examples
    --------
    >>> image = np.repeat([[0.0], [1.0], [0.0]], [20, 24, 20], axis=0) * np.ones((1, 40))
    >>> found = find_layers(image, 2)
    >>> [round(float(curve.mean())) for curve in found.curves[list(found.chosen)]]
    [20, 44]
    >>> found.seed().n_curves
    2
    """
    steps = iter_find_layers(
        image,
        k,
        model=model,
        device=device,
        direction=direction,
        region_thickness=region_thickness,
    )
    return finish(steps)


def iter_find_layers(
    image: NDArray[Any],
    k: int | None = None,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Along = "horizontal",
    region_thickness: float | None = None,
) -> Generator[FindProgress, None, Candidates]:
    """Like `find_layers`, but tells how far it is.

    Parameters
    ----------
    image, k, model, device, direction, region_thickness
        See `find_layers`.

    Yields
    ------
    FindProgress
        After every column, of the search and then of the completion from what was found. The
        generator may be closed between any two.

    Returns
    -------
    Candidates
        The value of the generator's ``StopIteration``.

    Raises
    ------
    CompletionError, ImageError, ModelError
        See `find_layers`; raised at the first ``next``.
    """
    model = model if isinstance(model, Model) else load_model(model)
    search = Search(image, k, model, device, direction, region_thickness)
    beyond = 0 if search.grid is None else search.grid.columns  # for the completion
    total = 0

    def searched(step: FindProgress) -> FindProgress:
        nonlocal total
        total = step.total + beyond
        return FindProgress(step.done, total)

    found = yield from relay(iter_candidates(search, k), searched)
    if found.chosen:
        run = iter_complete(
            image,
            found.seed(),
            model=model,
            device=device,
            direction=direction,
            region_thickness=region_thickness,
            thorough=False,  # curves that are lost easily are told by it
        )
        completion = yield from relay(
            run,
            lambda part: FindProgress(total - beyond + beyond * part.done // part.total, total),
        )
        found = found.judged_by(completion.uncertainty)
    if total:
        yield FindProgress(total, total)
    return found


def iter_candidates(
    search: Search, choose: int | None
) -> Generator[FindProgress, None, Candidates]:
    """Run curves in an image, cluster them, and choose.

    Parameters
    ----------
    search : Search
        The image, and how many layers are looked for in it.
    choose : int or None
        How many are chosen; None for as many as are sure enough and worth it.

    Yields
    ------
    FindProgress
        After every column.

    Returns
    -------
    Candidates
        See `find_layers`.
    """
    if search.grid is None:
        return search.nothing("the image is constant")
    rows, first, last = search.grid.rows, 0, search.grid.columns - 1
    starts = [(x, single_starts(rows)) for x in (first, search.grid.columns // 2, last)]
    if search.k is not None and search.k >= JOINT_FROM:
        starts += [(x, joint_starts(rows, search.k)) for x in (first, last)]
    curves, uncertainty, columns = yield from search.run(starts, forward=True, backward=True)
    n_starts = sum(len(heights) for _, heights in starts)
    clusters = cluster_runs(curves, uncertainty, columns, rows, n_starts)
    return search.candidates(clusters, choose, layer_costs(search.k), as_paper=False)


def paper_layers(
    image: NDArray[Any],
    k: int | None = None,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Along = "horizontal",
    region_thickness: float | None = None,
) -> Candidates:
    """Find layers as the paper does ([1]_, section 3.3), to compare with.

    20 single curves are started in the last column and completed to the first; the heights where
    they arrive are clustered. The paper begins the segmentation in the first column: ask for
    ``seed(columns=[0])``.

    Parameters
    ----------
    image, k, model, device, direction, region_thickness
        See `find_layers`; the limits are `PAPER_LAYER_COSTS`.

    Returns
    -------
    Candidates
        As `find_layers`, with the paper's costs.

    Raises
    ------
    CompletionError, ImageError, ModelError
        See `find_layers`.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.
    """
    search = Search(image, k, model, device, direction, region_thickness)
    if search.grid is None:
        return search.nothing("the image is constant")
    last = search.grid.columns - 1
    starts = [(last, single_starts(search.grid.rows))]
    curves, uncertainty, _ = finish(search.run(starts, forward=False, backward=True))
    clusters = cluster_arrivals(curves, uncertainty, search.grid.rows, arrival=0)
    return search.candidates(clusters, k, PAPER_LAYER_COSTS, as_paper=True)
