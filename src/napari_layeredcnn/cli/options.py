"""Options that `segment` and `segment-folder` share, as typer reads them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from napari_layeredcnn.cli.values import parse_size

_CLOSED = "Closed structures"
STACKS = "Stacks of slices"


class Strokes(StrEnum):
    """What is painted in the seed."""

    REGIONS = "regions"
    BOUNDARIES = "boundaries"


class Direction(StrEnum):
    """Which way columns, rows or rays are continued."""

    RIGHT = "right"
    LEFT = "left"
    HORIZONTAL = "horizontal"
    DOWN = "down"
    UP = "up"
    VERTICAL = "vertical"
    AROUND = "around"

    @property
    def transposed(self) -> bool:
        """Whether curves run along the rows."""
        return self in (Direction.DOWN, Direction.UP, Direction.VERTICAL)


class Across(StrEnum):
    """How slices without labels get their seeds."""

    ALIGNED = "aligned"
    PLANE = "plane"
    COPY = "copy"


StrokesOption = Annotated[
    Strokes,
    typer.Option(
        "--strokes",
        help="What the labels are: painted regions, or one thin line per boundary.",
    ),
]
ZeroIsRegionOption = Annotated[
    bool,
    typer.Option("--zero-is-region", help="0 is a region of its own, rather than unlabelled."),
]
DirectionOption = Annotated[
    Direction,
    typer.Option(
        "--direction",
        metavar="WAY",
        help="Which way to continue: columns right, left or horizontal (both), or rows down, "
        "up or vertical (both); around a center, for closed structures.",
    ),
]
CenterOption = Annotated[
    tuple[float, float] | None,
    typer.Option(
        "--center",
        metavar="ROW COLUMN",
        help="Where the center is, for --direction around: in pixels from the upper left "
        "pixel, whose own center is 0 0, as napari shows it.",
        show_default=False,
        rich_help_panel=_CLOSED,
    ),
]
StartAngleOption = Annotated[
    float | None,
    typer.Option(
        "--start-angle",
        metavar="DEG",
        help="Where the unrolled image begins, for --direction around: degrees, clockwise "
        "from the right. Default: 0.",
        show_default=False,
        rich_help_panel=_CLOSED,
    ),
]
MaxRadiusOption = Annotated[
    float | None,
    typer.Option(
        "--max-radius",
        metavar="PX",
        min=1,
        help="How far from the center to look, for --direction around. Default: three times "
        "as far as the farthest boundary in the seed.",
        show_default=False,
        rich_help_panel=_CLOSED,
    ),
]
RegionThicknessOption = Annotated[
    float | None,
    typer.Option(
        "--region-thickness",
        metavar="PX",
        min=0.1,
        help="Typical thickness of the thin regions in the image, in pixels; sets the "
        "working resolution. Default: as the seed shows.",
        show_default=False,
    ),
]
QuickOption = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="Make one run for each image instead of four, in less than a third of the time; "
        "curves are lost more often. Slices of a stack are always completed so.",
    ),
]
SeedSliceOption = Annotated[
    int | None,
    typer.Option(
        "--seed-slice",
        metavar="N",
        min=0,
        help="The slice that the seed is of, the first being 0, if the seed is a single image.",
        show_default=False,
        rich_help_panel=STACKS,
    ),
]
AcrossOption = Annotated[
    Across | None,
    typer.Option(
        "--across",
        metavar="WAY",
        help="How slices without labels get their seeds: aligned (moved up or down to fit their "
        "neighbors, then completed across the slices), plane (not moved), copy (taken from the "
        "labelled slices). Default: aligned.",
        show_default=False,
        rich_help_panel=STACKS,
    ),
]
MemoryOption = Annotated[
    int | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        parser=parse_size,
        help="Memory that a batch of slices may take, such as 2GB. Default: half of what is free.",
        show_default=False,
        rich_help_panel=STACKS,
    ),
]
BatchOption = Annotated[
    int | None,
    typer.Option(
        "--batch",
        metavar="N",
        min=1,
        help="Slices computed at once. Default: as many as the memory allows, 64 at most.",
        show_default=False,
        rich_help_panel=STACKS,
    ),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="A running dask.distributed scheduler, such as tcp://10.0.0.5:8786, whose workers "
        "compute the batches.",
        show_default=False,
        rich_help_panel=STACKS,
    ),
]
StopAboveOption = Annotated[
    float | None,
    typer.Option(
        "--stop-above",
        metavar="PX",
        min=0,
        help="Stop on the way from a labelled slice where a slice's seed is more uncertain than "
        "this, and leave the slices from there on empty. Default: go on to the end.",
        show_default=False,
        rich_help_panel=STACKS,
    ),
]
