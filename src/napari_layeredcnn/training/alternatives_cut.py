"""All curves at once as a minimum cut: ordered optimal surfaces after Li et al. [1]_.

References
----------
.. [1] Li, Wu, Chen, Sonka: Optimal Surface Segmentation in Volumetric Images, PAMI 28(1), 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from napari_layeredcnn.training.alternatives_appearance import (
    features,
    profile_costs,
    region_costs,
)
from napari_layeredcnn.training.alternatives_search import last_given

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FOREVER = 2**26  # capacity of an edge that no cut takes
_UNIT = 100  # capacities are integers: a hundredth of a cost


@dataclass(frozen=True)
class CutSettings:
    """Settings of `graph_cut`, chosen on validation images (`docs/benchmark.md`).

    Parameters
    ----------
    smoothing, texture : float
        See `features`.
    reach, memory : int
        See `profile_costs`.
    regions, profile : float
        Weights of the costs of regions and of profiles across curves.
    step : float
        What a step of one row costs.
    most : int
        Rows up or down from column to column, at most.
    thinnest : int
        Rows between two curves, at least; fewer where the seed has fewer.
    """

    smoothing: float = 1.5
    texture: float = 0.5
    reach: int = 2
    memory: int = 2
    regions: float = 0.0
    profile: float = 1.0
    step: float = 0.4
    most: int = 2
    thinnest: int = 2


def graph_cut(
    images: NDArray[Any],
    seeds: NDArray[np.float32],
    settings: CutSettings = CutSettings(),
) -> NDArray[np.float32]:
    """Continue all curves to the right where a minimum cut has them: the best of all.

    What is made small is the sum over columns of: how little the pixels of each region fit the
    intensities at the seed; how much the profile across each curve differs from the seed's; the
    step of each curve. Curves stay in order.

    Parameters
    ----------
    images : ndarray, shape (B, H, W)
        Gray images of any integer or float dtype.
    seeds : ndarray of float32, shape (B, K, W)
        Curves in edge coordinates; the columns given are the first ones, NaN elsewhere.
    settings : CutSettings
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
    >>> graph_cut(image, seed)
    array([[[6., 6., 6., 6., 6.]]], dtype=float32)
    """
    last = last_given(seeds)
    shown = features(images, settings.smoothing, settings.texture)
    across = profile_costs(shown, seeds, last, settings.reach, settings.memory)
    inside = region_costs(shown, seeds, last, settings.memory)
    # A pixel is above curve k or below it: what it costs more to be above.
    above = settings.regions * (inside[:, :-1] - inside[:, 1:])
    above = above + settings.profile * np.diff(across, axis=2)
    curves = seeds.copy()
    for cost, seed, end, curve in zip(above, seeds, last, curves, strict=True):
        start = np.rint(seed[:, end]).astype(np.intp).clip(0, cost.shape[1])
        start = np.maximum.accumulate(start)
        curve[:, end + 1 :] = _cut(cost[..., end:], start, settings)[:, 1:]
    return curves


def _cut(
    above: NDArray[np.float32], start: NDArray[np.intp], settings: CutSettings
) -> NDArray[np.intp]:
    """Rows (K, W) of least cost that begin at `start`, from costs (K, H, W) of being above."""
    height = above.shape[1]
    nodes = np.arange(above.size).reshape(above.shape)
    source, sink = above.size, above.size + 1
    capacities = np.rint(_UNIT * above).astype(np.int64)
    is_above = np.arange(height) < start[:, None]
    gaps = np.minimum(settings.thinnest, np.diff(start))
    for k, gap in enumerate(gaps):  # there must be room for the gap
        capacities[k, height - gap :] = _FOREVER
        capacities[k + 1, :gap] = -_FOREVER
    capacities[..., 0] = np.where(is_above, -_FOREVER, _FOREVER)
    edges: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]] = []

    def connect(a: NDArray[np.intp], b: NDArray[np.intp], capacity: Any) -> None:
        """Whoever cuts a from b, with a above its curve and b below, pays the capacity."""
        edges.append((a.ravel(), b.ravel(), np.broadcast_to(capacity, a.size).astype(np.int64)))

    gains, pays = capacities < 0, capacities > 0
    connect(np.full(gains.sum(), source), nodes[gains], -capacities[gains])
    connect(nodes[pays], np.full(pays.sum(), sink), capacities[pays])
    connect(nodes[:, 1:], nodes[:, :-1], _FOREVER)  # over a pixel above the curve there are more
    most, step = settings.most, round(_UNIT * settings.step)
    for a, b in ((nodes[..., 1:], nodes[..., :-1]), (nodes[..., :-1], nodes[..., 1:])):
        connect(a, b, step)
        connect(a[:, most:], b[:, : height - most], _FOREVER)
    for k, gap in enumerate(gaps):
        connect(nodes[k, : height - gap], nodes[k + 1, gap:], _FOREVER)
    a, b, capacity = (np.concatenate(parts) for parts in zip(*edges, strict=True))
    places = a.astype(np.int32), b.astype(np.int32)  # all that maximum_flow took before SciPy 1.15
    graph = coo_array((capacity.astype(np.int32), places), shape=(sink + 1, sink + 1)).tocsr()
    left = csr_array(graph - maximum_flow(graph, source, sink).flow)
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    reached = np.zeros(sink + 1, bool)
    reached[breadth_first_order(left, source, return_predecessors=False)] = True
    return np.asarray(reached[: above.size].reshape(above.shape).sum(1))
