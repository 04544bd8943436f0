"""Procedural families and folders of images as textures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage import io

from napari_layeredcnn.training.texture_fields import normalize
from napari_layeredcnn.training.textures import FAMILIES, Texture, TextureBank, _bilinear, _Tile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def bank() -> TextureBank:
    return TextureBank()


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    io.imsave(path, pixels, check_contrast=False)


def stripes(period: int, shape: tuple[int, int] = (96, 96)) -> np.ndarray:
    """Upright stripes: rows are alike, columns are not."""
    wave = 127 + 100 * np.sin(2 * np.pi * np.arange(shape[1]) / period)
    return np.tile(wave.astype(np.uint8), (shape[0], 1))


def assert_normalized(texture: np.ndarray) -> None:
    assert texture.dtype == np.float32
    assert np.isfinite(texture).all()
    assert abs(float(texture.mean())) < 1e-3
    assert float(texture.std()) == pytest.approx(1, abs=1e-3)


def test_there_are_at_least_ten_families() -> None:
    assert len(FAMILIES) >= 10


@pytest.mark.parametrize("name", sorted(FAMILIES))
@pytest.mark.parametrize("shape", [(48, 80), (33, 17)])
def test_a_family_is_normalized_and_seeded(name: str, shape: tuple[int, int]) -> None:
    family = FAMILIES[name]
    for seed in range(4):
        texture = family(np.random.default_rng(seed), shape)
        assert texture.shape == shape
        assert_normalized(texture)
        np.testing.assert_array_equal(texture, family(np.random.default_rng(seed), shape))
    assert not np.array_equal(texture, family(np.random.default_rng(99), shape))


def test_families_differ_from_each_other() -> None:
    textures = [family(np.random.default_rng(5), (48, 48)) for family in FAMILIES.values()]
    correlation = np.corrcoef([texture.ravel() for texture in textures])
    assert np.abs(correlation - np.eye(len(textures))).max() < 0.98


def test_normalize_of_a_constant_is_zero() -> None:
    assert not normalize(np.full((3, 4), 7.0)).any()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), height=st.integers(4, 64), width=st.integers(4, 128))
def test_a_sample_is_normalized(bank: TextureBank, seed: int, height: int, width: int) -> None:
    texture = bank.sample(np.random.default_rng(seed), (height, width))
    assert texture.shape == (height, width)
    assert texture.dtype == np.float32
    assert np.isfinite(texture).all()
    assert abs(float(texture.mean())) < 1e-3
    # A crop may fall on a flat part of a tile; otherwise its spread is 1.
    assert float(texture.std()) == pytest.approx(1, abs=1e-3) or not texture.any()


def test_a_sample_does_not_depend_on_earlier_ones(bank: TextureBank) -> None:
    for seed in range(5):
        bank.sample(np.random.default_rng(seed), (16, 32))
    later = bank.sample(np.random.default_rng(3), (16, 32))
    np.testing.assert_array_equal(later, TextureBank().sample(np.random.default_rng(3), (16, 32)))


def test_two_crops_of_one_texture_differ_but_share_the_tile(bank: TextureBank) -> None:
    rng = np.random.default_rng(0)
    texture = bank.draw(rng, family="grain")
    assert not np.array_equal(texture.render(rng, (16, 32)), texture.render(rng, (16, 32)))


def test_rendering_straight_is_a_crop_of_the_tile() -> None:
    rng = np.random.default_rng(0)
    tile = (gaussian_filter(rng.standard_normal((40, 50)), 2) * 400 + 128).astype(np.uint8)
    crop = Texture(_Tile(tile), zoom=1.0, angle=0.0).render(rng, (30, 40))
    match = max(
        np.corrcoef(crop.ravel(), tile[y : y + 30, x : x + 40].ravel())[0, 1]
        for y in range(11)
        for x in range(11)
    )
    assert match > 0.93


def test_interpolation_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    tile = rng.integers(0, 256, (30, 40), dtype=np.uint8)
    y = rng.uniform(0, 28.9, (12, 9)).astype(np.float32)
    x = rng.uniform(0, 38.9, (12, 9)).astype(np.float32)
    expected = map_coordinates(tile.astype(float), [y, x], order=1)
    np.testing.assert_allclose(_bilinear(tile, y, x), expected, atol=1e-2)


@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 2, 2.5, np.pi, 4.0, 5.5])
@pytest.mark.parametrize("stretch", [0.7, 1.0, 4.0])
@pytest.mark.parametrize("zoom", [0.5, 1.0, 2.5])
def test_crops_stay_inside_the_tile(angle: float, stretch: float, zoom: float) -> None:
    # Columns of a ramp rise by one per pixel; outside the tile the index would be clipped flat.
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:128, :128]
    tile = _Tile((x + y).astype(np.uint8))
    shift = rng.uniform(0, 5, 64).astype(np.float32)
    crop = Texture(tile, zoom, angle, stretch).render(rng, (32, 64))
    # A ramp stays a plane under any affine map: all second differences vanish.
    for axis in (0, 1):
        assert np.abs(np.diff(crop, 2, axis=axis)).max() < 0.15
    assert np.isfinite(Texture(tile, zoom, angle, stretch).render(rng, (32, 64), shift=shift)).all()


def test_a_shift_moves_columns_down() -> None:
    rows = np.repeat(np.arange(0, 240, 2, dtype=np.uint8)[:, None], 100, axis=1)
    shift = np.array([0, 0, 3, 3, 7, 7], np.float32)
    crop = Texture(_Tile(rows), 1.0, 0.0).render(np.random.default_rng(0), (40, 6), shift=shift)
    np.testing.assert_allclose(crop[:30, 0], crop[3:33, 2], atol=1e-4)
    np.testing.assert_allclose(crop[:30, 0], crop[7:37, 4], atol=1e-4)


def test_a_stretch_makes_things_longer_along_rows(bank: TextureBank) -> None:
    def roughness(stretch: float) -> float:
        rng = np.random.default_rng(1)
        crop = bank.draw(rng, family="grain", stretch=stretch).render(rng, (48, 48))
        return float(np.abs(np.diff(crop, axis=1)).mean())

    assert roughness(5.0) < 0.5 * roughness(1.0)


def test_a_folder_is_used(tmp_path: Path) -> None:
    save(tmp_path / "deep" / "a.png", stripes(12))
    bank = TextureBank(tmp_path)
    assert bank.n_images == 1
    found = 0
    for seed in range(40):
        texture = bank.draw(np.random.default_rng(seed))
        found += texture.tile is bank._found[0]
    assert 10 < found < 35


def test_excluded_images_are_left_out(tmp_path: Path) -> None:
    save(tmp_path / "train" / "a.png", stripes(12))
    save(tmp_path / "held_out" / "b.png", stripes(9))
    save(tmp_path / "train" / "held_out_c.png", stripes(7))
    assert TextureBank(tmp_path).n_images == 3
    assert TextureBank(tmp_path, exclude=["held_out"]).n_images == 1


def test_color_sixteen_bit_and_large_images(tmp_path: Path) -> None:
    save(tmp_path / "color.png", np.stack([stripes(12)] * 3, axis=-1))
    save(tmp_path / "deep.tif", stripes(12).astype(np.uint16) * 200)
    save(tmp_path / "large.png", stripes(40, (700, 1300)))
    tiles = TextureBank(tmp_path)._found
    assert [tile.pixels.shape for tile in tiles] == [(96, 96), (96, 96), (233, 433)]
    assert all(tile.pixels.dtype == np.uint8 for tile in tiles)
    assert all(np.ptp(tile.pixels) >= 254 for tile in tiles)
    np.testing.assert_allclose(tiles[0].pixels, tiles[1].pixels, atol=2)


def test_flat_and_tiny_images_are_passed_over(tmp_path: Path) -> None:
    save(tmp_path / "flat.png", np.full((64, 64), 9, np.uint8))
    save(tmp_path / "tiny.png", stripes(5, (8, 8)))
    with pytest.raises(ValueError, match=r"No usable texture .* \(2 image files"):
        TextureBank(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No folder of textures"):
        TextureBank(tmp_path / "nowhere")


def test_a_broken_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"not an image")
    with pytest.raises(ValueError, match=r"broken\.png"):
        TextureBank(tmp_path)
