"""What a person has begun, read as seeds: partial labels, or curves of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_layeredcnn.cli.options import Strokes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_layeredcnn.cli.settings import Settings
    from napari_layeredcnn.core.polar_seed import PolarSeed
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.files import ImageFile

CURVES = (".csv", ".npz")


def read_seed(settings: Settings, image: ImageFile, slice_index: int | None) -> Seed:
    """Read partial labels or curves of an image; transposed where rows are continued."""
    from napari_layeredcnn.files import seed_from_curve_file

    _check_strokes(settings)
    path, transposed = settings.seed, settings.direction.transposed
    if path.suffix.lower() in CURVES:
        shape = image.array.shape[:2]
        return seed_from_curve_file(path, shape, slice_index=slice_index, transposed=transposed)
    return _painted(settings, _read_labels(path, image, slice_index))


def read_seed_around(
    settings: Settings, image: ImageFile, slice_index: int | None, center: tuple[float, float]
) -> PolarSeed:
    """Read partial labels whose strokes lead away from a center."""
    from napari_layeredcnn.core.polar_seed import seed_around

    _check_strokes(settings)
    path = settings.seed
    if path.suffix.lower() in CURVES:
        raise ValueError(
            f"{path} holds curves, but about a center the seed is a label image: paint a stroke "
            "of every region, from the center outwards."
        )
    return seed_around(
        _read_labels(path, image, slice_index),
        center,
        start_angle=settings.start_angle or 0.0,
        max_radius=settings.max_radius,
        strokes=settings.strokes.value,
        zero_is_region=settings.zero_is_region,
    )


def read_stack_seeds(
    settings: Settings, shape: tuple[int, ...], seed_slice: int | None
) -> dict[int, Seed]:
    """Read the labelled slices of a stack, one after the other, as seeds by their index."""
    from napari_layeredcnn.core.seeds import SeedError
    from napari_layeredcnn.files import labelled_slices, seeds_from_curve_file

    _check_strokes(settings)
    path, transposed = settings.seed, settings.direction.transposed
    if path.suffix.lower() in CURVES:
        return seeds_from_curve_file(path, shape, slice_index=seed_slice, transposed=transposed)
    seeds = {}
    for index, labels in labelled_slices(path, shape, slice_index=seed_slice):
        try:
            seeds[index] = _painted(settings, labels)
        except SeedError as error:
            raise ValueError(f"Slice {index} of {path}: {error}") from error
    if not seeds:
        raise ValueError(
            f"{path} labels no slice: label all regions in one column or more of one slice or more."
        )
    return seeds


def _painted(settings: Settings, labels: NDArray[Any]) -> Seed:
    from napari_layeredcnn.core.label_seeds import seed_from_boundaries, seed_from_regions

    labels = labels.T if settings.direction.transposed else labels
    if settings.strokes is Strokes.BOUNDARIES:
        return seed_from_boundaries(labels)
    return seed_from_regions(labels, zero_is_region=settings.zero_is_region)


def _check_strokes(settings: Settings) -> None:
    lines = settings.strokes is Strokes.BOUNDARIES
    if lines and settings.zero_is_region:
        raise ValueError("--zero-is-region has no meaning with --strokes boundaries; drop one.")
    if settings.seed.suffix.lower() in CURVES and (settings.zero_is_region or lines):
        raise ValueError(
            f"--strokes and --zero-is-region are about painted labels, but {settings.seed} holds "
            "curves; drop them."
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
