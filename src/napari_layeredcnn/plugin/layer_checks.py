"""The layers that are chosen, and whether they fit each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

from napari_layeredcnn.plugin.planes import RequestError, shape_of

if TYPE_CHECKING:
    from napari.layers import Image, Points, Shapes

    from napari_layeredcnn.plugin.choices import Choices

#: Layers lie on the same pixels if no corner is further off than this, in pixels.
_SAME_PLACE = 0.01


@dataclass(frozen=True, eq=False)
class Chosen:
    """The viewer layers that are chosen in the dock."""

    image: Image | None
    labels: Labels | Shapes | None
    center: Points | None = None
    locked: Shapes | None = None


def check_layers(image: Image, labels: Labels | Shapes, choices: Choices) -> None:
    """Raise unless the labels lie on the pixels of the image, on all of its axes or the last."""
    if isinstance(labels, Labels):
        _check_labels(image, labels, choices)
    elif choices.into_partial:
        raise RequestError(
            f'"{labels.name}" holds paths, into which no labels can be written: let the output go '
            "to a new layer."
        )
    elif choices.direction == "around":
        raise RequestError(
            f'"{labels.name}" holds paths: about a center, take a Labels layer with a stroke of '
            "every region."
        )
    elif labels.ndim > image.ndim:
        raise RequestError(
            f'"{labels.name}" has {labels.ndim} axes, the image {image.ndim}: draw the paths in '
            "a Shapes layer with the image's axes."
        )
    n = labels.ndim
    shape = shape_of(image)[-n:]
    for corner in (np.zeros(n), np.array(shape) - 1.0):
        world = image.data_to_world([0.0] * (image.ndim - n) + list(corner))[-n:]
        if not np.allclose(labels.world_to_data(world), corner, rtol=0, atol=_SAME_PLACE):
            raise RequestError(
                f'"{labels.name}" lies elsewhere in the viewer than "{image.name}": give both '
                "layers the same scale, translation and rotation."
            )


def _check_labels(image: Image, labels: Labels, choices: Choices) -> None:
    if labels.multiscale:
        raise RequestError(f'"{labels.name}" is multiscale: take a layer with one resolution.')
    shape, own = shape_of(image), tuple(labels.data.shape)
    if own != shape[-len(own) :]:
        raise RequestError(
            f'"{labels.name}" has the shape {_by(own)}, the image {_by(shape)}: '
            "take labels of the image's shape."
        )
    if choices.into_partial and not (
        labels.editable and isinstance(labels.data, np.ndarray) and labels.data.flags.writeable
    ):
        raise RequestError(
            f'"{labels.name}" cannot be written to: let the output go to a new layer, or '
            "duplicate the layer and take the copy."
        )


def _by(numbers: Any, between: str = " x ") -> str:
    return between.join(str(n) for n in numbers)
