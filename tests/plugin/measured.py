"""Measured layers with known thickness for the tests."""

from __future__ import annotations

import numpy as np

from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.plugin.measure_profiles import MeasureProfiles, measure_profiles
from napari_layeredcnn.plugin.planes import shown_plane

S, H, W = 4, 40, 60
#: µm: slices are 5 apart, rows 0.5 high and columns 0.25 wide.
PLACE = {"scale": (5, 0.5, 0.25), "translate": (100, 3, 7), "units": ("um",) * 3}
#: Of two regions in pixels: one grows to the right, one from slice to slice.
THICKNESS = np.stack(
    [
        np.broadcast_to(6 + np.arange(W) / 10, (S, W)),
        np.broadcast_to(10 + np.arange(S)[:, None], (S, W)),
    ],
    axis=1,
)
CURVES = 8 + np.concatenate([np.zeros((S, 1, W)), np.cumsum(THICKNESS, axis=1)], axis=1)
#: Of the three curves, px.
UNCERTAINTY = np.broadcast_to(np.array([0.3, 0.4, 1.2])[:, None], CURVES.shape)
LABELS = regions_from_curves(CURVES, H, (1, 2, 3, 4)).astype(np.uint8)


def segmentation(curves=CURVES, **how) -> Segmentation:
    """The stack, or other curves of it."""
    scale = PLACE["scale"] if np.ndim(curves) == 3 else PLACE["scale"][1:]
    settings = {"height": H, "scale": scale, "unit": "um", "names": ("air", "skin", "fat", "bone")}
    if curves is CURVES:
        settings["uncertainty"] = UNCERTAINTY
    return Segmentation(curves, **(settings | how))


def add(viewer, labels=LABELS, **place):
    """Add the labels to a viewer."""
    layer = viewer.add_labels(labels, name="result", **(PLACE | place))
    viewer.dims.set_current_step(0, 1)
    return layer


def profiles_of(viewer, layer, axis: int | None = 0, **how) -> MeasureProfiles:
    """The stack's profiles, as they are taken when the viewer shows it."""
    plane = shown_plane(viewer, layer)
    plane = plane if axis is None else plane.at(axis, 0)
    return measure_profiles(how.pop("of", segmentation()), layer, plane, axis, **how)
