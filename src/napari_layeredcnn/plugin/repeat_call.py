"""What a person has chosen in the dock, with files in the place of viewer layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from napari_layeredcnn.plugin.choices import Choices
    from napari_layeredcnn.plugin.planes import Plane


@dataclass(frozen=True)
class Slice:
    """One slice: its plane in the image and in the partial labels, and a center if there is one."""

    image: Plane
    labels: Plane
    center: tuple[float, float] | None = None


@dataclass(frozen=True)
class StackCall:
    """A stack of slices that are completed together.

    Parameters
    ----------
    axis : int
        The image's axis along which the slices follow each other.
    labelled : tuple of int
        Labelled slices.
    asked : tuple of int or None
        Slices to complete, side by side; None for all.
    batch : int
        Slices that are computed at once.
    """

    axis: int
    labelled: tuple[int, ...]
    asked: tuple[int, ...] | None
    batch: int


@dataclass(frozen=True)
class Call:
    """A completion that can be said in words.

    Parameters
    ----------
    image, labels : Path
        Files of the image and of the partial labels, or of curves if the name ends so.
    output : Path
        Labels to write, ending in ``.layers.tif``.
    shape : tuple of int
        Of the image, without colors.
    has_colors : bool
        Whether the image has an axis of colors behind those.
    slices : tuple of Slice
        Slices to complete.
    choices : Choices
        How.
    stack : StackCall, optional
        If slices without labels are completed from others.
    """

    image: Path
    labels: Path
    output: Path
    shape: tuple[int, ...]
    has_colors: bool
    slices: tuple[Slice, ...]
    choices: Choices
    stack: StackCall | None = None

    @property
    def drawn(self) -> bool:
        """Whether the boundaries were drawn as paths."""
        return self.labels.suffix.lower() in (".csv", ".npz")

    @property
    def around(self) -> bool:
        """Whether the structures are closed."""
        return self.choices.direction == "around"

    @property
    def zero_is_region(self) -> bool:
        """Whether 0 is a region like the others."""
        painted = self.choices.strokes == "regions" and not self.drawn
        return self.choices.zero_is_region and painted
