"""Probabilities to curves and back, in torch, for one column or for all at once.

The NumPy twins, for arrays outside the decoding loop, are in `curves`; the tests hold both equal.
"""

from __future__ import annotations

import torch
from torch import Tensor


def sharpen(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Turn blurry probabilities into sub-pixel curves ([1]_, figure 6).

    For each row the number of pixels is counted that would have to change for a clean step there;
    the least such row holds the curve (the upper one of equals), and how much more its two
    neighbors would cost tells where in it.

    Parameters
    ----------
    probabilities : (B, K+1, H, W) Tensor
        Probabilities of the regions, summing to 1 over them.

    Returns
    -------
    curves : (B, K, W) Tensor
        Ordered curves in edge coordinates.
    uncertainty : (B, K, W) Tensor
        Summed absolute difference over the rows between the shares below the curve before and
        after sharpening, in pixels; 0 for a clean step.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.

    Examples
    --------
    >>> curves = torch.tensor([[[2.25]]])
    >>> found, uncertainty = sharpen(render(curves, 4))
    >>> found.item(), uncertainty.item()
    (2.25, 0.0)
    """
    height = probabilities.shape[2]
    below = 1 - probabilities[:, :-1].cumsum(1)  # (B, K, H, W), 0 above a curve and 1 below
    summed = below.cumsum(2)
    total = summed[:, :, -1:]
    rows = torch.arange(height, dtype=below.dtype, device=below.device).view(1, 1, -1, 1)
    # cost[y]: what lies below the curve but above row y, and what lies above it but below row y.
    cost = 2 * summed - below - total + (height - 1 - rows)
    row = cost.argmin(2, keepdim=True)  # the first of equals
    padded = torch.cat([torch.zeros_like(total), below, torch.ones_like(total)], dim=2)
    above, here, beneath = (padded.gather(2, row + i) for i in range(3))
    upper, lower = (1 - above - here).clamp_min(0), (here + beneath - 1).clamp_min(0)
    curves = row + 0.5 + (upper - lower) / (2 * (upper + lower).clamp_min(1e-12))
    curves = curves.squeeze(2).cummax(1).values
    uncertainty = (below - _share_below(curves, height)).abs().sum(2)
    return curves, uncertainty


def render(curves: Tensor, height: int) -> Tensor:
    """Draw curves as one-hot columns with one mixed pixel per boundary.

    Parameters
    ----------
    curves : (B, K, W) Tensor
        Ordered curves in edge coordinates.
    height : int
        Number of rows.

    Returns
    -------
    (B, K+1, H, W) Tensor
        Share of each pixel that belongs to each region.

    Examples
    --------
    >>> render(torch.tensor([[[1.5]]]), 3)[0, :, :, 0]
    tensor([[1.0000, 0.5000, 0.0000],
            [0.0000, 0.5000, 1.0000]])
    """
    below = _share_below(curves, height)
    ones = torch.ones_like(below[:, :1])
    return torch.cat([ones, below], 1) - torch.cat([below, torch.zeros_like(ones)], 1)


def _share_below(curves: Tensor, height: int) -> Tensor:
    edges = torch.arange(1, height + 1, dtype=curves.dtype, device=curves.device)
    return (edges.view(1, 1, -1, 1) - curves.unsqueeze(2)).clamp(0, 1)
