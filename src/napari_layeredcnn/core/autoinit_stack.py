"""Automatic initialization of a stack: layers found in some slices, on which these agree.

The slices in which the layers are found are the labelled ones from which the stack is completed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.agreement import agreeing
from napari_layeredcnn.core.autoinit import iter_candidates
from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.search import FindProgress, Search
from napari_layeredcnn.core.steps import finish, relay
from napari_layeredcnn.core.weights import Model, load_model

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_layeredcnn.core.candidates import Candidates
    from napari_layeredcnn.core.search import Along
    from napari_layeredcnn.core.slices import StackArray

#: Slices that are looked at for the clearest one.
LOOKED_AT = 5


def find_layers_in_stack(
    stack: StackArray | Sequence[NDArray[Any]],
    k: int | None = None,
    *,
    every: int | None = None,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Along = "horizontal",
    region_thickness: float | None = None,
) -> dict[int, Candidates]:
    """Find layers in some slices of a stack.

    Each of these slices is searched on its own (`find_layers`); what lies at about the same place
    in the next one is the same layer. A layer costs the mean of its candidates, times the number
    of slices that were looked at, divided by the number of those in which it was found; constant
    slices do not count.

    Parameters
    ----------
    stack : (S, H, W) or (S, H, W, 3 or 4) array, or sequence of slices
        NumPy, dask or zarr; one slice is read at a time.
    k : int, optional
        How many layers are chosen, the cheapest. Default: see `find_layers`.
    every : int, optional
        Look at every so many slices, and return all of them that agree with the clearest one.
        Default: look at 5 evenly spaced slices, and return the clearest one only.
    model, device, direction, region_thickness
        See `find_layers`.

    Returns
    -------
    dict of int to Candidates
        The clearest slice first: the one with the most of the layers, and of such slices the one
        where they cost least. Candidate i is the same layer, at the same cost, in all of them. If
        there are no layers none is chosen, and the notes say so.

    Raises
    ------
    CompletionError, ImageError, ModelError
        See `find_layers`.

    Examples
    --------
    >>> image = np.repeat([[0.0], [1.0], [0.0]], [20, 24, 20], axis=0) * np.ones((1, 12))
    >>> found = find_layers_in_stack([image, image], 2, every=1)
    >>> sorted(found), found[1].seed().n_curves
    ([0, 1], 2)
    """
    steps = iter_find_layers_in_stack(
        stack,
        k,
        every=every,
        model=model,
        device=device,
        direction=direction,
        region_thickness=region_thickness,
    )
    return finish(steps)


def iter_find_layers_in_stack(
    stack: StackArray | Sequence[NDArray[Any]],
    k: int | None = None,
    *,
    every: int | None = None,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Along = "horizontal",
    region_thickness: float | None = None,
) -> Generator[FindProgress, None, dict[int, Candidates]]:
    """Like `find_layers_in_stack`, but tells how far it is.

    Parameters
    ----------
    stack, k, every, model, device, direction, region_thickness
        See `find_layers_in_stack`.

    Yields
    ------
    FindProgress
        After every column of a slice. The generator may be closed between any two.

    Returns
    -------
    dict of int to Candidates
        The value of the generator's ``StopIteration``.

    Raises
    ------
    CompletionError, ImageError, ModelError
        See `find_layers`; raised at the first ``next``.
    """
    indices = _looked_at(_count(stack), every)
    if k is not None and k < 1:
        raise CompletionError(f"one layer or more can be looked for, not {k}")
    model = model if isinstance(model, Model) else load_model(model)
    found: dict[int, Candidates] = {}
    for n, index in enumerate(indices):
        image = np.asarray(stack[index])
        search = Search(image, k, model, device, direction, region_thickness)
        found[index] = yield from relay(
            iter_candidates(search, None),  # slices are to agree on them first
            lambda step, n=n: FindProgress(  # type: ignore[misc]
                n * step.total + step.done, len(indices) * step.total
            ),
        )
    return agreeing(found, k, clearest_only=every is None)


def _count(stack: Any) -> int:
    """Return how many slices a stack has."""
    shape = tuple(stack.shape) if hasattr(stack, "shape") else (len(stack), 0, 0)
    if len(shape) != 3 and not (len(shape) == 4 and shape[3] in (3, 4)):
        raise CompletionError(
            f"a stack has the shape (slices, rows, columns), or that and 3 or 4 colors, but this "
            f"one has {shape}; choose the axis of the slices and one channel"
        )
    if not shape[0]:
        raise CompletionError("the stack has no slices; choose another one")
    return int(shape[0])


def _looked_at(count: int, every: int | None) -> list[int]:
    """Return evenly spaced slices, as many at the beginning as at the end left out.

    >>> _looked_at(24, None), _looked_at(10, 4), _looked_at(2, None), _looked_at(3, 9)
    ([2, 7, 12, 16, 21], [0, 4, 8], [0, 1], [1])
    """
    if every is None:
        n = min(LOOKED_AT, count)
        return [int((i + 0.5) * count / n) for i in range(n)]
    if every < 1:
        raise CompletionError(f"every slice or fewer can be looked at, but every is {every}")
    return list(range((count - 1) % every // 2, count, every))
