"""Cheapest paths through costs, from the last given column to the right: dynamic programming."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def last_given(seeds: NDArray[np.float32]) -> NDArray[np.intp]:
    """Find the last given column of seeds whose first columns are given.

    Parameters
    ----------
    seeds : (B, K, W) float array
        NaN where not given.

    Returns
    -------
    (B,) int array
        The last given column of each.

    Raises
    ------
    ValueError
        If the given columns are not the first ones, one at least.

    Examples
    --------
    >>> last_given(np.array([[[5.0, 6.0, np.nan]], [[5.0, np.nan, np.nan]]]))
    array([1, 0])
    """
    some = np.isfinite(seeds)
    given = some.all(1)
    last = given.sum(1) - 1
    first_ones = np.arange(seeds.shape[-1]) <= last[:, None]
    if (last < 0).any() or (given != first_ones).any() or (some.any(1) != first_ones).any():
        raise ValueError(
            "This method needs the first columns to be the given ones, but others are given, or "
            "none; give curves from column 0 on."
        )
    return np.asarray(last, np.intp)


def cheapest_paths(
    costs: NDArray[np.floating],
    columns: NDArray[np.intp],
    rows: NDArray[np.intp],
    steps: NDArray[np.floating],
) -> NDArray[np.intp]:
    """Follow the cheapest path of each start to the last column.

    Parameters
    ----------
    costs : (N, R, W) float array
        What it costs to be in a row of a column.
    columns, rows : (N,) int array
        Where each path starts.
    steps : (2S+1,) or (N, W, 2S+1) float array
        What a step of -S to S rows costs; with three axes, a step into each column.

    Returns
    -------
    (N, W) int array
        Rows; the start's row in the columns before it. Of equal paths the one whose next step goes
        furthest up is taken.

    Examples
    --------
    >>> costs = np.array([[[0.0, 1, 0], [0, 0, 1], [0, 1, 1]]])
    >>> cheapest_paths(costs, np.array([0]), np.array([1]), np.array([0.5, 0, 0.5]))
    array([[1, 1, 0]])
    """
    number, n_rows, width = costs.shape
    steps = np.broadcast_to(steps, (number, width, steps.shape[-1]))
    most = steps.shape[-1] // 2
    first = int(columns.min())
    choices = np.zeros((width, number, n_rows), np.int8)
    padded = np.full((number, n_rows + 2 * most), np.inf, costs.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * most + 1, axis=1)
    to_go = padded[:, most : most + n_rows]
    to_go[:] = costs[..., -1]
    for x in range(width - 2, first - 1, -1):
        reached = windows + steps[:, x + 1, None]
        choices[x] = reached.argmin(2)
        to_go[:] = reached.min(2) + costs[..., x]
    path = np.repeat(rows[:, None], width, axis=1)
    every = np.arange(number)
    for x in range(first, width - 1):
        on = path[:, x] + choices[x, every, path[:, x]] - most
        path[:, x + 1] = np.where(x >= columns, on, rows)
    return path
