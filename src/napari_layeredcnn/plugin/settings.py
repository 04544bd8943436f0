"""What a person has set for the dock under Preferences, or what is built in.

napari makes the page from `configurations` in the manifest. A napari without such pages, a damaged
file or an odd value is no reason to stop: then what is built in counts.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from napari_layeredcnn.plugin.choices import Choices

PLUGIN = "napari-layeredcnn"
#: The key in the manifest below which our settings are.
SECTION = "segmentation"


def defaults() -> Choices:
    """Return what the boxes of the dock begin with.

    Returns
    -------
    Choices
        Model, device and region thickness as set under Preferences; the rest as built in.
    """
    return Choices(
        region_thickness=_thickness(_read("region_thickness")),
        model=_model(_read("model")),
        device=_device(_read("device")),
    )


def live_preview() -> bool:
    """Return whether columns are shown while they are computed."""
    value = _read("live_preview")
    return value if isinstance(value, bool) else True


def bundled_names() -> list[str]:
    """Return the names of the models in the package, the default model first.

    As `core.weights.bundled_models`, which needs torch, and that takes seconds to load.
    """
    folder = Path(__file__).parents[1] / "weights"
    return sorted((f.stem for f in folder.glob("*.safetensors")), key=lambda n: (n != "compact", n))


def _read(name: str) -> Any:
    """Return what is set; None if nothing can be read."""
    try:
        from napari.settings import get_plugin_settings

        return getattr(getattr(get_plugin_settings(PLUGIN), SECTION), name)
    except (ImportError, KeyError, AttributeError, ValueError, TypeError, OSError):
        return None


def _model(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    name = value.strip()
    names = bundled_names()
    if name in names[1:]:
        return name
    file = Path(name)
    return name if file.suffix == ".safetensors" and file.is_file() else None


def _device(value: Any) -> Any:
    return value if value in ("auto", "cpu", "cuda", "mps") else "auto"


def _thickness(value: Any) -> float | None:
    """Return pixels; None, which is automatic, for 0 and for what is no thickness."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None
