"""`layeredcnn find`: layers found without labels, written as the partial labels that they make."""

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
    say,
    with_progress,
)
from napari_layeredcnn.cli.outputs import check_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_layeredcnn.core.candidates import Candidates
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.files import ImageFile

_ENDINGS = (".tif", ".tiff", ".csv", ".npz", ".png")
_DRAWN = 10  # candidates in the picture beside the chosen ones


class Way(StrEnum):
    """Which way layers run."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"


def find(
    image: Annotated[
        Path,
        typer.Argument(metavar="IMAGE", help="The image: TIFF, PNG or NPY.", show_default=False),
    ],
    output: Annotated[
        list[Path],
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="What to write; may be given several times. The ending says what it is: .tif "
            "partial labels, .csv or .npz the same as curves, both for `segment --seed`; .png the "
            "chosen candidates in color and the next ones dashed.",
            show_default=False,
        ),
    ],
    k: Annotated[
        int | None,
        typer.Option(
            "-k",
            "--curves",
            metavar="K",
            min=1,
            help="How many boundaries to find. Default: as many as are sure enough.",
            show_default=False,
        ),
    ] = None,
    direction: Annotated[
        Way,
        typer.Option("--direction", metavar="WAY", help="How layers run: horizontal or vertical."),
    ] = Way.HORIZONTAL,
    region_thickness: Annotated[
        float | None,
        typer.Option(
            "--region-thickness",
            metavar="PX",
            min=0.1,
            help="Typical thickness of the thin regions in the image, in pixels; sets the "
            "working resolution. Default: 64 rows, or 10 for each region if -k says that there "
            "are many.",
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
            help="The slice of a stack, the first being 0.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that exist already.")
    ] = False,
) -> None:
    """Find layers in one image without labels, and write partial labels that begin with them.

    Example: `layeredcnn find retina.tif -k 3 -o seed.tif -o seed.png`, then
    `layeredcnn segment retina.tif --seed seed.tif -o done.tif`
    """
    for path in output:
        if path.suffix.lower() not in _ENDINGS:
            raise typer.BadParameter(
                f"'{path}' ends in {path.suffix or 'nothing'}; outputs end in .tif (partial "
                "labels), .csv or .npz (curves) or .png (picture).",
                param_hint="'--output' / '-o'",
            )
    with errors_in_one_sentence():
        check_outputs(output, protected=(image,), overwrite=overwrite)

        from napari_layeredcnn.core.autoinit import iter_find_layers
        from napari_layeredcnn.files import read_image

        file = read_image(image, slice_index)
        steps = iter_find_layers(
            file.array,
            k,
            model=model,
            device=device.value,
            direction=direction.value,
            region_thickness=region_thickness,
        )
        found = with_progress(steps, f"Searching {image.name}")
        if not found.chosen:
            raise ValueError(found.notes[-1])
        seed = found.seed()
        _write(output, file, found, seed)
    say(_summary(found, seed))
    for note in found.notes:
        say(f"Note: {note}.")
    for path in output:
        say(f"Wrote {path}")


def _write(outputs: Sequence[Path], image: ImageFile, found: Candidates, seed: Seed) -> None:
    """Write each output as its ending says, or none of them."""
    import numpy as np

    from napari_layeredcnn.core.label_seeds import seed_from_regions
    from napari_layeredcnn.core.regions import regions_from_curves
    from napari_layeredcnn.core.seeds import SeedError
    from napari_layeredcnn.files import write_curves, write_labels, write_picture
    from napari_layeredcnn.overlay import draw_overlay

    labels = regions_from_curves(seed.curves, seed.height, seed.region_ids).astype(np.uint16)
    endings = [path.suffix.lower() for path in outputs]
    if any(ending in (".tif", ".tiff") for ending in endings):
        try:
            whole = seed_from_regions(labels).n_curves == seed.n_curves
        except SeedError:
            whole = False
        if not whole:
            raise ValueError(
                "a region that was found is thinner than a pixel, which labels cannot show; write "
                "a .csv instead, or ask for fewer layers with -k"
            )
    others = [i for i in range(len(found.curves)) if i not in found.chosen][:_DRAWN]
    for path, ending in zip(outputs, endings, strict=True):
        if ending in (".csv", ".npz"):
            write_curves(path, seed.curves, region_ids=seed.region_ids, transposed=found.transposed)
        elif ending == ".png":
            picture = draw_overlay(
                image.array,
                found.curves[list(found.chosen)],
                truth=found.curves[others],
                seed_columns=seed.columns,
                transposed=found.transposed,
            )
            write_picture(path, picture)
        else:
            write_labels(path, labels.T if found.transposed else labels, image.resolution)


def _summary(found: Candidates, seed: Seed) -> str:
    n = seed.n_curves
    first, last = seed.columns[0], seed.columns[-1]
    line = "row" if found.transposed else "column"
    where = f"{line} {first}" if first == last else f"{line}s {first} to {last}"
    if len(seed.columns) <= last - first:  # here and there
        where = f"{len(seed.columns)} {line}s from {first} to {last}"
    costs = ", ".join(f"{found.costs[i]:.2f}" for i in found.chosen)
    return (
        f"Found {n} curve{'s' * (n > 1)} of {len(found.curves)} candidates, labelled in {where} "
        f"({found.model_name}). Costs from top to bottom: {costs}."
    )
