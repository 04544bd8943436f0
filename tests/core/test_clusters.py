from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_layeredcnn.core.clusters import cluster_arrivals, cluster_runs, run_costs

W = 30


def flat(*heights):
    return np.repeat(np.array(heights, np.float32)[:, None], W, axis=1)


def chained(heights, distance):
    """Single linkage in one dimension: sort, and cut where the step is too large."""
    order = np.argsort(heights, kind="stable")
    cuts = np.flatnonzero(np.diff(np.asarray(heights)[order]) > distance) + 1
    return {frozenset(part.tolist()) for part in np.split(order, cuts)}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=20))
def test_arrivals_are_clustered_by_single_linkage(halves):
    heights = np.array(halves, np.float32) / 2
    clusters = cluster_arrivals(flat(*heights), flat(*heights) * 0, 100, arrival=0)
    expected = chained(heights, 1.5)
    assert sorted(c.members for c in clusters) == sorted(map(len, expected))
    means = sorted(float(heights[list(part)].mean()) for part in expected)
    assert sorted(float(c.curve[0]) for c in clusters) == pytest.approx(means)


def test_a_cluster_costs_what_its_cheapest_member_costs():
    curves = flat(5, 6, 20)
    curves[1, 1:] = 7
    clusters = cluster_arrivals(curves, flat(0.4, 0.2, 0.3), 40, arrival=0)
    assert [c.cost for c in clusters] == pytest.approx([0.2, 0.3])
    assert clusters[0].curve[0] == 5.5  # the mean of the two
    np.testing.assert_array_equal(clusters[0].curve[1:], 7)


@pytest.mark.parametrize(("columns", "penalty"), [(6, 0), (7, 1)])
@pytest.mark.parametrize(("near", "within"), [(0.5, 1), (39.5, 1), (2.4, 2.5), (37.6, 2.5)])
def test_following_an_edge_costs_a_pixel(columns, penalty, near, within):
    curve = flat(20)
    curve[0, :columns] = near
    assert run_costs(curve, flat(0.3), 40, within) == pytest.approx([0.3 + penalty])
    curve[curve == near] += 0.7 if near < 20 else -0.7
    assert run_costs(curve, flat(0.3), 40, within) == pytest.approx([0.3])


def test_many_runs_on_a_layer_are_cheaper_than_one():
    curves = flat(10, 10.5, 11, 10.2, 30)
    clusters = cluster_runs(curves, flat(0.6, 0.8, 0.8, 0.8, 0.4), np.array([0, 0, 9, 9, 0]), 64, 5)
    assert [c.members for c in clusters] == [4, 1]
    # The members count as if there were 60 starts.
    assert [c.cost for c in clusters] == pytest.approx([0.6 / np.sqrt(48), 0.4 / np.sqrt(12)])


def test_the_number_of_starts_does_not_make_a_layer_cheaper():
    curves, columns = flat(10, 10.5, 30), np.zeros(3, int)
    blur = flat(0.6, 0.8, 0.5)
    once = cluster_runs(curves, blur, columns, 64, 3)
    twice = cluster_runs(*(np.concatenate([a, a]) for a in (curves, blur, columns)), 64, 6)
    assert [c.cost for c in twice] == pytest.approx([c.cost for c in once])
    assert [c.members for c in twice] == [4, 2]


def test_runs_that_meet_late_are_not_one_candidate():
    """The paper's clusters look at one column only, and would take them for one."""
    curves = flat(10, 30)
    curves[1, :5] = 10
    starts = np.array([29, 29])
    assert len(cluster_arrivals(curves, flat(0.5, 0.5), 64, arrival=0)) == 1
    assert len(cluster_runs(curves, flat(0.5, 0.5), starts, 64, 2)) == 2


def test_near_its_start_a_run_is_replaced_by_others_of_its_cluster():
    curves = flat(10, 10)
    curves[0, 20:] = [18, 17, 16, 15, 14, 13, 12, 11, 10, 10]  # on its way to the layer
    curves[0, 20:] = curves[0, 20:][::-1]
    blur = flat(0.1, 0.3)
    (cluster,) = cluster_runs(curves, blur, np.array([29, 0]), 64, 2)
    np.testing.assert_array_equal(cluster.curve[22:], 10)
    np.testing.assert_allclose(cluster.uncertainty, np.where(np.arange(W) > 21, 0.3, 0.1))


def test_doubles_are_left_out():
    """Two clusters beside each other whose cheapest members run together."""
    a, b = flat(10)[0], flat(10)[0]
    a[:14] = 20  # apart in 14 of 30 columns, together in 16
    c = flat(20)[0]
    curves = np.stack([b, a, c])
    clusters = cluster_runs(curves, flat(0.1, 0.5, 0.6), np.zeros(3, int), 64, 3)
    kept = [cluster.curve for cluster in clusters]
    together = [(np.abs(x - y) <= 1.5).mean() for i, x in enumerate(kept) for y in kept[i + 1 :]]
    assert len(kept) == 2
    assert max(together) < 0.5
