"""All curves together from left to right: ordered joint dynamic programming.

Exact dynamic programming over K curves takes a number of states that grows with rows to the power
of K. Instead the energy goes down by turns, each of them exact: all curves move in parallel, which
is a path of one number; then every other curve moves between its neighbors, which are held
("iterated conditional dynamic programming"). No turn makes the energy larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.training.alternatives_appearance import features, profile_costs
from napari_layeredcnn.training.alternatives_search import cheapest_paths, last_given

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.intp]

_FORBIDDEN = np.float32(1e4)


@dataclass(frozen=True)
class JointSettings:
    """Settings of `joint_path`, chosen on validation images (`docs/benchmark.md`).

    Parameters
    ----------
    smoothing, texture : float
        See `features`.
    reach, memory : int
        See `profile_costs`.
    step, thickness : float
        What a step of one row, and a change of a region's thickness by one row, costs.
    most : int
        Rows up or down from column to column, at most.
    thinnest : int
        Rows between two curves, at least; fewer where the seed has fewer.
    rounds : int
        How often everything has its turn.
    """

    smoothing: float = 1.5
    texture: float = 1.0
    reach: int = 2
    memory: int = 2
    step: float = 0.8
    thickness: float = 1.6
    most: int = 1
    thinnest: int = 2
    rounds: int = 4


def joint_path(
    images: NDArray[Any],
    seeds: NDArray[np.float32],
    settings: JointSettings = JointSettings(),
) -> NDArray[np.float32]:
    """Continue all curves to the right where the image looks as it does at the seed.

    What is made small is the sum over columns of: how much the profile across each curve differs
    from the seed's; the step of each curve; the change of each inner region's thickness. Curves
    stay in order.

    Parameters
    ----------
    images : ndarray, shape (B, H, W)
        Gray images of any integer or float dtype.
    seeds : ndarray of float32, shape (B, K, W)
        Curves in edge coordinates; the columns given are the first ones, NaN elsewhere.
    settings : JointSettings
        See there.

    Returns
    -------
    ndarray of float32, shape (B, K, W)
        Curves in edge coordinates; given columns as they were.

    Raises
    ------
    ValueError
        If the given columns are not the first ones.

    Examples
    --------
    >>> image = np.zeros((1, 12, 5))
    >>> image[0, 6:] = 1.0
    >>> seed = np.full((1, 1, 5), np.nan, np.float32)
    >>> seed[..., 0] = 6.0
    >>> joint_path(image, seed)
    array([[[6., 6., 6., 6., 6.]]], dtype=float32)
    """
    last = last_given(seeds)
    shown = features(images, settings.smoothing, settings.texture)
    costs = profile_costs(shown, seeds, last, settings.reach, settings.memory)
    start = np.rint(seeds[np.arange(len(seeds)), :, last]).astype(np.intp)
    start = np.maximum.accumulate(start.clip(0, costs.shape[2] - 1), axis=1)
    rows = _Turns(costs, last, start, settings).rows
    return np.where(np.isnan(seeds), rows, seeds).astype(np.float32)


class _Turns:
    """Rows (B, K, W) of all curves, made better by turns from the flat line on."""

    def __init__(
        self, costs: NDArray[np.float32], last: Rows, start: Rows, settings: JointSettings
    ) -> None:
        self._costs, self._last, self._start, self._settings = costs, last, start, settings
        self._offsets = np.arange(-settings.most, settings.most + 1)
        self._apart = np.minimum(settings.thinnest, np.diff(start, axis=1))[..., None]
        self.rows = np.repeat(start[..., None], costs.shape[3], axis=2)
        n_curves = start.shape[1]
        for _ in range(settings.rounds):
            before = self.rows
            if n_curves > 1:
                self._move_all()
            for first in range(min(2, n_curves)):
                self._move_between(np.arange(first, n_curves, 2))
            if (self.rows == before).all():
                break

    def energy(self) -> NDArray[np.float64]:
        """What the rows of each image cost, from its last given column on."""
        own = np.take_along_axis(self._costs, self.rows[:, :, None], 2)[:, :, 0].sum(1)
        steps = np.diff(self.rows, axis=2)
        own[:, 1:] += self._settings.step * np.abs(steps).sum(1)
        own[:, 1:] += self._settings.thickness * np.abs(np.diff(steps, axis=1)).sum(1)
        going_on = np.arange(own.shape[1]) > self._last[:, None]
        return np.asarray(np.where(going_on, own, 0).sum(1), np.float64)

    def _move_all(self) -> None:
        """Move all curves up or down together, by another number of rows in each column."""
        batch, n_curves, n_rows, width = self._costs.shape
        shifts = np.arange(1 - n_rows, n_rows)
        total = np.zeros((batch, len(shifts), width), np.float32)
        for k in range(n_curves):
            there = self.rows[:, k, None] + shifts[:, None]  # (B, shifts, W)
            inside = (there >= 0) & (there < n_rows)
            total += np.where(
                inside,
                np.take_along_axis(self._costs[:, k], there.clip(0, n_rows - 1), 1),
                _FORBIDDEN,
            )
        moves = np.diff(self.rows, axis=2, prepend=self.rows[..., :1])
        away = np.abs(moves[..., None] + self._offsets)  # (B, K, W, steps)
        steps = self._settings.step * away.sum(1)
        # Together with the steps that they make already, curves may not step further than allowed.
        steps = steps + _FORBIDDEN * (away.max(1) > self._settings.most)
        zero = np.full(batch, n_rows - 1)
        shift = cheapest_paths(total, self._last, zero, steps) - (n_rows - 1)
        self.rows = self.rows + shift[:, None]

    def _move_between(self, which: Rows) -> None:
        """Move some curves, no two of them neighbors, while the others are held."""
        batch, n_curves, n_rows, width = self._costs.shape
        costs = self._costs[:, which].copy()
        here = np.arange(n_rows)[:, None]
        moves = np.diff(self.rows, axis=2, prepend=self.rows[..., :1])
        steps = np.zeros((batch, len(which), width, len(self._offsets)), np.float32)
        steps += self._settings.step * np.abs(self._offsets)
        for i, k in enumerate(which):
            if k > 0:
                least = self.rows[:, k - 1] + self._apart[:, k - 1]
                costs[:, i] += _FORBIDDEN * (here < least[:, None])
            if k < n_curves - 1:
                largest = self.rows[:, k + 1] - self._apart[:, k]
                costs[:, i] += _FORBIDDEN * (here > largest[:, None])
            for neighbor in (k - 1, k + 1):
                if 0 <= neighbor < n_curves:
                    away = np.abs(self._offsets - moves[:, neighbor, :, None])
                    steps[:, i] += self._settings.thickness * away
        found = cheapest_paths(
            costs.reshape(-1, n_rows, width),
            np.repeat(self._last, len(which)),
            self._start[:, which].ravel(),
            steps.reshape(-1, width, len(self._offsets)),
        )
        self.rows = self.rows.copy()
        self.rows[:, which] = found.reshape(batch, len(which), width)
