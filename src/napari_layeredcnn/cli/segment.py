"""`layeredcnn segment`: an image and partial labels in, labels, curves and an overlay out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from napari_layeredcnn.cli.console import (
    Device,
    DeviceOption,
    ModelOption,
    errors_in_one_sentence,
    progress_console,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_layeredcnn.core.completion import CompletedColumns, Completion
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.files import ImageFile

ENDINGS = (".tif", ".tiff", ".csv", ".npz", ".png")


class Strokes(StrEnum):
    """What is painted in the seed."""

    REGIONS = "regions"
    BOUNDARIES = "boundaries"


class Direction(StrEnum):
    """Which way columns (or rows) are continued."""

    RIGHT = "right"
    LEFT = "left"
    HORIZONTAL = "horizontal"
    DOWN = "down"
    UP = "up"
    VERTICAL = "vertical"


def segment(
    image: Annotated[
        Path,
        typer.Argument(metavar="IMAGE", help="The image: TIFF, PNG or NPY.", show_default=False),
    ],
    seed: Annotated[
        Path,
        typer.Option(
            "--seed",
            metavar="LABELS",
            help="Partial labels of the image's shape: TIFF, PNG or NPY, 0 where unlabelled.",
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
            "up or vertical (both).",
        ),
    ] = Direction.HORIZONTAL,
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
    """
    check_endings(output)
    with errors_in_one_sentence():
        check_outputs(output, protected=(image, seed), overwrite=overwrite)

        from napari_layeredcnn.core.completion import iter_complete
        from napari_layeredcnn.files import read_image

        file = read_image(image, slice_index)
        begun = read_seed(seed, file, slice_index, strokes, zero_is_region, direction)
        steps = iter_complete(
            file.array,
            begun,
            model=model,
            device=device.value,
            direction=direction.value,
            region_thickness=region_thickness,
        )
        completion = with_progress(steps, f"Completing {image.name}")
        write_outputs(output, file, begun, completion)
    k, n = completion.curves.shape
    lines = "rows" if completion.transposed else "columns"
    say(
        f"Completed {k} curve{'s' * (k > 1)} over {n} {lines} from {len(begun.columns)} labelled "
        f"({completion.model_name})."
    )
    for note in completion.notes:
        say(f"Note: {note}.")
    for path in output:
        say(f"Wrote {path}")


def check_endings(outputs: Sequence[Path]) -> None:
    """Refuse an output whose ending says nothing, as wrong usage."""
    for path in outputs:
        if path.suffix.lower() not in ENDINGS:
            raise typer.BadParameter(
                f"'{path}' ends in {path.suffix or 'nothing'}; outputs end in .tif (labels), "
                ".csv or .npz (curves) or .png (overlay).",
                param_hint="'--output' / '-o'",
            )


def check_outputs(outputs: Sequence[Path], *, protected: Sequence[Path], overwrite: bool) -> None:
    """Refuse to write over the input, ever, and over other files unless asked to."""
    seen: set[Path] = set()
    for path in outputs:
        resolved = path.resolve()
        if any(resolved == p.resolve() or _same_file(path, p) for p in protected):
            raise ValueError(f"{path} is an input and is never written over; choose another name.")
        if resolved in seen:
            raise ValueError(f"{path} is named twice as an output.")
        seen.add(resolved)
        if not path.parent.is_dir():
            raise ValueError(
                f"The folder {path.parent} of {path.name} does not exist; make it first."
            )
        if path.is_dir():
            raise ValueError(f"{path} is a folder; name a file.")
        if path.exists() and not overwrite:
            raise ValueError(f"{path} exists already; add --overwrite to replace it.")


def read_seed(
    path: Path,
    image: ImageFile,
    slice_index: int | None,
    strokes: Strokes,
    zero_is_region: bool,
    direction: Direction,
) -> Seed:
    """Read partial labels of an image's shape as a seed, transposed where rows are continued."""
    from napari_layeredcnn.core.seeds import seed_from_boundaries, seed_from_regions
    from napari_layeredcnn.files import read_labels

    labels = read_labels(path, slice_index)
    if labels.shape != image.array.shape[:2]:
        raise ValueError(
            f"{path} has {labels.shape[0]} x {labels.shape[1]} pixels where the image has "
            f"{image.array.shape[0]} x {image.array.shape[1]}; labels need the image's own shape."
        )
    if direction in (Direction.DOWN, Direction.UP, Direction.VERTICAL):
        labels = labels.T
    if strokes is Strokes.BOUNDARIES:
        if zero_is_region:
            raise ValueError("--zero-is-region has no meaning with --strokes boundaries; drop one.")
        return seed_from_boundaries(labels)
    return seed_from_regions(labels, zero_is_region=zero_is_region)


def with_progress(
    steps: Generator[CompletedColumns, None, Completion], description: str
) -> Completion:
    """Run a completion to its end under a progress bar that counts columns."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("columns"),
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
                result: Completion = stop.value
                return result
            bar.update(task, completed=step.done, total=step.total)


def write_outputs(
    outputs: Sequence[Path], image: ImageFile, seed: Seed, completion: Completion
) -> None:
    """Write each output as its ending says."""
    from napari_layeredcnn.files import write_curves, write_labels, write_picture
    from napari_layeredcnn.overlay import draw_overlay

    for path in outputs:
        ending = path.suffix.lower()
        if ending in (".csv", ".npz"):
            write_curves(
                path,
                completion.curves,
                uncertainty=completion.uncertainty,
                region_ids=completion.region_ids,
                transposed=completion.transposed,
            )
        elif ending == ".png":
            picture = draw_overlay(
                image.array,
                completion.curves,
                seed_columns=seed.columns,
                uncertainty=completion.uncertainty,
                transposed=completion.transposed,
            )
            write_picture(path, picture)
        else:
            write_labels(path, completion.labels(), image.resolution)


def _same_file(a: Path, b: Path) -> bool:
    """Tell whether two names are one file, by a hard link for example."""
    return a.exists() and b.exists() and a.samefile(b)
