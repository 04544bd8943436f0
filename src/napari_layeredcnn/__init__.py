"""Finish a layer segmentation that a person has only begun.

The names below are the public ones. They are loaded when first used, so that importing
the package loads neither torch nor Qt.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_layeredcnn.core.around import PolarCompletion, complete_around
    from napari_layeredcnn.core.autoinit import find_layers, iter_find_layers
    from napari_layeredcnn.core.autoinit_stack import find_layers_in_stack
    from napari_layeredcnn.core.candidates import Candidates
    from napari_layeredcnn.core.completion import Completion, complete, iter_complete
    from napari_layeredcnn.core.expectation import expected_distance
    from napari_layeredcnn.core.label_seeds import seed_from_boundaries, seed_from_regions
    from napari_layeredcnn.core.measure import measure
    from napari_layeredcnn.core.measure_compare import compare
    from napari_layeredcnn.core.measure_labels import segmentation_from_labels
    from napari_layeredcnn.core.measure_maps import height_map, thickness_map
    from napari_layeredcnn.core.measure_rows import RegionOfInterest
    from napari_layeredcnn.core.measure_segmentation import Segmentation
    from napari_layeredcnn.core.path_seeds import seed_from_paths
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.core.stack import complete_stack, iter_complete_stack
    from napari_layeredcnn.core.stack_file import open_stack_file
    from napari_layeredcnn.core.stack_review import disagreements, slices_between
    from napari_layeredcnn.core.stack_seeds import seeds_for_stack
    from napari_layeredcnn.core.stack_smoothing import smooth_across_slices
    from napari_layeredcnn.core.weights import load_model

__version__ = "0.1.0"

__all__ = [
    "Candidates",
    "Completion",
    "PolarCompletion",
    "RegionOfInterest",
    "Seed",
    "Segmentation",
    "__version__",
    "compare",
    "complete",
    "complete_around",
    "complete_stack",
    "disagreements",
    "expected_distance",
    "find_layers",
    "find_layers_in_stack",
    "height_map",
    "iter_complete",
    "iter_complete_stack",
    "iter_find_layers",
    "load_model",
    "measure",
    "open_stack_file",
    "seed_from_boundaries",
    "seed_from_paths",
    "seed_from_regions",
    "seeds_for_stack",
    "segmentation_from_labels",
    "slices_between",
    "smooth_across_slices",
    "thickness_map",
]

_HOME = {
    "Candidates": "core.candidates",
    "Completion": "core.completion",
    "PolarCompletion": "core.around",
    "RegionOfInterest": "core.measure_rows",
    "Seed": "core.seeds",
    "Segmentation": "core.measure_segmentation",
    "compare": "core.measure_compare",
    "complete": "core.completion",
    "complete_around": "core.around",
    "complete_stack": "core.stack",
    "disagreements": "core.stack_review",
    "expected_distance": "core.expectation",
    "find_layers": "core.autoinit",
    "find_layers_in_stack": "core.autoinit_stack",
    "height_map": "core.measure_maps",
    "iter_complete": "core.completion",
    "iter_complete_stack": "core.stack",
    "iter_find_layers": "core.autoinit",
    "load_model": "core.weights",
    "measure": "core.measure",
    "open_stack_file": "core.stack_file",
    "seed_from_boundaries": "core.label_seeds",
    "seed_from_paths": "core.path_seeds",
    "seed_from_regions": "core.label_seeds",
    "seeds_for_stack": "core.stack_seeds",
    "segmentation_from_labels": "core.measure_labels",
    "slices_between": "core.stack_review",
    "smooth_across_slices": "core.stack_smoothing",
    "thickness_map": "core.measure_maps",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
