"""Curve dropping, flips and border warping on known and random curves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_layeredcnn.training.augment import drop_curves, flip, n_dropped, warp_borders
from napari_layeredcnn.training.synthesis import synthesize_batch
from napari_layeredcnn.training.textures import TextureBank

HEIGHT = 40


def stacks(seed: int, batch: int, count: int, width: int = 50) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(0, HEIGHT, (batch, count, width)), axis=1).astype(np.float32)


def test_dropping_keeps_curves_of_the_image_in_order() -> None:
    curves = stacks(0, 6, 5)
    for seed in range(30):
        kept = drop_curves(np.random.default_rng(seed), curves, 0.5)
        assert 1 <= kept.shape[1] <= 5
        for before, after in zip(curves, kept, strict=True):
            rows = [int(np.flatnonzero((before == row).all(axis=1))[0]) for row in after]
            assert rows == sorted(set(rows))


def test_dropping_follows_the_probability() -> None:
    curves = np.repeat(np.arange(5, dtype=np.float32)[None, :, None], 4, axis=0)
    kept = [drop_curves(np.random.default_rng(seed), curves, 0.2) for seed in range(400)]
    assert np.mean([stack.shape[1] for stack in kept]) == pytest.approx(4.0, abs=0.15)
    # No curve is dropped more often than another.
    counts = np.bincount(np.concatenate([stack.ravel() for stack in kept]).astype(int))
    assert counts.max() / counts.min() < 1.1


def test_one_curve_always_stays() -> None:
    curves = stacks(1, 3, 4)
    kept = [drop_curves(np.random.default_rng(seed), curves, 0.99) for seed in range(20)]
    assert {stack.shape[1] for stack in kept} == {1}


def test_nothing_is_dropped_at_probability_zero() -> None:
    curves = stacks(2, 3, 4)
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(drop_curves(rng, curves, 0.0), curves)
    assert n_dropped(rng, 3, 0.0) == 0


@pytest.mark.parametrize("probability", [-0.1, 1.0, 2.0])
def test_a_wrong_probability_is_refused(probability: float) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="probability must be"):
        drop_curves(rng, stacks(0, 1, 2), probability)
    with pytest.raises(ValueError, match="probability must be"):
        n_dropped(rng, 2, probability)


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_dropped_is_that_of_dropping_from_any_number(count: int) -> None:
    """Draw a number of curves, drop each with 0.2, and look at those where `count` stay."""
    rng = np.random.default_rng(0)
    before = rng.integers(1, 30, 400_000)
    dropped = before - rng.binomial(before, 0.8)
    expected = np.bincount(dropped[before - dropped == count], minlength=6)[:6]
    expected = expected / expected.sum()
    drawn = np.bincount([n_dropped(rng, count) for _ in range(20_000)], minlength=6)[:6]
    np.testing.assert_allclose(drawn / drawn.sum(), expected, atol=0.03)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), batch=st.integers(1, 5), count=st.integers(1, 4))
def test_flipping_twice_is_the_identity(seed: int, batch: int, count: int) -> None:
    curves = stacks(seed, batch, count)
    images = np.random.default_rng(seed).random((batch, HEIGHT, 50), dtype=np.float32)
    once = flip(np.random.default_rng(seed), images, curves, HEIGHT)
    twice = flip(np.random.default_rng(seed), *once, HEIGHT)
    np.testing.assert_array_equal(twice[0], images)
    np.testing.assert_allclose(twice[1], curves, atol=1e-5)
    assert (np.diff(once[1], axis=1) >= 0).all()


def test_image_and_curves_are_flipped_together() -> None:
    """Pixels below the curve are bright, and remain on one side of it."""
    rows = np.arange(HEIGHT)[:, None] + 0.5
    curve = np.linspace(5.25, 30.25, 50, dtype=np.float32)
    images = np.repeat((rows > curve)[None], 64, axis=0).astype(np.float32)
    curves = np.repeat(curve[None, None], 64, axis=0)
    flipped, moved = flip(np.random.default_rng(0), images, curves, HEIGHT)
    below = (rows[None] > moved).astype(np.float32)
    upside_down = (flipped != below).all(axis=(1, 2))
    upright = (flipped == below).all(axis=(1, 2))
    assert (upside_down | upright).all()
    falling = moved[:, 0, 0] > moved[:, 0, -1]
    # All four ways occur.
    assert len(set(zip(upside_down.tolist(), falling.tolist(), strict=True))) == 4
    np.testing.assert_array_equal(curves[0, 0], curve)


def test_warping_has_the_papers_strength_and_smoothness() -> None:
    curves = np.full((40, 2, 128), 500, np.float32)
    curves[:, 1] = 900
    warp = warp_borders(np.random.default_rng(0), curves, 2000) - curves
    strength = warp.std(axis=-1)
    assert strength.min() > 0.99
    assert strength.max() < 1.51
    assert strength.std() > 0.1
    # A Gaussian of standard deviation s correlates neighbors by exp(-1 / (4 s^2)).
    steps = np.diff(warp, axis=-1).var(axis=-1) / (2 * strength**2)
    smoothness = np.sqrt(-1 / (4 * np.log(1 - steps)))
    assert np.quantile(smoothness, 0.05) > 0.85
    assert np.quantile(smoothness, 0.95) < 3.5
    assert smoothness.mean() == pytest.approx(2.0, abs=0.3)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 6))
def test_warped_curves_are_ordered_and_inside(seed: int, count: int) -> None:
    curves = stacks(seed, 2, count)
    before = curves.copy()
    warped = warp_borders(np.random.default_rng(seed), curves, HEIGHT)
    assert warped.shape == curves.shape
    assert warped.dtype == np.float32
    assert (np.diff(warped, axis=1) >= 0).all()
    assert warped.min() >= 0
    assert warped.max() <= HEIGHT
    np.testing.assert_array_equal(curves, before)
    np.testing.assert_array_equal(warped, warp_borders(np.random.default_rng(seed), curves, HEIGHT))


def test_augmentations_take_a_synthetic_batch() -> None:
    rng = np.random.default_rng(0)
    images, curves = synthesize_batch(rng, 3, height=32, width=48, n_curves=3, bank=TextureBank())
    images, curves = flip(rng, images, drop_curves(rng, curves), 32)
    assert images.shape == (3, 32, 48)
    assert warp_borders(rng, curves, 32).shape == curves.shape
