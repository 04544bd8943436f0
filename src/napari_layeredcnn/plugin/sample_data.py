"""File > Open Sample: the library's sample stack as viewer layers."""

from __future__ import annotations

from typing import Any

from napari_layeredcnn.sample import SCALE_UM, sample_stack


def layered_stack() -> list[tuple[Any, dict[str, Any], str]]:
    """Return the sample stack and its partial labels as napari layer data.

    Returns
    -------
    list of (data, settings, layer type)
        An Image and a Labels layer of shape (24, 128, 256) with the same scale in µm.

    Examples
    --------
    >>> [(settings["name"], kind) for _, settings, kind in layered_stack()]
    [('layered stack', 'image'), ('partial labels', 'labels')]
    """
    stack, _, partial_labels = sample_stack()
    place = {"scale": SCALE_UM, "units": ("um", "um", "um")}
    return [
        (stack, {"name": "layered stack", "colormap": "gray", **place}, "image"),
        (partial_labels, {"name": "partial labels", **place}, "labels"),
    ]
