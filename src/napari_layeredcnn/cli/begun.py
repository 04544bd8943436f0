"""What a person has begun, read as a seed: partial labels, or curves of ours."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_layeredcnn.core.polar_seed import PolarSeed
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.files import ImageFile

CURVES = (".csv", ".npz")


class Strokes(StrEnum):
    """What is painted in the seed."""

    REGIONS = "regions"
    BOUNDARIES = "boundaries"


def read_seed(
    path: Path,
    image: ImageFile,
    slice_index: int | None,
    strokes: Strokes,
    zero_is_region: bool,
    *,
    transposed: bool,
) -> Seed:
    """Read partial labels or curves of an image; transposed where rows are continued."""
    from napari_layeredcnn.core.seeds import seed_from_boundaries, seed_from_regions
    from napari_layeredcnn.files import seed_from_curve_file

    _check_strokes(path, strokes, zero_is_region)
    if path.suffix.lower() in CURVES:
        shape = image.array.shape[:2]
        return seed_from_curve_file(path, shape, slice_index=slice_index, transposed=transposed)
    labels = _read_labels(path, image, slice_index)
    labels = labels.T if transposed else labels
    if strokes is Strokes.BOUNDARIES:
        return seed_from_boundaries(labels)
    return seed_from_regions(labels, zero_is_region=zero_is_region)


def read_seed_around(
    path: Path,
    image: ImageFile,
    slice_index: int | None,
    strokes: Strokes,
    zero_is_region: bool,
    *,
    center: tuple[float, float],
    start_angle: float,
    max_radius: float | None,
) -> PolarSeed:
    """Read partial labels whose strokes lead away from a center."""
    from napari_layeredcnn.core.polar_seed import seed_around

    _check_strokes(path, strokes, zero_is_region)
    if path.suffix.lower() in CURVES:
        raise ValueError(
            f"{path} holds curves, but about a center the seed is a label image: paint a stroke "
            "of every region, from the center outwards."
        )
    return seed_around(
        _read_labels(path, image, slice_index),
        center,
        start_angle=start_angle,
        max_radius=max_radius,
        strokes=strokes.value,
        zero_is_region=zero_is_region,
    )


def _check_strokes(path: Path, strokes: Strokes, zero_is_region: bool) -> None:
    if strokes is Strokes.BOUNDARIES and zero_is_region:
        raise ValueError("--zero-is-region has no meaning with --strokes boundaries; drop one.")
    if path.suffix.lower() in CURVES and (zero_is_region or strokes is Strokes.BOUNDARIES):
        raise ValueError(
            f"--strokes and --zero-is-region are about painted labels, but {path} holds curves; "
            "drop them."
        )


def _read_labels(path: Path, image: ImageFile, slice_index: int | None) -> NDArray[Any]:
    from napari_layeredcnn.files import read_labels

    labels = read_labels(path, slice_index)
    if labels.shape != image.array.shape[:2]:
        raise ValueError(
            f"{path} has {labels.shape[0]} x {labels.shape[1]} pixels where the image has "
            f"{image.array.shape[0]} x {image.array.shape[1]}; labels need the image's own shape."
        )
    return labels
