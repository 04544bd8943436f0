"""Synthetic curves and images: shapes, order, seeds, and that boundaries can be seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_layeredcnn.core.scaling import scale_intensities
from napari_layeredcnn.training import disturbances, noise
from napari_layeredcnn.training.composition import LOOK_SHARES, LOOKS, compose
from napari_layeredcnn.training.curve_synthesis import evenly_spaced_curves, random_curves
from napari_layeredcnn.training.lines import draw_fibers, draw_line
from napari_layeredcnn.training.reliefs import smooth_noise, window
from napari_layeredcnn.training.synthesis import SyntheticImage, synthesize, synthesize_batch
from napari_layeredcnn.training.textures import TextureBank
from napari_layeredcnn.training.visibility import VISIBLE, visibility
from napari_layeredcnn.training.walks import stacked_walks


@pytest.fixture(scope="module")
def bank() -> TextureBank:
    return TextureBank()


def make(bank: TextureBank, seed: int, n_curves: int = 2) -> SyntheticImage:
    rng = np.random.default_rng(seed)
    return synthesize(rng, height=32, width=64, n_curves=n_curves, bank=bank)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_curves=st.integers(1, 12),
    height=st.integers(16, 128),
    width=st.integers(16, 128),
)
@pytest.mark.parametrize("draw", [random_curves, stacked_walks, evenly_spaced_curves])
def test_curves_are_ordered_and_inside(
    draw: object, seed: int, n_curves: int, height: int, width: int
) -> None:
    assert callable(draw)
    curves = draw(np.random.default_rng(seed), n_curves, height, width)
    assert curves.shape == (n_curves, width)
    assert curves.dtype == np.float32
    assert np.isfinite(curves).all()
    assert (np.diff(curves, axis=0) >= 0).all()
    assert curves.min() >= 0
    assert curves.max() <= height


def test_curves_cover_what_real_ones_do() -> None:
    """Flat and steep, thin and thick, touching and parting: each has its share."""
    stacks = [random_curves(np.random.default_rng(seed), 3, 64, 128) for seed in range(400)]
    relief = np.array([np.ptp(stack, axis=1).mean() for stack in stacks])
    gaps = [np.diff(stack, axis=0) for stack in stacks]
    touch = np.array([((gap < 0.1).any(axis=1) & (gap > 1).any(axis=1)).any() for gap in gaps])
    steep = np.array([np.abs(np.diff(stack, axis=1)).max() > 3 for stack in stacks])
    steep_start = np.array([np.abs(stack[:, 4] - stack[:, 0]).max() > 6 for stack in stacks])
    thin = np.array([np.median(gap) < 4 for gap in gaps])
    assert (relief < 4).mean() > 0.1
    assert (relief > 25).mean() > 0.1
    assert 0.08 < touch.mean() < 0.6
    assert 0.08 < steep.mean() < 0.6
    assert 0.02 < steep_start.mean() < 0.3
    assert 0.08 < thin.mean() < 0.5


def test_stacked_walks_are_steeper_than_the_paper_s() -> None:
    """There a flat line from the first column is off by 11 px with one curve, less with more."""
    off = []
    for n_curves in (1, 3, 5):
        stacks = [stacked_walks(np.random.default_rng(s), n_curves, 64, 128) for s in range(200)]
        off.append(np.mean([np.abs(stack - stack[:, :1]).mean() for stack in stacks]))
    assert 11 < off[0] < 16
    assert 4.5 < off[1] < 8
    assert 3.5 < off[2] < off[1]


def test_evenly_spaced_curves_are() -> None:
    for seed in range(20):
        curves = evenly_spaced_curves(np.random.default_rng(seed), 6, 128, 64)
        spacing = np.diff(curves, axis=0).mean(axis=1)
        assert spacing.std() < 0.35 * spacing.mean()


@pytest.mark.parametrize("draw", [random_curves, stacked_walks])
@pytest.mark.parametrize("numbers", [(0, 32, 32), (1, 2, 32), (1, 32, 3)])
def test_too_small_numbers_are_refused(draw: object, numbers: tuple[int, int, int]) -> None:
    assert callable(draw)
    with pytest.raises(ValueError, match="must be at least 1, height and width"):
        draw(np.random.default_rng(0), *numbers)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n_curves=st.integers(1, 9))
def test_an_image_is_valid(bank: TextureBank, seed: int, n_curves: int) -> None:
    made = make(bank, seed, n_curves)
    assert made.image.shape == (32, 64)
    assert made.image.dtype == np.float32
    assert np.isfinite(made.image).all()
    assert made.image.min() >= 0
    assert made.image.max() <= 1
    assert made.image.std() > 0.01
    assert made.curves.shape == (n_curves, 64)
    assert made.curves.dtype == np.float32
    assert (np.diff(made.curves, axis=0) >= 0).all()
    assert made.curves.min() >= 0
    assert made.curves.max() <= 32


@pytest.mark.parametrize("size", [(16, 16), (31, 77), (128, 256)])
def test_other_sizes(bank: TextureBank, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    made = synthesize(rng, height=size[0], width=size[1], n_curves=9, bank=bank)
    assert made.image.shape == size
    assert made.curves.shape == (9, size[1])


def test_the_same_seed_gives_the_same_image(bank: TextureBank) -> None:
    for seed in range(5):
        first, again = make(bank, seed), make(TextureBank(), seed)
        np.testing.assert_array_equal(first.image, again.image)
        np.testing.assert_array_equal(first.curves, again.curves)
    assert not np.array_equal(first.image, make(bank, 99).image)


def test_a_batch_is_its_images_one_after_the_other(bank: TextureBank) -> None:
    images, curves = synthesize_batch(
        np.random.default_rng(3), 3, height=32, width=64, n_curves=2, bank=bank
    )
    rng = np.random.default_rng(3)
    for image, stack in zip(images, curves, strict=True):
        made = synthesize(rng, height=32, width=64, n_curves=2, bank=bank)
        np.testing.assert_array_equal(image, made.image)
        np.testing.assert_array_equal(stack, made.curves)
    assert images.dtype == curves.dtype == np.float32


def test_too_small_an_image_is_refused(bank: TextureBank) -> None:
    with pytest.raises(ValueError, match="found 1, 8 and 64"):
        synthesize(np.random.default_rng(0), height=8, width=64, n_curves=1, bank=bank)


def test_images_hold_unlabelled_boundaries(
    bank: TextureBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed: list[int] = []

    def spy(rng: object, curves: np.ndarray, *rest: object) -> np.ndarray:
        composed.append(len(curves))
        return compose(rng, curves, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("napari_layeredcnn.training.synthesis.compose", spy)
    for seed in range(60):
        assert len(make(bank, seed, 3).curves) == 3
    # 3 stay out of 3 + (3 + 1) * 0.2 / 0.8 = 4 on average, and there is room for them.
    assert np.mean(composed) == pytest.approx(4.0, abs=0.5)
    assert min(composed) == 3


@pytest.mark.parametrize("look", sorted(set(LOOKS) - {"rows"}))
def test_boundaries_can_be_seen(bank: TextureBank, look: str) -> None:
    """Mean intensity changes where a curve lies, more often than where none does."""
    seen = np.zeros(2)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        curves = evenly_spaced_curves(rng, 2, 64, 96)
        image = compose(rng, curves, 64, bank, look)
        around = np.median([_contrast(image, curves[0] + by) for by in (-8, -7, -6, 6, 7, 8)])
        seen += [_contrast(image, curves[0] + by) > 1.5 * around for by in (0, -7)]
    assert seen[0] > 14
    assert seen[0] > 2.5 * seen[1]


def test_labelled_boundaries_are_mostly_as_visible_as_real_ones(bank: TextureBank) -> None:
    rng = np.random.default_rng(4)
    faint = []
    for n_curves in (1, 2, 4) * 25:
        made = synthesize(rng, height=64, width=128, n_curves=n_curves, bank=bank)
        faint.extend(visibility(scale_intensities(made.image), made.curves) < VISIBLE)
    # Nearly half without a choice, and half of these disturbed; some others as they come.
    assert 0.05 < np.mean(faint) < 0.25


def test_what_makes_a_boundary_visible() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((64, 128)).astype(np.float32)
    curve = np.full((1, 128), 32, np.float32)
    below = np.arange(64)[:, None] >= 32
    assert visibility(0.1 * noise, curve) < VISIBLE
    for image in (
        0.1 * noise + below,  # a step
        0.1 * noise + (np.abs(np.arange(64) - 31.5) < 1)[:, None],  # a ridge
        np.where(below, 0.6, 0.1) * noise,  # another spread
        np.where(
            below, 0.3 * np.roll(noise, 1, 1) + 0.3 * noise + 0.3 * np.roll(noise, 2, 1), noise
        )
        / noise.std(),  # finer texture
    ):
        assert visibility(image.astype(np.float32), curve) > VISIBLE
    assert visibility(noise, np.zeros((1, 128), np.float32)) == 0


def test_rows_of_marks_stand_on_the_curves(bank: TextureBank) -> None:
    stand = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        curves = evenly_spaced_curves(rng, 1, 64, 96)
        image = compose(rng, curves, 64, bank, "rows")
        paper = np.median(image)
        above, below = (
            np.abs(image[np.clip(curves[0].astype(int) + by, 0, 63), np.arange(96)] - paper).mean()
            for by in (-3, 5)
        )
        stand += above > 1.5 * below
    assert stand > 26


def _contrast(image: np.ndarray, curve: np.ndarray) -> float:
    """Largest change of the mean intensity over the rows nearest to a curve."""
    columns = np.arange(image.shape[1])
    base = np.floor(curve).astype(int)
    rows = [image[np.clip(base + by, 0, len(image) - 1), columns].mean() for by in range(-3, 3)]
    return float(np.abs(np.diff(rows)).max())


def test_looks_have_shares() -> None:
    assert len(LOOKS) == len(LOOK_SHARES)
    assert sum(LOOK_SHARES) == pytest.approx(1)


def test_a_look_can_be_asked_for(bank: TextureBank, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []

    def spy(*given: object) -> np.ndarray:
        looks.append(given[-1])
        return compose(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("napari_layeredcnn.training.synthesis.compose", spy)
    for look in LOOKS:
        rng = np.random.default_rng(0)
        synthesize(rng, height=32, width=64, n_curves=2, bank=bank, look=look)
        assert set(looks) == {look}
        looks.clear()
    with pytest.raises(ValueError, match=r"look must be one of textures, .*; found 'paper'"):
        synthesize(rng, height=32, width=64, n_curves=2, bank=bank, look="paper")


def test_a_line_lies_on_its_curve() -> None:
    image = np.zeros((20, 3), np.float32)
    draw_line(image, np.array([4.5, 10.0, 40.0], np.float32), 0.8, np.array([1.0, 2.0, 5.0]))
    rows = np.arange(0.5, 20)
    assert image[:, 0].argmax() == 4
    assert (rows * image[:, 1]).sum() / image[:, 1].sum() == pytest.approx(10, abs=1e-3)
    assert not image[:, 2].any()


def test_fibers_fill_one_region_and_end_on_its_curves() -> None:
    curves = np.stack([np.linspace(8, 14, 48), np.linspace(22, 18, 48)]).astype(np.float32)
    region = (np.arange(0.5, 32)[:, None, None] > curves.T).sum(axis=2)
    seen, reach = set(), 0
    for seed in range(40):
        image = np.zeros((32, 48), np.float32)
        draw_fibers(np.random.default_rng(seed), image, curves)
        assert np.isfinite(image).all()
        (where,) = set(region[image != 0].tolist())
        seen.add(where)
        rows = np.abs(np.arange(0.5, 32)[:, None, None] - curves.T).min(axis=2)
        reach += np.abs(image[rows < 1]).max() > 0.5 * np.abs(image).max()
    assert seen == {0, 1, 2}
    assert reach > 10


@pytest.mark.parametrize(
    "step", [step for step, _ in disturbances._BEFORE_NOISE], ids=lambda step: step.__name__
)
def test_a_disturbance_changes_the_image_and_keeps_it_finite(
    step: object, bank: TextureBank
) -> None:
    assert callable(step)
    changed = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        curves = np.full((2, 48), 12, np.float32)
        image = bank.sample(rng, (32, 48)) * np.float32(0.1) + np.float32(0.5)
        result = step(rng, image.copy(), curves, bank)
        assert result.shape == image.shape
        assert result.dtype == np.float32
        assert np.isfinite(result).all()
        changed += not np.array_equal(result, image)
    assert changed >= 8


@pytest.mark.parametrize("kind", [kind for kind, _ in noise._NOISES], ids=lambda k: k.__name__)
def test_noise_changes_the_image_and_keeps_it_finite(kind: object) -> None:
    assert callable(kind)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        image = np.linspace(-0.1, 1, 32 * 48, dtype=np.float32).reshape(32, 48)
        result = kind(rng, image.copy())
        assert result.dtype == np.float32
        assert np.isfinite(result).all()
        assert not np.array_equal(result, image)


def test_softening_keeps_the_mean() -> None:
    image = np.random.default_rng(0).random((9, 14), dtype=np.float32)
    assert noise.soften(image, 0.3).mean() == pytest.approx(image.mean(), rel=1e-5)
    np.testing.assert_allclose(noise.soften(image, 0.0), image)


def test_exposing_uses_the_whole_range() -> None:
    image = np.random.default_rng(0).normal(40, 9, (32, 64)).astype(np.float32)
    for seed in range(10):
        exposed = disturbances.expose(np.random.default_rng(seed), image)
        assert exposed.min() == 0
        assert exposed.max() == 1


def test_smooth_noise_is_normalized() -> None:
    values = smooth_noise(np.random.default_rng(0), 3, 64, 4.0)
    np.testing.assert_allclose(values.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(values.std(axis=1), 1)


def test_a_window_covers_no_more_than_asked() -> None:
    for seed in range(30):
        stretch = window(np.random.default_rng(seed), 200, 0.2)
        assert stretch.min() == 0
        assert stretch.max() <= 1
        assert (stretch > 0).mean() <= 0.31
