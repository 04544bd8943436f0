"""What stack runs have left in a result, and which of its slices a new one has to do.

A slice follows from the nearest labelled slices on its two sides, or from its own labels. It is
done again if these are others now; not if a person has changed it, nor if it would come out the
same. All is told from checksums, so that it also holds after undo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.planes import Plane

    #: Checksums of what is labelled, by the slice's number.
    Labelled = Mapping[int, int]


@dataclass(frozen=True, eq=False)
class StackLeft:
    """What one stack run has left.

    Parameters
    ----------
    plane : Plane
        Its first slice in the result.
    axis : int
        The result's axis along which the slices follow each other.
    settings : tuple
        Image and choices; runs with others do not go together.
    labelled : mapping of int to int
        Checksums of the labelled slices, by number.
    pixels : mapping of int to int
        Checksums of the slices that it has completed.
    """

    plane: Plane
    axis: int
    settings: tuple[Any, ...]
    labelled: Labelled
    pixels: Mapping[int, int]


@dataclass(frozen=True)
class ToDo:
    """Numbers of the slices to do, and of those that stay because a person has changed them."""

    slices: tuple[int, ...]
    left: tuple[int, ...] = ()


def what_to_do(
    numbers: Iterable[int],
    labelled: Labelled,
    runs: Sequence[StackLeft],
    result: Labels,
    first: Plane,
    axis: int,
    locked: Iterable[int] = (),
) -> ToDo:
    """Find the slices of a result that a new run has to do.

    Parameters
    ----------
    numbers : iterable of int
        Slices that are asked for.
    labelled : mapping of int to int
        Checksums of what is labelled now.
    runs : sequence of StackLeft
        Earlier runs with the same settings, oldest first.
    result : napari.layers.Labels
        The layer that holds what they have left.
    first : Plane
        The first slice.
    axis : int
        The axis along which the slices follow each other.
    locked : iterable of int
        Slices with locked columns, which stay if they are done.

    Returns
    -------
    ToDo
        In order.
    """
    runs = [run for run in runs if run.plane == first and run.axis == axis]
    stay = set(locked)
    last = runs[-1].labelled if runs else {}
    todo, left = [], []
    for number in numbers:
        pixels = np.asarray(first.at(axis, number).of(result.data))
        if not pixels.any():
            todo.append(number)
            continue
        seen = checksum(pixels)
        made = next((run for run in reversed(runs) if run.pixels.get(number) == seen), None)
        if made is not None and number not in stay:
            if sources(number, made.labelled) != sources(number, labelled):
                todo.append(number)
        elif number in labelled and labelled[number] != last.get(number) and number not in stay:
            todo.append(number)  # the person has painted it, and labelled it after that
        else:
            left.append(number)
    return ToDo(tuple(todo), tuple(left))


def sources(number: int, labelled: Labelled) -> tuple[tuple[int, int] | None, ...]:
    """Return the labelled slices that a slice follows from, with their checksums.

    Examples
    --------
    >>> sources(5, {2: 77, 9: 88}), sources(2, {2: 77, 9: 88}), sources(1, {2: 77})
    (((2, 77), (9, 88)), ((2, 77), (2, 77)), (None, (2, 77)))
    """
    before = max((i for i in labelled if i <= number), default=None)
    after = min((i for i in labelled if i >= number), default=None)
    return tuple(None if i is None else (i, labelled[i]) for i in (before, after))


def checksum(array: NDArray[Any]) -> int:
    """Return a checksum of an array's values.

    Examples
    --------
    >>> checksum(np.eye(2)) == checksum(np.eye(2).T), checksum(np.eye(2)) == checksum(np.ones(4))
    (True, False)
    """
    return crc32(np.ascontiguousarray(array).data)
