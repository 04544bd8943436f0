"""What a person has chosen in the dock, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Strokes = Literal["regions", "boundaries"]
Direction = Literal["horizontal", "right", "left", "vertical", "down", "up", "around"]
Slices = Literal["shown", "stack", "range", "labelled"]


@dataclass(frozen=True)
class Choices:
    """Everything in the dock that is not a viewer layer.

    Parameters
    ----------
    strokes : {"regions", "boundaries"}
        What is painted in the partial labels.
    zero_is_region : bool
        Whether 0 is a region of its own, and not what is unlabelled.
    slices : {"shown", "stack", "range", "labelled"}
        The slice that the viewer shows; all of the stack; those of a range; all that have labels.
    first, last : int
        The range, both included.
    direction : str
        Where the labels are continued to; "around" is about a center, for closed structures.
    start_angle : float
        Degrees, clockwise from the right as the image is shown: where the unrolled image of a
        closed structure begins.
    region_thickness : float or None
        Typical thickness of the thin regions in pixels, which sets the working resolution; None
        takes it from the labels.
    model : str or None
        A bundled model's name or a file; None is the default model.
    device : {"auto", "cpu", "cuda", "mps"}
        What computes.
    into_partial : bool
        Whether the result is written into the partial labels, where they are 0, instead of into
        a layer of its own.
    along : int or None
        The image's axis whose slices these are; None is that of the slider moved last.
    """

    strokes: Strokes = "regions"
    zero_is_region: bool = False
    slices: Slices = "shown"
    first: int = 0
    last: int = 0
    direction: Direction = "horizontal"
    start_angle: float = 0.0
    region_thickness: float | None = None
    model: str | None = None
    device: str = "auto"
    into_partial: bool = False
    along: int | None = None

    @property
    def transposed(self) -> bool:
        """Whether the curves run along the rows."""
        return self.direction in ("vertical", "down", "up")

    @property
    def line(self) -> str:
        """What a person calls a line across the curves: "column", "row" or "ray"."""
        if self.direction == "around":
            return "ray"
        return "row" if self.transposed else "column"
