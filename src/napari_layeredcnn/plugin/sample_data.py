"""File > Open Sample: the library's samples as viewer layers.

The partial labels name their regions: napari shows the name in its status bar while the pointer
is over a region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.sample import annular, retina, tilted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LayerData = tuple[Any, dict[str, Any], str]


def layered_stack() -> list[LayerData]:
    """Return the retina-like stack and its partial labels as napari layer data.

    Returns
    -------
    list of (data, settings, layer type)
        An Image and a Labels layer of shape (24, 128, 256) with the same scale in µm.

    Examples
    --------
    >>> [(settings["name"], kind) for _, settings, kind in layered_stack()]
    [('layered stack', 'image'), ('partial labels', 'labels')]
    """
    stack, _, partial_labels = retina.sample_stack()
    place = {"scale": retina.SCALE_UM, "units": ("um", "um", "um")}
    return [
        _image(stack, "layered stack", place),
        _partial_labels(partial_labels, retina.REGION_NAMES, place),
    ]


def tilted_stack() -> list[LayerData]:
    """Return the tilted noisy stack and its partial labels as napari layer data.

    Returns
    -------
    list of (data, settings, layer type)
        An Image and a Labels layer of shape (16, 160, 224) with the same scale in µm.

    Examples
    --------
    >>> [(settings["name"], kind) for _, settings, kind in tilted_stack()]
    [('tilted stack', 'image'), ('partial labels', 'labels')]
    """
    stack, _, partial_labels = tilted.tilted_stack()
    place = {"scale": tilted.SCALE_UM, "units": ("um", "um", "um")}
    return [
        _image(stack, "tilted stack", place),
        _partial_labels(partial_labels, tilted.REGION_NAMES, place),
    ]


def tree_rings() -> list[LayerData]:
    """Return the cut tree, its partial labels and its center as napari layer data.

    Returns
    -------
    list of (data, settings, layer type)
        An Image and a Labels layer of shape (288, 320) and a Points layer with one point, with
        the same scale in mm.

    Examples
    --------
    >>> [(settings["name"], kind) for _, settings, kind in tree_rings()]
    [('tree rings', 'image'), ('partial labels', 'labels'), ('center', 'points')]
    """
    image, _, partial_labels, center = annular.annular_image()
    place = {"scale": annular.SCALE_MM, "units": ("mm", "mm")}
    point = {"name": "center", "symbol": "cross", "size": 9, "face_color": "yellow", **place}
    return [
        _image(image, "tree rings", place),
        _partial_labels(partial_labels, annular.REGION_NAMES, place),
        (np.array([center]), point, "points"),
    ]


def _image(data: NDArray[np.uint8], name: str, place: dict[str, Any]) -> LayerData:
    return data, {"name": name, "colormap": "gray", **place}, "image"


def _partial_labels(
    data: NDArray[np.uint8], names: Sequence[str], place: dict[str, Any]
) -> LayerData:
    features = {"index": list(range(1, len(names) + 1)), "name": list(names)}
    return data, {"name": "partial labels", "features": features, **place}, "labels"
