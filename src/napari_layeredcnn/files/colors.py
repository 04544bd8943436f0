"""The colors of labels: one to each id, or a cycle of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_layeredcnn.files.place import numbers

RGBA = tuple[float, ...]


@dataclass(frozen=True)
class Colors:
    """Colors of labels, red, green, blue and alpha from 0 to 1.

    Parameters
    ----------
    by_id : dict of int to tuple of four floats
        The color of each id.
    default : tuple of four floats
        The color of the other ids.
    cycle : tuple of tuples of four floats
        If there are any, ids take their colors from here in turn, the background first, and
        `by_id` and `default` mean nothing.
    background : int
        The id that is not shown.

    Examples
    --------
    >>> colors = Colors({3: (1.0, 0.0, 0.0, 1.0)})
    >>> Colors.from_document(colors.document()) == colors
    True
    """

    by_id: Mapping[int, RGBA] = field(default_factory=dict)
    default: RGBA = (0.0, 0.0, 0.0, 0.0)
    cycle: tuple[RGBA, ...] = ()
    background: int = 0

    def document(self) -> dict[str, Any]:
        """Return the colors for JSON."""
        if self.cycle:
            return {"cycle": [list(color) for color in self.cycle], "background": self.background}
        return {
            "by_id": {str(id_): list(color) for id_, color in self.by_id.items()},
            "default": list(self.default),
            "background": self.background,
        }

    @classmethod
    def from_document(cls, document: Any) -> Colors:
        """Read what `document` made.

        Raises
        ------
        ValueError
            If it holds no colors.
        """
        if not isinstance(document, Mapping):
            raise ValueError("the colors are no table")
        background = int(document["background"])
        if "cycle" in document:
            cycle = tuple(_color(color) for color in document["cycle"])
            if len(cycle) < 2:
                raise ValueError("a cycle has at least two colors")
            return cls(cycle=cycle, background=background)
        by_id = {int(id_): _color(color) for id_, color in dict(document["by_id"]).items()}
        return cls(by_id, _color(document["default"]), background=background)


def _color(values: Any) -> RGBA:
    color = numbers(values, 4, "a color")
    if not all(0 <= part <= 1 for part in color):
        raise ValueError("a color is outside 0 to 1")
    return color
