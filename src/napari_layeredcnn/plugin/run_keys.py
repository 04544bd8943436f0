"""Keys that press Segment Layers and Continue from here, on the layers that a person paints in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakMethod

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer

START_KEY, CONTINUE_KEY = "G", "Shift-G"


def bind_run_keys(
    layer: Layer, start: Callable[[], None], continue_from_here: Callable[[], None]
) -> None:
    """Bind the keys on a layer; they act while it is selected.

    Parameters
    ----------
    layer : napari.layers.Layer
        Partial labels or a result.
    start, continue_from_here : bound method
        What the keys do; their object is not kept alive.
    """
    for key, method, doc in (
        (START_KEY, start, "Segment layers."),
        (CONTINUE_KEY, continue_from_here, "Continue from the repainted columns."),
    ):
        layer.bind_key(key, _caller(WeakMethod(method), doc), overwrite=True)


def _caller(watched: WeakMethod[Callable[[], None]], doc: str) -> Callable[[Layer], None]:
    """Return what a key does."""

    def press(_layer: Layer) -> None:
        method = watched()
        if method is not None:
            method()

    press.__doc__ = doc
    return press
