"""Finish a layer segmentation that a person has only begun.

The names below are the public ones. They are loaded when first used, so that importing
the package loads neither torch nor Qt.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_layeredcnn.core.completion import Completion, complete, iter_complete
    from napari_layeredcnn.core.seeds import (
        Seed,
        seed_from_boundaries,
        seed_from_paths,
        seed_from_regions,
    )
    from napari_layeredcnn.core.weights import load_model

__version__ = "0.1.0"

__all__ = [
    "Completion",
    "Seed",
    "__version__",
    "complete",
    "iter_complete",
    "load_model",
    "seed_from_boundaries",
    "seed_from_paths",
    "seed_from_regions",
]

_HOME = {
    "Completion": "core.completion",
    "Seed": "core.seeds",
    "complete": "core.completion",
    "iter_complete": "core.completion",
    "load_model": "core.weights",
    "seed_from_boundaries": "core.seeds",
    "seed_from_paths": "core.seeds",
    "seed_from_regions": "core.seeds",
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
