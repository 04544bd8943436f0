"""`layeredcnn measure`: thickness, area and roughness of many files in one table."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from napari_layeredcnn.cli.console import errors_in_one_sentence, say, warn
from napari_layeredcnn.cli.measure_values import parse_ids, parse_roi, parse_scale
from napari_layeredcnn.cli.outputs import check_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

_TABLES, _MAPS = (".csv", ".xlsx"), (".tif", ".tiff", ".png")
_LEAVING = "Which columns count"


def measure(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Label images or stacks (TIFF, PNG, NPY, zarr), .curves.csv or .curves.npz files, "
            "or completed stacks (.zarr).",
            show_default=False,
        ),
    ],
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="TABLE",
            help="A .csv or .xlsx to write all numbers to; may be given several times.",
            show_default=False,
        ),
    ] = None,
    maps: Annotated[
        list[Path] | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="A .tif (numbers) or .png (picture) to write the thickness of a stack to, seen "
            "from above; may be given several times. With several files or regions, their names "
            "are added to it.",
            show_default=False,
        ),
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(
            "--scale",
            metavar="[Z,]Y,X",
            help='Size of a pixel along (slices,) rows and columns, as in "5,3.9,11.2"; needs '
            "--unit. Default: what each file says, else pixels.",
            show_default=False,
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit", metavar="NAME", help="What --scale is in, such as um.", show_default=False
        ),
    ] = None,
    perpendicular: Annotated[
        bool,
        typer.Option(
            "--perpendicular",
            help="Measure thickness along the normals of the mid-lines too, and map it so.",
        ),
    ] = False,
    to_border: Annotated[
        bool,
        typer.Option(
            "--to-border",
            help="Measure the thickness of the first and the last region too, up to the border of "
            "the image.",
        ),
    ] = False,
    detrend: Annotated[
        int,
        typer.Option(
            "--detrend",
            metavar="N",
            min=0,
            help="Degree of the polynomial taken from a curve before its roughness is measured.",
        ),
    ] = 1,
    roi: Annotated[
        list[str] | None,
        typer.Option(
            "--roi",
            metavar="[NAME=]A:B[,C:D]",
            help="Measure columns A to B - 1 alone (rows, if curves run down the image), of slices "
            'C to D - 1 if given: "fovea=100:200,10:20"; may be given several times.',
            show_default=False,
            rich_help_panel=_LEAVING,
        ),
    ] = None,
    max_uncertainty: Annotated[
        float | None,
        typer.Option(
            "--max-uncertainty",
            metavar="PX",
            min=0,
            help="Leave out columns that are more uncertain.",
            show_default=False,
            rich_help_panel=_LEAVING,
        ),
    ] = None,
    correlation_length: Annotated[
        int | None,
        typer.Option(
            "--correlation-length",
            metavar="N",
            min=1,
            help="Columns over which errors are alike, for the errors of means. Default: all of a "
            "slice, which gives the largest error that the uncertainty allows.",
            show_default=False,
        ),
    ] = None,
    ids: Annotated[
        str | None,
        typer.Option(
            "--ids",
            metavar="ID,ID...",
            help="Of label images: region ids from top to bottom. Default: as they lie on each "
            "other; 0 above and below all others is background.",
            show_default=False,
        ),
    ] = None,
    transposed: Annotated[
        bool,
        typer.Option(
            "--transposed",
            help="Of label images: regions follow each other from left to right. Curves and "
            "completed stacks say it themselves.",
        ),
    ] = False,
    other: Annotated[
        Path | None,
        typer.Option(
            "--compare",
            metavar="OTHER",
            help="Compare with another segmentation of the same image, or with the files of the "
            "same names in a folder: distances, Bland-Altman figures, adjusted Rand index.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace tables and maps that are there.")
    ] = False,
) -> None:
    """Measure the regions of segmentations: thickness, area or volume, roughness of boundaries.

    Prints the mean thickness of each region, and writes all numbers to a table. Goes on after a
    file that cannot be measured; the exit code is 1 then.
    """
    outputs, to_map = output or [], maps or []
    sizes = None if scale is None else parse_scale(scale)
    rois = tuple(parse_roi(text) for text in roi or ())
    region_ids = None if ids is None else parse_ids(ids)
    _check_usage(outputs, to_map, scaled=sizes is not None, unit=unit)
    with errors_in_one_sentence():
        from napari_layeredcnn.cli.measure_files import Measuring, measure_files, summarize

        others = _others(files, other)
        protected = [*files, *others.values()]
        check_outputs([*outputs, *to_map], protected=protected, overwrite=overwrite)
        settings = Measuring(
            reading={
                "region_ids": region_ids,
                "transposed": transposed,
                "scale": sizes,
                "unit": unit,
            },
            measuring={
                "perpendicular": perpendicular,
                "to_border": to_border,
                "max_uncertainty": max_uncertainty,
                "correlation_length": correlation_length,
                "detrend": detrend,
            },
            rois=rois,
            maps=tuple(to_map),
            protected=tuple(protected),
            overwrite=overwrite,
        )
        rows, failures = measure_files(files, others, settings)
        if rows:
            summarize(rows)
        for path in outputs if rows else ():
            from napari_layeredcnn.files.tables import write_table

            write_table(path, rows)
            say(f"Wrote {path}")
    for failure in failures:
        warn(f"Error: {failure}")
    if failures:
        raise typer.Exit(1)


def _check_usage(
    outputs: Sequence[Path], maps: Sequence[Path], *, scaled: bool, unit: str | None
) -> None:
    """Refuse endings that say nothing, and a scale without a unit or the other way round."""
    for paths, endings, option in ((outputs, _TABLES, "-o"), (maps, _MAPS, "--map")):
        for path in paths:
            if path.suffix.lower() not in endings:
                raise typer.BadParameter(
                    f"'{path}' ends in {path.suffix or 'nothing'}, but {' or '.join(endings)} is "
                    "needed.",
                    param_hint=f"'{option}'",
                )
    if scaled != (unit is not None):
        missing, there = ("--unit", "--scale") if scaled else ("--scale", "--unit")
        raise typer.BadParameter(f"{there} says nothing without it.", param_hint=f"'{missing}'")


def _others(files: Sequence[Path], other: Path | None) -> dict[Path, Path]:
    """Find what each file is compared with."""
    if other is None:
        return {}
    from napari_layeredcnn.files import is_zarr

    if other.is_dir() and not is_zarr(other):
        return {path: other / path.name for path in files}
    if len(files) > 1:
        raise ValueError(
            f"{other} is compared with one file, but there are {len(files)}: name a folder that "
            "has files of the same names."
        )
    return {files[0]: other}
