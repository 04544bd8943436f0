"""An empty Labels layer that fits an image, ready to paint in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.plugin.request import RequestError, check_image
from napari_layeredcnn.plugin.results import place_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels

#: A brush of this share of the image's shorter side, and of so many pixels at least and at most.
_BRUSH_SHARE, _BRUSH_LEAST, _BRUSH_MOST = 1 / 30, 2, 20


def add_partial_labels(viewer: ViewerModel, image: Image | None) -> Labels:
    """Add an empty Labels layer on the pixels of an image and put the brush into the hand.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    image : napari.layers.Image or None
        The image; None if there is none.

    Returns
    -------
    napari.layers.Labels
        The new layer: selected, in paint mode, label 1 chosen.

    Raises
    ------
    RequestError
        If there is no image, or one that cannot be segmented.
    """
    if image is None:
        raise RequestError("There is no image layer: open an image first.")
    check_image(image)
    shape = image.data.shape[: image.ndim]
    labels: Labels = viewer.add_labels(
        np.zeros(shape, np.uint8), name=f"{image.name} partial labels", **place_of(image)
    )
    viewer.layers.selection = {labels}
    labels.selected_label = 1
    labels.brush_size = int(np.clip(min(shape[-2:]) * _BRUSH_SHARE, _BRUSH_LEAST, _BRUSH_MOST))
    labels.mode = "paint"
    return labels
