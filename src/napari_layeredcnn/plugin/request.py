"""From viewer layers and choices to what a run needs, checked before anything starts.

Here napari ends: a `Request` holds arrays and plain values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.continuation import Kept

Direction = Literal["horizontal", "right", "left", "vertical", "down", "up"]
Strokes = Literal["regions", "boundaries"]

_PLACE = ("scale", "translate", "rotate", "shear")


class RequestError(ValueError):
    """What is chosen in the viewer cannot be completed; the message says why."""


@dataclass(frozen=True)
class Resume:
    """What earlier runs have left in a slice, oldest first, and a copy of it, (H, W), as it is."""

    runs: tuple[Kept, ...]
    shown: NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Request:
    """One slice to complete.

    `image` is the image layer's whole data, read (from disk perhaps) by the worker only;
    `labels` is a copy of the slice's partial labels, (H, W), so painting may go on.
    """

    image: Any
    labels: NDArray[np.integer[Any]]
    index: int | None
    """The slice of a stack; None for a 2D image."""
    direction: Direction
    strokes: Strokes
    resume: Resume | None = None
    """Continue an earlier run."""

    @property
    def transposed(self) -> bool:
        """Whether the curves run along the rows."""
        return self.direction in ("vertical", "down", "up")

    def read_image(self) -> NDArray[Any]:
        """Return the slice of the image, (H, W) or (H, W, 3 or 4)."""
        return np.asarray(self.image if self.index is None else self.image[self.index])


def make_request(
    viewer: ViewerModel,
    image: Image | None,
    labels: Labels | None,
    direction: Direction,
    strokes: Strokes,
) -> Request:
    """Check the choices against each other and the viewer, and gather what a run needs.

    Raises
    ------
    RequestError
        If a layer is missing, has too many axes, is multiscale or does not fit the other one,
        or if the viewer does not show the rows and columns of one slice.
    """
    if image is None:
        raise RequestError("There is no image layer: open an image first.")
    if labels is None:
        raise RequestError(
            "There is no labels layer: press New partial labels, and paint a few columns."
        )
    _check_layers(image, labels)
    index = shown_slice(viewer, image)
    partial = np.array(labels.data if index is None else labels.data[index])
    if not partial.any():
        where = "The labels are empty" if index is None else f"Slice {index} has no labels"
        raise RequestError(
            f'{where}: paint every region in a few columns of "{labels.name}" first.'
        )
    return Request(image.data, partial, index, direction, strokes)


def check_image(image: Image) -> None:
    """Raise `RequestError` unless the layer is a plain 2D image or 3D stack."""
    _check_one_resolution(image)
    if image.ndim not in (2, 3):
        raise RequestError(
            f'"{image.name}" has {image.ndim} axes: take a 2D image or a 3D stack of slices.'
        )


def _check_layers(image: Image, labels: Labels) -> None:
    """Raise unless both layers are one plain 2D image or 3D stack on the same pixels."""
    check_image(image)
    _check_one_resolution(labels)
    shape = tuple(image.data.shape[: image.ndim])
    if tuple(labels.data.shape) != shape:
        raise RequestError(
            f'"{labels.name}" has the shape {_by(labels.data.shape)}, the image {_by(shape)}: '
            "take labels of the image's shape."
        )
    same = all(np.allclose(getattr(image, p), getattr(labels, p)) for p in _PLACE)
    if not (same and np.allclose(image.affine.affine_matrix, labels.affine.affine_matrix)):
        raise RequestError(
            f'"{labels.name}" lies elsewhere in the viewer than "{image.name}": give both layers '
            "the same scale, translation and rotation."
        )


def _check_one_resolution(layer: Layer) -> None:
    if layer.multiscale:
        raise RequestError(f'"{layer.name}" is multiscale: take a layer with one resolution.')


def shown_slice(viewer: ViewerModel, image: Image) -> int | None:
    """Return the index of the slice that the viewer shows; None for a 2D image."""
    dims = viewer.dims
    if dims.ndisplay != 2:
        raise RequestError("The viewer shows 3D: switch to 2D, where one slice is shown.")
    if tuple(dims.order) != tuple(range(dims.ndim)):
        raise RequestError(
            f"The viewer's axes are rolled or transposed (order {_by(dims.order, ', ')}): put them "
            "back, so that rows and columns of a slice are shown."
        )
    if image.ndim == 2:
        return None
    index = round(image.world_to_data(_point_in_units_of(image, viewer))[0])
    if not 0 <= index < image.data.shape[0]:
        raise RequestError(
            f'The viewer shows no slice of "{image.name}": move the slider to one of its '
            f"{image.data.shape[0]} slices."
        )
    return index


def _point_in_units_of(image: Image, viewer: ViewerModel) -> list[float]:
    """Return where the sliders stand, for the image's axes and in its units.

    The viewer has one unit for all lengths, so that layers in mm and in µm fit together;
    `world_to_data` knows the layer's only.
    """
    point = list(viewer.dims.point[-image.ndim :])
    if viewer.dims.units is None:
        return point
    units = zip(viewer.dims.units[-image.ndim :], image.units, strict=True)
    return [x * (1 * world).to(own).magnitude for x, (world, own) in zip(point, units, strict=True)]


def _by(numbers: Any, between: str = " x ") -> str:
    return between.join(str(n) for n in numbers)
