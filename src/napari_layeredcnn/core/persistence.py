"""Believing a person's correction for longer than one column.

The network reads where a curve is from the columns to the left, but trusts the image more: led
away from the boundary that it prefers, it is back after a few columns. Where someone has put a
curve against it, the curve is held there for a while unless the image is clear.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

#: A curve was corrected if it is further from what the network said, in pixels (rows).
CORRECTED = 1.0
#: Right behind a correction a curve stays where it is, unless less than ``0.5 - HOLD / 2`` of the
#: probability is to one side of it; after ``COLUMNS`` columns `HOLD` has fallen to ``1 / e``.
HOLD, COLUMNS = 0.3, 10.0
#: Nothing is held by less.
_LEAST = 0.01


class Persistence:
    """Holds corrected curves of a batch during a run.

    Parameters
    ----------
    first : (B, K) Tensor
        Curves of the first column.

    Examples
    --------
    >>> persistence = Persistence(torch.tensor([[2.0]]))
    >>> below = torch.tensor([[[0.0, 0.0, 0.4, 0.6, 1.0, 1.0]]])
    >>> said = torch.tensor([[3.0]])
    >>> persistence.hold(said, below).item()
    3.0
    >>> persistence.follow(said, torch.tensor([[2.0]]))  # a person puts it back by one row
    >>> persistence.follow(said, torch.tensor([[1.5]]))  # and by more
    >>> persistence.hold(said, below).item()
    2.375
    """

    def __init__(self, first: Tensor) -> None:
        self._last = first
        self._held = torch.zeros_like(first)

    def hold(self, said: Tensor, below: Tensor) -> Tensor:
        """Return curves (B, K) for the next column, from what the network has said.

        Parameters
        ----------
        said : (B, K) Tensor
            The network's curves, sharpened.
        below : (B, K, H) Tensor
            Probability that a pixel lies below a curve.

        Returns
        -------
        (B, K) Tensor
            `said`, but for curves that were corrected not long ago.
        """
        if (self._held < _LEAST).all():
            return said
        below = below.cummax(2).values
        middle = _crossing(below, torch.full_like(said, 0.5))
        highest = said + _crossing(below, 0.5 - self._held / 2) - middle
        lowest = said + _crossing(below, 0.5 + self._held / 2) - middle
        held = torch.minimum(torch.maximum(self._last, highest), lowest).cummax(1).values
        return torch.where((self._held < _LEAST).all(1, keepdim=True), said, held)

    def follow(self, said: Tensor, chosen: Tensor) -> None:
        """Take note of the curves (B, K) that were chosen where the network said something else."""
        self._held = self._held * math.exp(-1 / COLUMNS)
        self._held[(chosen - said).abs() > CORRECTED] = HOLD
        self._last = chosen


def _crossing(below: Tensor, level: Tensor) -> Tensor:
    """Edge coordinate at which rising values (B, K, H) of the pixels pass a level (B, K)."""
    height = below.shape[2]
    level = level.unsqueeze(2)
    before = (below < level).sum(2, keepdim=True)
    there = below.gather(2, before.clamp(max=height - 1))
    above = torch.where(before > 0, below.gather(2, (before - 1).clamp(min=0)), 0.0)
    share = ((level - above) / (there - above).clamp_min(1e-6)).clamp(0, 1)
    return (before + share - 0.5).clamp(0, height).squeeze(2)
