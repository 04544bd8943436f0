"""Images to try things on: a retina-like stack, a tilted noisy stack, and a cut tree.

Simulated from what a scanner or a saw does, not by the recipe that the networks are trained on;
the same every time. NumPy and SciPy only.
"""

from __future__ import annotations

from napari_layeredcnn.sample.annular import annular_image
from napari_layeredcnn.sample.retina import (
    LABELLED_SLICE,
    SCALE_UM,
    SHAPE,
    STROKE_COLUMNS,
    sample_stack,
)
from napari_layeredcnn.sample.tilted import tilted_stack

__all__ = [
    "LABELLED_SLICE",
    "SCALE_UM",
    "SHAPE",
    "STROKE_COLUMNS",
    "annular_image",
    "sample_stack",
    "tilted_stack",
]
