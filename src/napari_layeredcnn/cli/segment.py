"""`layeredcnn segment`: an image or a stack and partial labels in; labels and curves out."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import Annotated

import typer

from napari_layeredcnn.cli.console import (
    Device,
    DeviceOption,
    ModelOption,
    errors_in_one_sentence,
    say,
)
from napari_layeredcnn.cli.one_image import segment_image
from napari_layeredcnn.cli.options import (
    STACKS,
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
    check_endings,
    check_outputs,
    unfit_for_image,
    unfit_for_stack,
)
from napari_layeredcnn.cli.settings import Settings, StackSettings
from napari_layeredcnn.cli.values import parse_slices


def segment(
    image: Annotated[
        Path,
        typer.Argument(
            metavar="IMAGE",
            help="The image, or a stack of slices: TIFF, PNG, NPY or zarr.",
            show_default=False,
        ),
    ],
    seed: Annotated[
        Path,
        typer.Option(
            "--seed",
            metavar="BEGUN",
            help="Partial labels of the image's or the stack's shape: TIFF, PNG, NPY or zarr, 0 "
            "where unlabelled. Or boundaries that were drawn in napari and saved: .curves.csv or "
            ".curves.npz.",
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
            ".tif labels, .csv or .npz curves, .png overlay of an image, .zarr all of a stack, "
            "written batch by batch.",
            show_default=False,
        ),
    ],
    strokes: StrokesOption = Strokes.REGIONS,
    zero_is_region: ZeroIsRegionOption = False,
    direction: DirectionOption = Direction.HORIZONTAL,
    region_thickness: RegionThicknessOption = None,
    quick: QuickOption = False,
    model: ModelOption = None,
    device: DeviceOption = Device.AUTO,
    slice_index: Annotated[
        int | None,
        typer.Option(
            "--slice",
            metavar="N",
            min=0,
            help="Complete this slice of a stack alone, the first being 0; results are of that "
            "slice. Default: all slices.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that exist already.")
    ] = False,
    slices: Annotated[
        slice | None,
        typer.Option(
            "--slices",
            metavar="A:B",
            parser=parse_slices,
            help="Complete the slices A to B - 1 alone, from all labelled slices.",
            show_default=False,
            rich_help_panel=STACKS,
        ),
    ] = None,
    seed_slice: SeedSliceOption = None,
    across: AcrossOption = None,
    stop_above: StopAboveOption = None,
    memory: MemoryOption = None,
    batch: BatchOption = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the .zarr of a run that was interrupted.",
            rich_help_panel=STACKS,
        ),
    ] = False,
    scheduler: SchedulerOption = None,
    center: CenterOption = None,
    start_angle: StartAngleOption = None,
    max_radius: MaxRadiusOption = None,
) -> None:
    """Complete the segmentation of an image from labels in a few of its columns.

    In each labelled column every region (or boundary) is to be there, in the same order; two
    short strokes of paint are enough for two regions.

    Example: `layeredcnn segment retina.tif --seed begun.tif -o done.tif -o done.csv -o done.png`

    Of a stack, every slice is completed from the slices that are labelled; one is enough:
    `layeredcnn segment stack.tif --seed begun.tif -o done.tif`

    A stack that is larger than the memory, batch by batch: `layeredcnn segment stack.zarr
    --seed begun.tif -o done.zarr --memory 2GB`, and the same with `--resume` after an interruption.

    Rings and tubes, whose boundaries are closed: `layeredcnn segment tree.tif --seed begun.tif
    --direction around --center 211.5 198 -o done.tif`
    """
    check_endings(output)
    settings = Settings(
        seed, strokes, zero_is_region, direction, model, device.value, region_thickness,
        center, start_angle, max_radius, quick,
    )  # fmt: skip
    settings.check_around()
    choices = StackSettings(
        seed_slice, slices, across, memory, batch, scheduler, stop_above, resume
    )
    with errors_in_one_sentence():
        check_outputs(output, protected=(image, seed), overwrite=overwrite, resume=resume)

        from napari_layeredcnn.cli.whole_stack import segment_stack
        from napari_layeredcnn.files import open_array

        doing = f"Completing {image.name}"
        opened = None if slice_index is not None else open_array(image)
        if opened is not None and opened.is_stack:
            _refuse(unfit_for_stack(output, settings.direction, resume=resume))
            done = segment_stack(opened, output, settings, choices, doing=doing)
        else:
            _refuse(unfit_for_image(output, choices.given()))
            done = segment_image(image, output, settings, slice_index=slice_index, doing=doing)
    for line in (done.summary, *done.notes, *(f"Wrote {path}" for path in output)):
        say(line)


def _refuse(unfit: str | None) -> None:
    """Take what does not fit the image for wrong usage."""
    if unfit is not None:
        raise typer.BadParameter(unfit)
