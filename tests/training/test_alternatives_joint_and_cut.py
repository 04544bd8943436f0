from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from napari_layeredcnn.training import alternatives_cut, alternatives_joint
from napari_layeredcnn.training.alternatives import flat_line
from napari_layeredcnn.training.alternatives_appearance import (
    features,
    profile_costs,
    region_costs,
)
from napari_layeredcnn.training.alternatives_cut import CutSettings, graph_cut
from napari_layeredcnn.training.alternatives_joint import JointSettings, joint_path

REGIONS = CutSettings(regions=0.5, profile=0.3, step=0.1)
SMALL = JointSettings(smoothing=0.5, step=0.1, thickness=0.1, most=2, thinnest=1)
METHODS = [
    lambda images, seeds: joint_path(images, seeds, SMALL),
    graph_cut,
    lambda images, seeds: graph_cut(images, seeds, REGIONS),
]


def layers(n=2, width=60):
    """Three regions of other gray, curves that run in parallel, then apart."""
    x = np.arange(width)
    top = 12 + 4 * np.sin(x / 9)
    curves = np.stack([np.stack([top, top + 12 + x / 15]), np.stack([top + 3, top + 18])])
    rows = np.arange(44)[:, None] + 0.5
    images = 60.0 * (curves[:, :, None] <= rows).sum(1)
    images += np.random.default_rng(0).normal(0, 6, images.shape)
    return images[:n], curves[:n].astype(np.float32)


def seed_of(curves, counts):
    seeds = np.full_like(curves, np.nan)
    for seed, curve, n in zip(seeds, curves, np.broadcast_to(counts, len(curves)), strict=True):
        seed[:, :n] = curve[:, :n]
    return seeds


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("counts", [1, 4, (1, 30)])
def test_clear_layers_are_followed(method, counts):
    images, curves = layers()
    seeds = seed_of(curves, counts)
    found = method(images, seeds)
    assert found.dtype == np.float32
    assert np.abs(found - curves).max() < 2
    np.testing.assert_array_equal(found[~np.isnan(seeds)], seeds[~np.isnan(seeds)])


@pytest.mark.parametrize("method", METHODS)
def test_each_image_of_a_batch_is_on_its_own(method):
    rng = np.random.default_rng(1)
    images = rng.normal(size=(3, 20, 16))
    seeds = np.full((3, 2, 16), np.nan, np.float32)
    seeds[..., 0] = [6, 13]
    seeds[1, :, 1:5] = [[7], [12]]
    together = method(images, seeds)
    for i in range(3):
        np.testing.assert_array_equal(method(images[[i]], seeds[[i]])[0], together[i])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("start", [[0, 0, 20], [3, 4, 4], [19.6, 20, 20]])
def test_curves_stay_in_order_and_inside_whatever_the_seed(method, start):
    images = np.random.default_rng(2).normal(size=(1, 20, 30))
    seeds = np.full((1, 3, 30), np.nan, np.float32)
    seeds[..., 0] = start
    found = method(images, seeds)
    assert (np.diff(found, axis=1) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= 20


@pytest.mark.parametrize("method", [joint_path, graph_cut])
def test_a_constant_image_gives_the_flat_line(method):
    seeds = np.full((1, 2, 12), np.nan, np.float32)
    seeds[..., 0] = [4, 9]
    found = method(np.full((1, 14, 12), 7, np.uint8), seeds)
    np.testing.assert_array_equal(found, flat_line(np.zeros(0), seeds))


def test_given_columns_must_be_the_first_ones():
    seeds = np.full((1, 1, 12), np.nan, np.float32)
    for method in METHODS:
        with pytest.raises(ValueError, match="first columns"):
            method(np.zeros((1, 14, 12)), seeds)


def all_curves(start, height, width, most, apart):
    """Every way that curves can go on from a start, (number, K, width)."""
    single = [
        [
            path
            for moves in product(range(-most, most + 1), repeat=width - 1)
            if (path := s + np.cumsum([0, *moves])).min() >= 0 and path.max() <= height
        ]
        for s in start
    ]
    ways = np.array([np.stack(way) for way in product(*single)])
    return ways[(np.diff(ways, axis=1) >= apart).all((1, 2))]


@pytest.mark.parametrize("start", [[3], [2, 5]])
def test_no_way_costs_less_than_the_cut(start):
    rng = np.random.default_rng(len(start))
    height, width = 7, 5 - len(start)
    settings = CutSettings(step=0.3, most=2, thinnest=2)
    ways = all_curves(start, height, width, 2, 2)
    assert len(ways) > 50
    for _ in range(15):
        above = np.round(rng.normal(size=(len(start), height, width)), 2)
        found = alternatives_cut._cut(above.astype(np.float32), np.array(start), settings)
        summed = np.concatenate([np.zeros((len(start), 1, width)), above.cumsum(1)], axis=1)

        def prices(ways, summed=summed):
            own = np.take_along_axis(summed[None], ways[:, :, None], 2)[..., 0, 1:].sum((1, 2))
            return own + 0.3 * np.abs(np.diff(ways)).sum((1, 2))

        assert (found[:, 0] == start).all()
        assert (found == ways).all((1, 2)).any()
        assert prices(found[None]) == pytest.approx(prices(ways).min())


def test_turns_never_cost_more_and_mostly_end_at_the_best():
    rng = np.random.default_rng(5)
    start, last = np.array([[2, 4]]), np.array([0])
    settings = replace(SMALL, step=0.2, thickness=0.3, rounds=6)
    ways = all_curves(start[0], 6, 4, 2, 1)
    hits = 0
    for _ in range(20):
        costs = rng.uniform(size=(1, 2, 7, 4)).astype(np.float32)
        energies, rows = [], []
        for rounds in range(7):
            turns = alternatives_joint._Turns(costs, last, start, replace(settings, rounds=rounds))
            energies.append(turns.energy()[0])
            rows.append(turns.rows[0])
        assert (np.diff(energies) < 1e-5).all()
        assert (np.diff(rows[-1], axis=0) >= 1).all()
        assert np.abs(np.diff(rows[-1])).max() <= 2

        def prices(ways, costs=costs):
            own = np.take_along_axis(costs, ways[:, :, None], 2)[..., 0, 1:].sum((1, 2))
            steps = np.diff(ways)
            own += 0.2 * np.abs(steps).sum((1, 2))
            return own + 0.3 * np.abs(np.diff(steps, axis=1)).sum((1, 2))

        assert prices(rows[-1][None]) == pytest.approx(energies[-1], rel=1e-4)
        best = prices(ways).min()
        assert energies[-1] >= best - 1e-4
        hits += energies[-1] < best + 0.02
    assert hits >= 14


def test_the_seed_itself_costs_nothing_and_other_places_do():
    images, curves = layers(1)
    shown = features(images, 1.0, 0.5)
    seeds = seed_of(curves, 1)
    costs = profile_costs(shown, seeds, np.array([0]), reach=3, memory=1)
    rows = np.rint(curves[0, :, 0]).astype(int)
    for k in range(2):
        assert costs[0, k, rows[k], 0] == 0
        assert costs[0, k, :, 0].argmin() == rows[k]
        assert costs[0, k, rows[1 - k], 0] > 0.5


def test_every_region_takes_its_own_pixels():
    images, curves = layers(1)
    costs = region_costs(features(images, 1.0, 0.0), seed_of(curves, 4), np.array([3]), memory=4)
    rows = np.arange(44)[:, None] + 0.5
    truth = (curves[0][:, None] <= rows).sum(0)
    assert (costs[0].argmin(0) == truth).mean() > 0.9


def test_features_do_not_depend_on_the_units_of_gray():
    image = np.random.default_rng(6).normal(size=(1, 20, 20))
    a, b = features(image, 1.5, 1.0), features(300 * image + 1000, 1.5, 1.0)
    np.testing.assert_allclose(a, b, atol=1e-3)
