"""What was chosen on the command line, as plain values; and what a completion has to tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, cast

import typer

from napari_layeredcnn.cli.options import Across, Direction, Strokes

if TYPE_CHECKING:
    from pathlib import Path

    from napari_layeredcnn.core.completion import Direction as Way
    from napari_layeredcnn.core.weights import Model


class Options(TypedDict):
    """What completions of all kinds take."""

    model: Model | str | None
    device: str
    region_thickness: float | None


@dataclass(frozen=True)
class Settings:
    """Choices for images of all kinds.

    Parameters
    ----------
    seed : Path
        What a person has begun.
    strokes, zero_is_region
        What is painted in it.
    direction : Direction
        Which way to continue.
    model, device, region_thickness
        See `core.completion.complete`.
    center, start_angle, max_radius
        For the direction around.
    quick : bool
        One run for each image instead of four.
    """

    seed: Path
    strokes: Strokes
    zero_is_region: bool
    direction: Direction
    model: Model | str | None
    device: str
    region_thickness: float | None
    center: tuple[float, float] | None = None
    start_angle: float | None = None
    max_radius: float | None = None
    quick: bool = False

    @property
    def options(self) -> Options:
        """What completions of all kinds take."""
        return {
            "model": self.model,
            "device": self.device,
            "region_thickness": self.region_thickness,
        }

    @property
    def way(self) -> Way:
        """The direction, where it is not around a center."""
        return cast("Way", self.direction.value)

    def check_around(self) -> None:
        """Refuse a center that is missing, or of no use, as wrong usage."""
        around = self.direction is Direction.AROUND
        if around and self.center is None:
            raise typer.BadParameter(
                "--direction around needs the center: add --center ROW COLUMN.",
                param_hint="'--center'",
            )
        closed = (self.center, self.start_angle, self.max_radius)
        if not around and any(value is not None for value in closed):
            raise typer.BadParameter(
                f"--center, --start-angle and --max-radius have no meaning with --direction "
                f"{self.direction.value}: choose --direction around, or drop them.",
                param_hint="'--direction'",
            )


@dataclass(frozen=True)
class StackSettings:
    """Choices for whole stacks; None and False where nothing was chosen."""

    seed_slice: int | None = None
    slices: slice | None = None
    across: Across | None = None
    memory: int | None = None
    batch: int | None = None
    scheduler: str | None = None
    stop_above: float | None = None
    resume: bool = False

    def given(self) -> list[str]:
        """Return the names of the options that were chosen."""
        return [
            f"--{name.replace('_', '-')}"
            for name, value in vars(self).items()
            if value is not None and value is not False
        ]


@dataclass(frozen=True)
class Done:
    """What there is to tell of a completed image or stack.

    Parameters
    ----------
    slices, curves : int
        How many.
    uncertainty : float
        The mean, in pixels; NaN if nothing was completed.
    summary : str
        One sentence.
    notes : tuple of str
        Lines that follow it.
    """

    slices: int
    curves: int
    uncertainty: float
    summary: str
    notes: tuple[str, ...] = field(default=())
