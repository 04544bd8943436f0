"""What a person has chosen in the dock, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Strokes = Literal["regions", "boundaries"]
Direction = Literal["horizontal", "right", "left", "vertical", "down", "up", "around"]
Slices = Literal["shown", "labelled", "range"]


@dataclass(frozen=True)
class Choices:
    """Everything in the dock that is not a viewer layer.

    Parameters
    ----------
    strokes : {"regions", "boundaries"}
        What is painted in the partial labels.
    zero_is_region : bool
        Whether 0 is a region of its own, and not what is unlabelled.
    slices : {"shown", "labelled", "range"}
        The slice that the viewer shows; all that have labels; those with labels in a range.
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

    @property
    def transposed(self) -> bool:
        """Whether the curves run along the rows."""
        return self.direction in ("vertical", "down", "up")
