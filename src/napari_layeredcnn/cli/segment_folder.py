"""`layeredcnn segment-folder`: `segment` for every image and stack of a folder."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from napari_layeredcnn.cli.console import (
    Device,
    DeviceOption,
    ModelOption,
    errors_in_one_sentence,
    say,
    sentence,
)
from napari_layeredcnn.cli.folder import Kind, images_and_seeds
from napari_layeredcnn.cli.one_image import segment_image
from napari_layeredcnn.cli.options import (
    AcrossOption,
    BatchOption,
    CenterOption,
    Direction,
    DirectionOption,
    MaxRadiusOption,
    MemoryOption,
    QuickOption,
    RegionThicknessOption,
    SchedulerOption,
    SeedSliceOption,
    StartAngleOption,
    StopAboveOption,
    Strokes,
    StrokesOption,
    ZeroIsRegionOption,
)
from napari_layeredcnn.cli.outputs import (
    check_outputs,
    is_zarr_output,
    unfit_for_image,
    unfit_for_stack,
)
from napari_layeredcnn.cli.settings import Done, Settings, StackSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_layeredcnn.cli.folder import Begun


@dataclass(frozen=True)
class Row:
    """What became of an image: a result, or a sentence that says why not."""

    name: str
    said: str
    done: Done | None = None
    seconds: float = 0.0
    failed: bool = False


def segment_folder(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="The folder of images and stacks: TIFF, PNG, NPY or zarr.",
            show_default=False,
        ),
    ],
    seeds: Annotated[
        Path,
        typer.Option(
            "--seeds",
            metavar="BEGUN",
            help="A folder with the seed of each image under the image's name (NAME.tif, "
            "NAME.layers.tif, NAME.curves.csv, ...), or one file for all images.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUTDIR",
            help="The folder of results; made if it is not there.",
            show_default=False,
        ),
    ],
    to: Annotated[
        list[Kind] | None,
        typer.Option(
            "--to",
            help="What to write for each image; may be given several times. Default: tif.",
            show_default=False,
        ),
    ] = None,
    strokes: StrokesOption = Strokes.REGIONS,
    zero_is_region: ZeroIsRegionOption = False,
    direction: DirectionOption = Direction.HORIZONTAL,
    region_thickness: RegionThicknessOption = None,
    quick: QuickOption = False,
    model: ModelOption = None,
    device: DeviceOption = Device.AUTO,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Do again what is done, and replace it.")
    ] = False,
    seed_slice: SeedSliceOption = None,
    across: AcrossOption = None,
    stop_above: StopAboveOption = None,
    memory: MemoryOption = None,
    batch: BatchOption = None,
    scheduler: SchedulerOption = None,
    center: CenterOption = None,
    start_angle: StartAngleOption = None,
    max_radius: MaxRadiusOption = None,
) -> None:
    """Complete every image and stack of a folder, each from a seed of its own or all from one.

    What is done is skipped, what fails is told of at the end and does not stop the others, and a
    stack whose .zarr was interrupted goes on where it stopped.

    Example: `layeredcnn segment-folder scans --seeds begun -o results --to tif --to csv`
    completes scans/NAME.tif from begun/NAME.tif to results/NAME.layers.tif and
    results/NAME.curves.csv.
    """
    settings = Settings(
        seeds, strokes, zero_is_region, direction, model, device.value, region_thickness,
        center, start_angle, max_radius, quick,
    )  # fmt: skip
    settings.check_around()
    choices = StackSettings(seed_slice, None, across, memory, batch, scheduler, stop_above)
    kinds = list(dict.fromkeys(to or [Kind.TIF]))
    with errors_in_one_sentence():
        begun = images_and_seeds(folder, seeds)
        output.mkdir(parents=True, exist_ok=True)

        from napari_layeredcnn.core.weights import load_model

        settings = replace(settings, model=load_model(model))
    rows = []
    for number, one in enumerate(begun, start=1):
        outputs = [kind.path(output, one.name) for kind in kinds]
        left = outputs if overwrite else [path for path in outputs if not _is_done(path)]
        if not left:
            rows.append(Row(one.image.name, "done before"))
            continue
        doing = f"{one.image.name} ({number} of {len(begun)})"
        rows.append(_row(one, left, settings, choices, overwrite=overwrite, doing=doing))
    _print(rows)
    if any(row.failed for row in rows):
        raise typer.Exit(1)


def _is_done(path: Path) -> bool:
    """Tell whether an output is there; a zarr also has to be finished."""
    if not path.exists() or not is_zarr_output(path):
        return path.exists()
    from napari_layeredcnn.core.stack_file import open_stack_file

    try:
        return not open_stack_file(path).partition.left
    except ValueError:  # something else lies there, which the completion will not touch
        return False


def _row(
    one: Begun,
    outputs: Sequence[Path],
    settings: Settings,
    choices: StackSettings,
    *,
    overwrite: bool,
    doing: str,
) -> Row:
    """Complete one image or stack, and go on where that fails."""
    from napari_layeredcnn.core.decoder import is_out_of_memory

    start = time.perf_counter()
    try:
        settings = replace(settings, seed=one.seed(settings.seed))
        done = _segment(one.image, outputs, settings, choices, overwrite=overwrite, doing=doing)
    except (ValueError, OSError) as error:
        said = sentence(error)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        said = f"There is not enough memory: {sentence(error)}"
    else:
        return Row(one.image.name, "done", done, time.perf_counter() - start)
    return Row(one.image.name, said, failed=True)


def _segment(
    image: Path,
    outputs: Sequence[Path],
    settings: Settings,
    choices: StackSettings,
    *,
    overwrite: bool,
    doing: str,
) -> Done:
    from napari_layeredcnn.cli.whole_stack import segment_stack
    from napari_layeredcnn.files import open_array

    stack = open_array(image)
    resume = not overwrite and any(is_zarr_output(path) for path in outputs)
    if stack.is_stack:
        unfit = unfit_for_stack(outputs, settings.direction)
    else:
        unfit = unfit_for_image(outputs, ())
    if unfit is not None:
        raise ValueError(unfit[0].upper() + unfit[1:])
    protected = (image, settings.seed)
    check_outputs(outputs, protected=protected, overwrite=overwrite, resume=resume)
    if not stack.is_stack:
        return segment_image(image, outputs, settings, doing=doing)
    return segment_stack(stack, outputs, settings, replace(choices, resume=resume), doing=doing)


def _print(rows: Sequence[Row]) -> None:
    """Print a table of results and failures, and how many there are."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    table.add_column("image", overflow="fold")
    for heading in ("slices", "curves", "seconds", "uncertainty px"):
        table.add_column(heading, justify="right")
    table.add_column("result", overflow="fold")
    for row in rows:
        figures = [""] * 4
        if row.done is not None:
            figures = [f"{row.done.slices}", f"{row.done.curves}", f"{row.seconds:.1f}"]
            figures.append(f"{row.done.uncertainty:.2f}")
        table.add_row(Text(row.name), *figures, Text(row.said))
    console = Console()
    if not console.is_terminal:  # a log has room for whole names
        console = Console(width=max(console.width, 120))
    console.print(table)
    done = sum(row.done is not None for row in rows)
    failed = sum(row.failed for row in rows)
    say(f"{done} done, {len(rows) - done - failed} done before, {failed} failed.")
