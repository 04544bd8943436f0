"""Runs of single curves, clustered: which of them found the same layer, and what it costs.

NumPy and SciPy only. The linkage is SciPy's: it is needed anyway, and scikit-learn is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

Floats = NDArray[np.float32]

#: Pixels of the working grid within which two runs are at the same place.
SAME_PLACE = 1.5
#: Share of the columns in which two runs of one layer are at the same place.
SAME_LAYER = 0.5
#: A run that is so near to the top or bottom (px) ...
EDGE = 2.5
#: ... in more than this share of the columns ...
AT_THE_EDGE = 0.2
#: ... costs so much more (px).
EDGE_PENALTY = 1.0
#: The same distance in the paper. Sets of curves press the outermost ones a little further in.
PAPER_EDGE = 1.0
#: The members of a candidate count as if there were so many starts.
COUNTED_IN = 60
#: Columns that a run takes to get from where it was started onto a layer.
ONSET = 8


@dataclass(frozen=True, eq=False)
class Cluster:
    """Runs that ended on one layer.

    Parameters
    ----------
    curve, uncertainty : (W,) float32 array
        Of the surest member, in pixels of the working grid.
    cost : float
        See `cluster_runs` and `cluster_arrivals`.
    members : int
        How many runs.
    """

    curve: Floats
    uncertainty: Floats
    cost: float
    members: int


def run_costs(curves: Floats, uncertainty: Floats, height: int, edge: float) -> Floats:
    """Cost of each run ([1]_, section 3.3): its mean uncertainty, more where it follows an edge.

    Parameters
    ----------
    curves, uncertainty : (B, W) float array
        Of the runs, in pixels of the working grid.
    height : int
        Rows of the grid.
    edge : float
        How near to the top or bottom a run follows it, in pixels of the grid.

    Returns
    -------
    (B,) float32 array
        Pixels.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.

    Examples
    --------
    >>> run_costs(np.float32([[5, 5], [0.5, 0.5]]), np.float32([[1, 2], [1, 2]]), 10, 1)
    array([1.5, 2.5], dtype=float32)
    """
    at_edge = ((curves <= edge) | (curves >= height - edge)).mean(axis=1) > AT_THE_EDGE
    return np.asarray(uncertainty.mean(axis=1) + EDGE_PENALTY * at_edge, dtype=np.float32)


def cluster_arrivals(
    curves: Floats, uncertainty: Floats, height: int, arrival: int
) -> list[Cluster]:
    """Cluster runs by where they arrive, as the paper does ([1]_, section 3.3).

    Single linkage of the heights in one column with 1.5 px. A cluster costs what its cheapest
    member costs, whose curve it has, but for the column of arrival, where it is the mean.

    Parameters
    ----------
    curves, uncertainty : (B, W) float array
        Of the runs, in pixels of the working grid.
    height : int
        Rows of the grid.
    arrival : int
        Column.

    Returns
    -------
    list of Cluster
        Ascending costs.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.

    Examples
    --------
    >>> curves = np.repeat(np.float32([[4], [5], [9]]), 3, axis=1)
    >>> [c.members for c in cluster_arrivals(curves, 0 * curves + 0.5, 20, 0)]
    [2, 1]
    """
    distances = np.abs(np.subtract.outer(curves[:, arrival], curves[:, arrival]))
    costs = run_costs(curves, uncertainty, height, PAPER_EDGE)
    clusters = []
    for members in _clusters(distances, "single", SAME_PLACE):
        best = members[np.argmin(costs[members])]
        curve = curves[best].copy()
        curve[arrival] = curves[members, arrival].mean()
        clusters.append(Cluster(curve, uncertainty[best], float(costs[best]), len(members)))
    return sorted(clusters, key=lambda cluster: cluster.cost)


def cluster_runs(
    curves: Floats, uncertainty: Floats, columns: NDArray[np.intp], height: int, n_starts: int
) -> list[Cluster]:
    """Cluster runs that are at the same place in most columns.

    Average linkage, where the distance of two runs is the share of the columns in which they are
    more than 1.5 px apart; runs that part with half of the others in a cluster are not in it. A
    cluster has the curve of its cheapest member and costs what that costs, divided by the square
    root of the number of members per 60 starts: many starts end on a layer, few run side by side in
    a texture.

    Parameters
    ----------
    curves, uncertainty : (B, W) float array
        Of the runs, in pixels of the working grid.
    columns : (B,) int array
        Columns in which they were started; near it, the curve of another member is taken where
        there is one.
    height : int
        Rows of the grid.
    n_starts : int
        How many starts there were; curves that were started as one set are one.

    Returns
    -------
    list of Cluster
        Ascending costs; of two that are at the same place in most columns, the cheaper only.

    Examples
    --------
    >>> curves = np.repeat(np.float32([[4], [5], [9]]), 3, axis=1)
    >>> clusters = cluster_runs(curves, 0 * curves + 0.5, np.array([0, 0, 2]), 20, 3)
    >>> [(c.members, round(c.cost, 3)) for c in clusters]
    [(2, 0.079), (1, 0.112)]
    """
    apart = np.abs(curves[:, None] - curves[None]) > SAME_PLACE
    costs = run_costs(curves, uncertainty, height, EDGE)
    clusters = []
    for members in _clusters(apart.mean(axis=2), "average", 1 - SAME_LAYER):
        best = members[np.argmin(costs[members])]
        curve, blur = curves[best].copy(), uncertainty[best].copy()
        others = members[columns[members] != columns[best]]
        if len(others):
            onset = np.abs(np.arange(curves.shape[1]) - columns[best]) < ONSET
            curve[onset] = np.median(curves[np.ix_(others, onset)], axis=0)
            blur[onset] = np.median(uncertainty[np.ix_(others, onset)], axis=0)
        cost = float(costs[best]) / np.sqrt(COUNTED_IN * len(members) / n_starts)
        clusters.append(Cluster(curve, blur, float(cost), len(members)))
    return _without_doubles(sorted(clusters, key=lambda cluster: cluster.cost))


def _clusters(distances: NDArray[np.floating], method: str, most: float) -> list[NDArray[np.intp]]:
    """Members of each cluster of the hierarchy, cut at this distance."""
    if len(distances) == 1:
        return [np.array([0])]
    above = distances[np.triu_indices(len(distances), 1)]
    names = fcluster(linkage(above, method), most, "distance")
    return [np.flatnonzero(names == name) for name in np.unique(names)]


def _without_doubles(clusters: list[Cluster]) -> list[Cluster]:
    kept: list[Cluster] = []
    for cluster in clusters:
        near = (np.abs(cluster.curve - other.curve) <= SAME_PLACE for other in kept)
        if all(share.mean() < SAME_LAYER for share in near):
            kept.append(cluster)
    return kept
