"""Pictures for people: curves drawn over their image, and sheets of such pictures.

Plain NumPy and Pillow: no plotting library, no global state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

# Okabe and Ito's colors, which color-blind people can tell apart.
COLORS = (
    (230, 159, 0),
    (86, 180, 233),
    (240, 228, 66),
    (0, 158, 115),
    (213, 94, 0),
    (204, 121, 167),
    (0, 114, 178),
)
_WIDTH = 600  # px that a picture is brought to, at least
_TALLEST = 4000  # px; a narrow image is not brought to `_WIDTH` if it became taller
_STRIP = 8  # px of the margin that shows the seed columns
_TINT = 0.12  # share of a region's color
_BAND = 0.35  # share of a curve's color within its uncertainty


def draw_overlay(
    image: ArrayLike,
    curves: ArrayLike,
    *,
    seed_columns: ArrayLike | None = None,
    uncertainty: ArrayLike | None = None,
    truth: ArrayLike | None = None,
    transposed: bool = False,
    scale: int | None = None,
) -> NDArray[np.uint8]:
    """Draw curves over their image.

    The image is gray with robust contrast, the regions are faintly tinted, each curve has a
    color of its own with its uncertainty as a translucent band; the true curves, if given,
    are dashed and white.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, 3) or (H, W, 4)
        Of any integer or float dtype.
    curves : array_like of float, shape (K, W)
        Curves in edge coordinates, in pixels; NaN where there is none.
    seed_columns : array_like of int, optional
        Columns that were given: marked in yellow in a strip above and below the image.
    uncertainty : array_like of float, shape (K, W), optional
        In pixels: the band reaches as far above and below its curve.
    truth : array_like of float, shape (K, W), optional
        Curves to compare with, in edge coordinates.
    transposed : bool
        True if the curves run down the image; they have the shape (K, H) then, and the
        seed "columns" are rows.
    scale : int, optional
        How many pixels of the picture a pixel of the image becomes wide and high; chosen
        so that the picture is at least 600 px wide if left out.

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        The picture.

    Raises
    ------
    ValueError
        If the shapes do not fit one another.

    Examples
    --------
    >>> picture = draw_overlay(np.zeros((64, 128)), np.full((2, 128), [[20.0], [40.0]]))
    >>> picture.shape, picture.dtype
    ((320, 640, 3), dtype('uint8'))
    """
    gray = _gray(np.asarray(image))
    if scale is None:
        scale = _default_scale(*gray.shape)
    if scale < 1:
        raise ValueError(f"The scale is a whole number from 1 on, but it is {scale}.")
    if transposed:
        gray = gray.T
    curves = _fitting("curves", curves, gray.shape)
    big_curves = _enlarge(curves, scale)
    picture = np.repeat(_enlarge_image(gray, scale)[..., None], 3, axis=-1)
    _tint_regions(picture, big_curves)
    if uncertainty is not None:
        width = _enlarge(_fitting("uncertainty", uncertainty, gray.shape), scale)
        _draw_bands(picture, big_curves, width)
    line = max(1.5, scale / 3, min(picture.shape[:2]) / 400)
    for color, curve in zip(_colors(len(curves)), big_curves, strict=True):
        _draw_line(picture, curve, color, line)
    if truth is not None:
        for curve in _enlarge(_fitting("truth", truth, gray.shape), scale):
            _draw_line(picture, _dashed(curve), (255, 255, 255), line * 0.7, border=0)
    result = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    if seed_columns is not None:
        strip = _seed_strip(np.asarray(seed_columns, np.int64), gray.shape[1], scale)
        result = np.concatenate([strip, result, strip])
    return np.ascontiguousarray(result.swapaxes(0, 1) if transposed else result)


def draw_sheet(
    pictures: Sequence[NDArray[np.uint8]], captions: Sequence[str], *, columns: int = 2
) -> NDArray[np.uint8]:
    """Put pictures on one sheet, each below a line of text.

    Parameters
    ----------
    pictures : sequence of ndarray of uint8, shape (h, w, 3)
        Pictures of any sizes.
    captions : sequence of str
        One line of text for each.
    columns : int
        How many stand beside one another.

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        The sheet, white between the pictures.

    Raises
    ------
    ValueError
        If there is no picture, or another number of captions.

    Examples
    --------
    >>> draw_sheet([np.zeros((50, 100, 3), np.uint8)] * 3, ["a", "b", "c"]).shape
    (168, 224, 3)
    """
    if not pictures or len(pictures) != len(captions):
        raise ValueError(
            f"A sheet needs a caption for each picture: {len(pictures)} pictures, "
            f"{len(captions)} captions."
        )
    gap, text = 8, 22
    columns = min(columns, len(pictures))
    width = max(p.shape[1] for p in pictures)
    rows = [range(i, min(i + columns, len(pictures))) for i in range(0, len(pictures), columns)]
    heights = [text + max(pictures[i].shape[0] for i in row) + gap for row in rows]
    sheet = Image.new("RGB", (gap + columns * (width + gap), gap + sum(heights)), "white")
    font = ImageFont.load_default(size=14)
    draw = ImageDraw.Draw(sheet)
    top = gap
    for row, height in zip(rows, heights, strict=True):
        for place, i in enumerate(row):
            left = gap + place * (width + gap)
            draw.text((left, top + 1), captions[i], fill="black", font=font)
            sheet.paste(Image.fromarray(pictures[i]), (left, top + text))
        top += height
    return np.array(sheet)


def _gray(image: NDArray[Any]) -> NDArray[np.float32]:
    """Bring an image to 0..255 by its 1st and 99th percentile."""
    if image.ndim == 3 and image.shape[-1] in (3, 4):
        image = image[..., :3] @ np.array([0.2125, 0.7154, 0.0721])
    if image.ndim != 2 or image.size == 0:
        raise ValueError(f"An image has the shape (H, W) or (H, W, 3), but this has {image.shape}.")
    gray = image.astype(np.float64)
    finite = gray[np.isfinite(gray)]
    low, high = np.percentile(finite, [1, 99]) if finite.size else (0.0, 0.0)
    if high <= low and finite.size:
        low, high = finite.min(), finite.max()
    scaled = (gray - low) / (high - low) if high > low else np.full_like(gray, 0.5)
    return np.asarray(255 * np.clip(np.nan_to_num(scaled), 0, 1), np.float32)


def _default_scale(height: int, width: int) -> int:
    return max(1, min(-(-_WIDTH // width), _TALLEST // height))


def _fitting(name: str, values: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or values.shape[1] != shape[1]:
        raise ValueError(
            f"The {name} of an image with {shape[1]} columns have the shape (K, {shape[1]}), "
            f"but these have {values.shape}."
        )
    return values


def _enlarge(curves: NDArray[np.float64], scale: int) -> NDArray[np.float64]:
    """Interpolate (K, W) heights or widths at the centers of the picture's columns."""
    width = curves.shape[1]
    at = np.clip((np.arange(width * scale) + 0.5) / scale - 0.5, 0, width - 1)
    left = np.minimum(np.floor(at).astype(int), max(width - 2, 0))
    right = np.minimum(left + 1, width - 1)
    share = at - left
    # A NaN neighbor of weight zero must not spoil a column.
    low = np.where(share < 1, curves[:, left] * (1 - share), 0)
    high = np.where(share > 0, curves[:, right] * share, 0)
    return np.asarray((low + high) * scale)


def _enlarge_image(gray: NDArray[np.float32], scale: int) -> NDArray[np.float32]:
    if scale == 1:
        return gray.copy()
    # Squares, not a smooth picture: a person should see what the pixels really say.
    return np.repeat(np.repeat(gray, scale, axis=0), scale, axis=1)


def _colors(n: int) -> list[tuple[int, int, int]]:
    return [COLORS[i % len(COLORS)] for i in range(n)]


def _tint_regions(picture: NDArray[np.float32], curves: NDArray[np.float64]) -> None:
    """Give each region below a curve that curve's color; the top one stays gray."""
    rows = np.arange(len(picture))[:, None] + 0.5
    colors = _colors(len(curves))
    for i, color in enumerate(colors):
        inside = curves[i] <= rows
        if i + 1 < len(curves):
            inside &= curves[i + 1] > rows
        picture[inside] += _TINT * (np.array(color, np.float32) - picture[inside])


def _draw_bands(
    picture: NDArray[np.float32], curves: NDArray[np.float64], width: NDArray[np.float64]
) -> None:
    for color, curve, reach in zip(_colors(len(curves)), curves, width, strict=True):
        near = _rows_near(picture, curve - reach, curve + reach)
        rows = np.arange(near.start, near.stop)[:, None] + 0.5
        share = np.clip(np.nan_to_num(reach - np.abs(rows - curve) + 0.5), 0, 1)
        share *= np.minimum(1, np.nan_to_num(reach))
        _blend(picture[near], _BAND * share, color)


def _rows_near(
    picture: NDArray[np.float32],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    margin: int = 2,
) -> slice:
    """Find the rows that a line or band touches: to draw on the others takes time for nothing."""
    if not np.isfinite(low).any():
        return slice(0, 0)
    first = int(np.nanmin(low)) - margin
    last = int(np.nanmax(high)) + margin + 1
    return slice(*np.clip([first, last], 0, len(picture)).tolist())


def _draw_line(
    picture: NDArray[np.float32],
    curve: NDArray[np.float64],
    color: tuple[int, int, int],
    width: float,
    border: float = 1.5,
) -> None:
    """Draw one smooth-edged line in a dark border, which shows it on any ground."""
    near = _rows_near(picture, curve, curve, margin=2 + round(width + border))
    picture, curve = picture[near], curve - near.start
    if picture.size == 0:
        return
    fine = 4 if picture.size < 6e6 else 2
    size = (picture.shape[1] * fine, picture.shape[0] * fine)
    strokes = [(width, color, 1.0)]
    if border:
        strokes.insert(0, (width + border, (0, 0, 0), 0.55))
    for thickness, paint, opacity in strokes:
        mask = Image.new("L", size)
        draw = ImageDraw.Draw(mask)
        for run in _runs(curve):
            points = [((x + 0.5) * fine, curve[x] * fine) for x in run]
            points = [(run[0] * fine, points[0][1]), *points, ((run[-1] + 1) * fine, points[-1][1])]
            draw.line(points, fill=255, width=max(1, round(thickness * fine)), joint="curve")
        share = np.asarray(mask.reduce(fine), np.float32) / 255
        _blend(picture, opacity * share, paint)


def _runs(curve: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """Split the columns of a curve where it is NaN."""
    columns = np.flatnonzero(np.isfinite(curve))
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    return [run for run in runs if run.size]


def _dashed(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.arange(len(curve)) % 14 < 8, curve, np.nan)


def _blend(
    picture: NDArray[np.float32], share: NDArray[np.floating[Any]], color: tuple[int, int, int]
) -> None:
    picture += share[..., None].astype(np.float32) * (np.array(color, np.float32) - picture)


def _seed_strip(columns: NDArray[np.int64], width: int, scale: int) -> NDArray[np.uint8]:
    strip = np.full((_STRIP, width * scale, 3), 48, np.uint8)
    for column in columns[(columns >= 0) & (columns < width)]:
        # One column of a very wide image is still to be seen.
        left = min(column * scale, width * scale - 3)
        strip[:-2, left : left + max(scale, 3)] = COLORS[2]
    return strip
