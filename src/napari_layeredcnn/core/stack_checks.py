"""What is asked of a stack's direction, seeds and settings before any work is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from napari_layeredcnn.core.completion import Direction
from napari_layeredcnn.core.decoder import CompletionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.core.slices import Slices


def check_stop(stop_above: float | None) -> None:
    """Check that propagation can stop there.

    Parameters
    ----------
    stop_above : float, optional
        See `seeds_for_stack`.

    Raises
    ------
    CompletionError
        If it is not a positive number.
    """
    if stop_above is not None and not (np.isfinite(stop_above) and stop_above > 0):
        raise CompletionError(
            f"propagation stops above a positive number of pixels, not {stop_above}; give one, or "
            "none"
        )


def check_direction(direction: str) -> None:
    """Check that there is such a direction.

    Parameters
    ----------
    direction : str
        See `complete`.

    Raises
    ------
    CompletionError
        If there is not.
    """
    if direction not in get_args(Direction):
        raise CompletionError(
            f"there is no direction {direction!r}; choose one of {', '.join(get_args(Direction))}"
        )


def check_seeds(seeds: Mapping[int, Seed], slices: Slices) -> None:
    """Check that the labelled slices' seeds fit the stack and each other.

    Parameters
    ----------
    seeds : mapping of int to Seed
        By the slice's index.
    slices : Slices
        The stack.

    Raises
    ------
    CompletionError
        If they do not.
    """
    if not seeds:
        raise CompletionError(
            "no slice is labelled; label all regions in one column or more of one slice or more"
        )
    first = seeds[min(seeds)]
    for index, seed in sorted(seeds.items()):
        if not 0 <= index < slices.count:
            raise CompletionError(
                f"there is a seed for slice {index}, but the stack has the slices 0 to "
                f"{slices.count - 1}; give seeds of its own slices"
            )
        if (seed.height, seed.width) != (slices.height, slices.width):
            raise CompletionError(
                f"the seed of slice {index} is for {seed.height} x {seed.width} pixels, but the "
                f"slices have {slices.height} x {slices.width} in this direction; give labels of "
                "the stack's own shape"
            )
        if seed.region_ids != first.region_ids:
            raise CompletionError(
                f"slice {index} has the regions {list(seed.region_ids)}, but slice {min(seeds)} "
                f"has {list(first.region_ids)}; label the same regions in every labelled slice"
            )
