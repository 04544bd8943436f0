"""Candidates between which an image is most even, against every set of so many."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from napari_layeredcnn.core.evenness import (
    SMOOTHING,
    UNSURE,
    WORTH,
    most_even,
    told_apart,
    without_fade,
    worth_taking,
)

SHAPE = (24, 20)


def steps(*rows, values=(0.0, 1.0, 0.2, 0.8)):
    image = np.zeros(SHAPE, np.float32)
    for row, value in zip((0, *rows), values, strict=False):
        image[row:] = value
    return image


def flat(*rows):
    return np.repeat(np.float32(rows)[:, None], SHAPE[1], axis=1)


def looks(*images):
    """Of each image a channel of mean 0 and variance 1."""
    pixels = np.stack(images, axis=2)
    return np.float32((pixels - pixels.mean(axis=(0, 1))) / pixels.std(axis=(0, 1)))


def left(pixels, curves):
    """Variance that is left within regions, pixel by pixel, summed over the channels."""
    edges = np.rint(np.concatenate([flat(0), curves, flat(SHAPE[0])])).clip(0, SHAPE[0])
    y = np.arange(SHAPE[0])[:, None]
    squares = 0.0
    for upper, lower in pairwise(edges):
        region = pixels[(y >= upper) & (y < lower)].astype(float)
        squares += ((region - region.mean(axis=0)) ** 2).sum() if region.size else 0.0
    return squares / (SHAPE[0] * SHAPE[1])


def energy(image, curves, costs):
    """Costs, and the share of the smoothed image's variance that is left."""
    return costs.sum() + left(looks(gaussian_filter(image.astype(float), SMOOTHING)), curves)


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([0.1, 0.1, 0.1], [0, 2]),  # equally sure: the steps
        ([0.1, 0.1, 0.3], [0, 2]),  # less sure, but without it half of the image is uneven
        ([0.1, 0.1, 2.0], [0, 1]),  # far from sure: how even regions are does not make up for it
    ],
)
def test_steps_are_taken_before_what_is_within_a_region(costs, expected):
    image = steps(8, 16)
    assert most_even(image, flat(8, 12, 16), np.float32(costs), 2) == expected


def test_what_is_unsure_replaces_nothing_but_fills_up():
    image = steps(8, 16)
    for dear, expected in ((0.55, [0, 2]), (0.65, [0, 1])):
        assert most_even(image, flat(8, 12, 16), np.float32([0.1, 0.5, dear]), 2) == expected
    unsure = np.float32([0.1, 0.65, 0.7])
    assert most_even(image, flat(8, 12, 16), unsure, 2) == [0, 1]
    assert most_even(image, flat(8, 12, 16), unsure, 3) == [0, 1, 2]


def test_all_or_none():
    costs = np.float32([0.3, 0.2])
    assert most_even(steps(8), flat(4, 8), costs, 0) == []
    assert most_even(steps(8), flat(4, 8), costs, 2) == [0, 1]


def test_crossing_curves_are_not_taken_together():
    down = np.linspace(4, 20, SHAPE[1], dtype=np.float32)[None]
    image = steps(8, 16)
    curves = np.concatenate([flat(8), down, flat(16)])
    assert most_even(image, curves, np.float32([0.1, 0.1, 0.1]), 2) == [0, 2]


def test_fading_light_tells_nothing_apart_and_a_step_does():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=SHAPE)
    down, across = np.arange(SHAPE[0])[:, None], np.arange(SHAPE[1])
    faded = noise + 0.4 * down - 0.3 * across
    np.testing.assert_allclose(without_fade(faded), without_fade(noise), atol=1e-5)
    assert told_apart(without_fade(faded), flat(12)) < 0.05
    assert told_apart(without_fade(faded + steps(12, values=(0, 3))), flat(12)) > 0.15


@given(seed=st.integers(0, 10_000))
def test_share_that_regions_tell_apart(seed):
    rng = np.random.default_rng(seed)
    pixels = looks(steps(9, 15) + rng.normal(0, 0.3, SHAPE), rng.normal(size=SHAPE))
    curves = flat(*rng.permutation([5, 11, 18])) + rng.uniform(-1, 1, (3, SHAPE[1]))
    expected = 1 - left(pixels, np.sort(curves, axis=0)) / left(pixels, flat())
    assert told_apart(pixels, curves) == pytest.approx(expected, abs=1e-5)


def test_steps_are_told_apart_and_noise_is_not():
    assert told_apart(looks(steps(8)), flat(8)) == pytest.approx(1)
    assert told_apart(looks(np.random.default_rng(0).normal(size=SHAPE)), flat(8)) < 0.01
    assert told_apart(np.zeros((*SHAPE, 3), np.float32), flat(8)) == 0


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([0.4, 0.35, 0.4], [0, 2]),  # what is within a region is not worth more than WORTH ...
        ([0.4, 0.25, 0.4], [0, 1, 2]),  # ... but less
        ([0.9, 0.9, 0.9], []),
    ],
)
def test_of_any_number_what_parts_the_image_may_cost_more(costs, expected):
    assert worth_taking(steps(8, 16), flat(8, 12, 16), np.float32(costs)) == expected


def test_of_no_candidates_none_is_worth_taking():
    assert worth_taking(steps(8), flat(), np.float32([])) == []


def made(seed):
    """An image of three steps and noise, five candidates, what they cost, and what a set is."""
    rng = np.random.default_rng(seed)
    heights = rng.permutation(np.arange(3, 22, 3))[:5]
    curves = flat(*heights) + rng.uniform(-1, 1, (5, SHAPE[1])).astype(np.float32)
    costs = rng.uniform(0.05, 0.8, 5).astype(np.float32)
    image = steps(*np.sort(rng.choice(np.arange(3, 22), 3, replace=False)))
    image += rng.normal(0, 0.2, SHAPE).astype(np.float32)

    def of(which):
        order = sorted(which, key=lambda i: float(curves[i].mean()))
        return energy(image, curves[order], costs[order])

    return image, curves, costs, of


@given(seed=st.integers(0, 10_000), count=st.integers(1, 4))
def test_no_other_set_is_better(seed, count):
    image, curves, costs, of = made(seed)
    found = most_even(image, curves, costs, count)
    assert found == sorted(found)
    cheapest = np.argsort(costs)[:count]
    may = [i for i in range(5) if costs[i] < UNSURE or i in cheapest]
    assert of(found) == pytest.approx(min(of(s) for s in combinations(may, count)))


@given(seed=st.integers(0, 10_000))
def test_no_other_set_of_any_size_is_better(seed):
    image, curves, costs, of = made(seed)
    found = worth_taking(image, curves, costs)
    sets = [s for n in range(6) for s in combinations(range(5), n)]
    best = min(of(list(s)) - WORTH * len(s) for s in sets)
    assert of(found) - WORTH * len(found) == pytest.approx(best)
