"""A bank of textures for the regions of synthetic images: procedural ones and a folder's.

Tiles are kept as uint8; a sample is a small crop, rotated and zoomed, of one tile. What a
sample looks like depends on the generator and the folder only, never on earlier samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imageio.v3 as imageio
import numpy as np

from napari_layeredcnn.training.texture_families import FAMILIES
from napari_layeredcnn.training.texture_fields import normalize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["FAMILIES", "Texture", "TextureBank"]

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"})
_TILE = 256  # px, side of a procedural tile
_TILES_PER_FAMILY = 20
_LARGEST = 640  # px; larger images of a folder are reduced
_SMALLEST = 32  # px; smaller ones have nothing to crop
_FOLDER_SHARE = 0.6  # of the samples, where there is a folder
_UPRIGHT_SHARE = 0.4  # of the samples: rotated by a multiple of 90 degrees only


class TextureBank:
    """Textures to draw from: procedural families, and any folder of images.

    Parameters
    ----------
    folder : Path, optional
        Searched recursively for PNG, JPEG, TIFF and BMP images. Color becomes gray; what is
        constant or under 32 px is passed over. Without a folder all textures are procedural.
    exclude : sequence of str
        Images whose path below `folder` contains one of these are left out.

    Raises
    ------
    FileNotFoundError
        If `folder` does not exist.
    ValueError
        If `folder` holds no usable image, or one that cannot be read.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> texture = TextureBank().sample(rng, (32, 64))
    >>> texture.shape, texture.dtype, bool(abs(texture.mean()) < 1e-3)
    ((32, 64), dtype('float32'), True)
    """

    def __init__(self, folder: Path | None = None, *, exclude: Sequence[str] = ()) -> None:
        self._names = sorted(FAMILIES)
        self._made: dict[int, _Tile] = {}
        self._found = [] if folder is None else _read_folder(Path(folder), exclude)

    @property
    def n_images(self) -> int:
        """How many images of the folder are in use."""
        return len(self._found)

    def draw(
        self, rng: np.random.Generator, *, stretch: float = 1.0, family: str | None = None
    ) -> Texture:
        """Draw one texture: a tile with a zoom and an orientation.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        stretch : float
            How many times longer things become along the image's rows.
        family : str, optional
            A procedural family to draw from; without it, all of them and the folder.

        Returns
        -------
        Texture
            Renders any number of different crops that look alike.
        """
        if family is not None:
            index = self._names.index(family) + len(self._names) * int(
                rng.integers(_TILES_PER_FAMILY)
            )
            tile = self._procedural(index)
            zoom = np.exp(rng.uniform(np.log(0.5), np.log(1.8)))
        elif self._found and rng.random() < _FOLDER_SHARE:
            tile = self._found[int(rng.integers(len(self._found)))]
            zoom = np.exp(rng.uniform(np.log(0.5), np.log(3.0)))
        else:
            tile = self._procedural(int(rng.integers(len(self._names) * _TILES_PER_FAMILY)))
            zoom = np.exp(rng.uniform(np.log(0.5), np.log(1.8)))
        quarter = rng.integers(4) * (np.pi / 2)
        angle = quarter if rng.random() < _UPRIGHT_SHARE else quarter + rng.uniform(0, np.pi / 2)
        return Texture(tile, float(zoom), float(angle), stretch)

    def sample(self, rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Draw a texture and render one crop of it.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        shape : (int, int)
            Rows and columns wanted.

        Returns
        -------
        array, shape (H, W), float32
            Zero mean, unit standard deviation.
        """
        return self.draw(rng).render(rng, shape)

    def _procedural(self, index: int) -> _Tile:
        if index not in self._made:
            family = FAMILIES[self._names[index % len(self._names)]]
            texture = family(np.random.default_rng([7, index]), (_TILE, _TILE))
            self._made[index] = _Tile(np.clip(texture * 32 + 128, 0, 255).astype(np.uint8))
        return self._made[index]


@dataclass(frozen=True)
class Texture:
    """One tile at one zoom (tile pixels per image pixel) and one orientation (radians)."""

    tile: _Tile
    zoom: float
    angle: float
    stretch: float = 1.0
    """How many times longer things are along the image's rows than in the tile."""

    def render(
        self,
        rng: np.random.Generator,
        shape: tuple[int, int],
        *,
        shift: NDArray[np.floating] | None = None,
    ) -> NDArray[np.float32]:
        """Cut a random crop out of the tile.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the crop lies.
        shape : (int, int)
            Rows and columns wanted.
        shift : array, shape (W,), optional
            Pixels by which each column is moved down, so that the texture follows a curve.

        Returns
        -------
        array, shape (H, W), float32
            Zero mean, unit standard deviation.
        """
        height, width = shape
        rows = np.arange(height, dtype=np.float32)[:, None]
        columns = np.arange(width, dtype=np.float32) / np.float32(self.stretch)
        length = width / self.stretch
        depth = float(height)
        if shift is not None:
            offset = (shift.max() - shift).astype(np.float32)
            rows = rows + offset
            depth += float(offset.max())
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        reach_y = abs(cos) * depth + abs(sin) * length + 1
        reach_x = abs(sin) * depth + abs(cos) * length + 1
        tile = self.tile.level(self.zoom)
        zoom = self.zoom * tile.shape[0] / self.tile.pixels.shape[0]
        # A crop must fit: where the tile is too small for it, it is shown larger.
        zoom = min(zoom, (tile.shape[0] - 2) / reach_y, (tile.shape[1] - 2) / reach_x)
        cy, cx = np.float32(cos * zoom), np.float32(sin * zoom)
        start_y = rng.uniform(0, tile.shape[0] - 2 - reach_y * zoom + 1e-6)
        start_x = rng.uniform(0, tile.shape[1] - 2 - reach_x * zoom + 1e-6)
        start_y += zoom * (max(0.0, -cos) * depth + max(0.0, -sin) * length)
        start_x += zoom * (max(0.0, sin) * depth + max(0.0, -cos) * length)
        y = rows * cy + (columns * cx + np.float32(start_y))
        x = columns * cy + np.float32(start_x) - rows * cx
        return normalize(_bilinear(tile, y, x))


@dataclass(frozen=True, eq=False)
class _Tile:
    pixels: NDArray[np.uint8]

    def level(self, zoom: float) -> NDArray[np.uint8]:
        """Give the tile, or its half-size copy where every second pixel would be skipped."""
        return self.pixels if zoom < 1.6 else self._half()

    def _half(self) -> NDArray[np.uint8]:
        cached: NDArray[np.uint8] | None = self.__dict__.get("half")
        if cached is None:
            cached = _reduce(self.pixels, 2).astype(np.uint8)
            self.__dict__["half"] = cached
        return cached


def _bilinear(
    tile: NDArray[np.uint8], y: NDArray[np.float32], x: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Interpolate at positions inside the tile; three times faster than ndimage here."""
    row = y.astype(np.int32)
    column = x.astype(np.int32)
    y = y - row
    x = x - column
    stride = tile.shape[1]
    index = row * stride + column
    flat = tile.reshape(-1)
    corner = flat.take(index, mode="clip").astype(np.float32)
    upper = corner + x * (flat.take(index + 1, mode="clip") - corner)
    index += stride
    corner = flat.take(index, mode="clip").astype(np.float32)
    lower = corner + x * (flat.take(index + 1, mode="clip") - corner)
    result: NDArray[np.float32] = upper + y * (lower - upper)
    return result


def _reduce(pixels: NDArray[Any], factor: int) -> NDArray[np.float32]:
    """Average blocks of `factor` by `factor` pixels; what is left over is cut off."""
    rows, columns = (side // factor for side in pixels.shape)
    blocks = pixels[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    means: NDArray[np.float32] = blocks.mean(axis=(1, 3), dtype=np.float32)
    return means


def _read_folder(folder: Path, exclude: Sequence[str]) -> list[_Tile]:
    if not folder.is_dir():
        raise FileNotFoundError(f"No folder of textures at {folder}; give one that exists.")
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _SUFFIXES
        and not any(part in path.relative_to(folder).as_posix() for part in exclude)
    ]
    tiles = [tile for path in paths if (tile := _read(path)) is not None]
    if not tiles:
        raise ValueError(
            f"No usable texture in {folder} ({len(paths)} image files after exclusion); "
            "give a folder with PNG, JPEG, TIFF or BMP images of at least 32 px."
        )
    return tiles


def _read(path: Path) -> _Tile | None:
    try:
        # Named, or imageio would try its old readers on a broken file, one after the other.
        pixels = np.asarray(imageio.imread(path, plugin="pillow"), dtype=np.float32)
    except (OSError, ValueError, SyntaxError) as error:
        raise ValueError(f"Cannot read the texture {path} ({error}); remove it.") from error
    if pixels.ndim == 3:
        pixels = pixels[..., :3].mean(axis=-1)
    if pixels.ndim != 2 or min(pixels.shape) < _SMALLEST or not np.isfinite(pixels).all():
        return None
    factor = int(np.ceil(max(pixels.shape) / _LARGEST))
    if factor > 1:
        pixels = _reduce(pixels, factor)
    low, high = np.percentile(pixels, (0.5, 99.5))
    if high - low < 1e-6:
        return None
    return _Tile(np.clip((pixels - low) * (255 / (high - low)), 0, 255).astype(np.uint8))
