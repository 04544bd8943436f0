"""`layeredcnn segment`: an image and partial labels in, labels, curves and an overlay out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import TYPE_CHECKING, Annotated, TypedDict, TypeVar, cast

import typer

from napari_layeredcnn.cli.begun import Strokes, read_seed, read_seed_around
from napari_layeredcnn.cli.console import (
    Device,
    DeviceOption,
    ModelOption,
    errors_in_one_sentence,
    progress_console,
    say,
)
from napari_layeredcnn.cli.outputs import (
    check_endings,
    check_outputs,
    write_closed_outputs,
    write_outputs,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    from numpy.typing import NDArray

    from napari_layeredcnn.core.completion import CompletedColumns
    from napari_layeredcnn.core.completion import Direction as Way
    from napari_layeredcnn.core.seeds import Seed

Finished = TypeVar("Finished")


class Settings(TypedDict):
    """What completions of all kinds take."""

    model: str | None
    device: str
    region_thickness: float | None


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


def segment(
    image: Annotated[
        Path,
        typer.Argument(metavar="IMAGE", help="The image: TIFF, PNG or NPY.", show_default=False),
    ],
    seed: Annotated[
        Path,
        typer.Option(
            "--seed",
            metavar="BEGUN",
            help="Partial labels of the image's shape: TIFF, PNG or NPY, 0 where unlabelled. "
            "Or boundaries that were drawn in napari and saved: .curves.csv or .curves.npz.",
            show_default=False,
        ),
    ],
    output: Annotated[
        list[Path],
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="What to write; may be given several times. The ending says what it is: "
            ".tif labels, .csv or .npz curves, .png overlay.",
            show_default=False,
        ),
    ],
    strokes: Annotated[
        Strokes,
        typer.Option(
            "--strokes",
            help="What the labels are: painted regions, or one thin line per boundary.",
        ),
    ] = Strokes.REGIONS,
    zero_is_region: Annotated[
        bool,
        typer.Option("--zero-is-region", help="0 is a region of its own, rather than unlabelled."),
    ] = False,
    direction: Annotated[
        Direction,
        typer.Option(
            "--direction",
            metavar="WAY",
            help="Which way to continue: columns right, left or horizontal (both), or rows down, "
            "up or vertical (both); around a center, for closed structures.",
        ),
    ] = Direction.HORIZONTAL,
    center: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--center",
            metavar="ROW COLUMN",
            help="Where the center is, for --direction around: in pixels from the upper left "
            "pixel, whose own center is 0 0, as napari shows it.",
            show_default=False,
        ),
    ] = None,
    start_angle: Annotated[
        float | None,
        typer.Option(
            "--start-angle",
            metavar="DEG",
            help="Where the unrolled image begins, for --direction around: degrees, clockwise "
            "from the right. Default: 0.",
            show_default=False,
        ),
    ] = None,
    max_radius: Annotated[
        float | None,
        typer.Option(
            "--max-radius",
            metavar="PX",
            min=1,
            help="How far from the center to look, for --direction around. Default: three times "
            "as far as the farthest boundary in the seed.",
            show_default=False,
        ),
    ] = None,
    region_thickness: Annotated[
        float | None,
        typer.Option(
            "--region-thickness",
            metavar="PX",
            min=0.1,
            help="Typical thickness of the thin regions in the image, in pixels; sets the "
            "working resolution. Default: as the seed shows.",
            show_default=False,
        ),
    ] = None,
    model: ModelOption = None,
    device: DeviceOption = Device.AUTO,
    slice_index: Annotated[
        int | None,
        typer.Option(
            "--slice",
            metavar="N",
            min=0,
            help="The slice of a stack, the first being 0; results are of that slice alone.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that exist already.")
    ] = False,
) -> None:
    """Complete the segmentation of one image from labels in a few of its columns.

    In each labelled column every region (or boundary) is to be there, in the same order; two
    short strokes of paint are enough for two regions.

    Example: `layeredcnn segment retina.tif --seed begun.tif -o done.tif -o done.csv -o done.png`

    Rings and tubes, whose boundaries are closed: `layeredcnn segment tree.tif --seed begun.tif
    --direction around --center 211.5 198 -o done.tif`
    """
    check_endings(output)
    _check_around(direction, center, start_angle, max_radius)
    with errors_in_one_sentence():
        check_outputs(output, protected=(image, seed), overwrite=overwrite)

        from napari_layeredcnn.core.around import iter_complete_around
        from napari_layeredcnn.core.completion import iter_complete
        from napari_layeredcnn.files import read_image

        file = read_image(image, slice_index)
        begun = (seed, file, slice_index, strokes, zero_is_region)
        settings: Settings = {
            "model": model,
            "device": device.value,
            "region_thickness": region_thickness,
        }
        doing = f"Completing {image.name}"
        if center is None:
            along = read_seed(*begun, transposed=direction.transposed)
            steps = iter_complete(
                file.array, along, direction=cast("Way", direction.value), **settings
            )
            completion = with_progress(steps, doing)
            write_outputs(output, file, along, completion)
            lines = "rows" if completion.transposed else "columns"
            summary = _summary(completion.curves, lines, along, completion.model_name)
            notes = completion.notes
        else:
            rays = read_seed_around(
                *begun, center=center, start_angle=start_angle or 0.0, max_radius=max_radius
            )
            turn = iter_complete_around(file.array, rays, **settings)
            closed = with_progress(turn, doing, "rays")
            write_closed_outputs(output, file, rays, closed)
            summary = _summary(closed.curves, "rays", rays.seed, closed.model_name)
            notes = closed.notes
    say(summary)
    for note in notes:
        say(f"Note: {note}.")
    for path in output:
        say(f"Wrote {path}")


def with_progress(
    steps: Generator[CompletedColumns, None, Finished], description: str, unit: str = "columns"
) -> Finished:
    """Run a completion to its end under a progress bar that counts columns."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeLeft(),
        console=progress_console(),
        transient=True,
    )
    with bar:
        task = bar.add_task(description, total=None)
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                result: Finished = stop.value
                return result
            bar.update(task, completed=step.done, total=step.total)


def _check_around(direction: Direction, center: object, *others: object) -> None:
    """Refuse a center that is missing, or of no use, as wrong usage."""
    if direction is Direction.AROUND and center is None:
        raise typer.BadParameter(
            "--direction around needs the center: add --center ROW COLUMN.",
            param_hint="'--center'",
        )
    if direction is not Direction.AROUND and any(x is not None for x in (center, *others)):
        raise typer.BadParameter(
            f"--center, --start-angle and --max-radius have no meaning with --direction "
            f"{direction.value}: choose --direction around, or drop them.",
            param_hint="'--direction'",
        )


def _summary(curves: NDArray[np.float32], along: str, seed: Seed, model_name: str) -> str:
    k, n = curves.shape
    return (
        f"Completed {k} curve{'s' * (k > 1)} over {n} {along} from {len(seed.columns)} labelled "
        f"({model_name})."
    )
