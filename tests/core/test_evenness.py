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
    gain_over_flat,
    most_even,
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


def energy(image, curves, costs):
    """Costs, and the share of the variance that is left, pixel by pixel."""
    smooth = gaussian_filter(image.astype(float), SMOOTHING)
    edges = np.rint(np.concatenate([flat(0), curves, flat(SHAPE[0])])).clip(0, SHAPE[0])
    y = np.arange(SHAPE[0])[:, None]
    left = 0.0
    for upper, lower in pairwise(edges):
        region = smooth[(y >= upper) & (y < lower)]
        left += ((region - region.mean()) ** 2).sum() if region.size else 0.0
    return costs.sum() + left / ((smooth - smooth.mean()) ** 2).sum()


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


def test_a_slope_gains_over_flat_lines_and_noise_does_not():
    rng = np.random.default_rng(0)
    slope = np.linspace(5, 19, SHAPE[1], dtype=np.float32)[None]
    rows = np.arange(SHAPE[0], dtype=np.float32)[:, None]
    noise = rng.normal(0, 0.5, SHAPE).astype(np.float32)
    assert gain_over_flat(np.float32(rows > slope) + noise, slope) > 0.2
    assert gain_over_flat(noise, slope) < 0.06
    # Light that fades is even between flat lines, too; and between the right flat ones no less.
    assert gain_over_flat(rows + noise, flat(12)) == pytest.approx(0, abs=0.02)
    assert gain_over_flat(steps(12), flat(12)) == pytest.approx(0, abs=1e-6)
    # Curves that cross are taken in order.
    two = np.concatenate([slope, slope[:, ::-1]])
    assert gain_over_flat(steps(8, 16), two) == gain_over_flat(steps(8, 16), np.sort(two, axis=0))


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
