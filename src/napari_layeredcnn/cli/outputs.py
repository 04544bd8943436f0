"""What `layeredcnn segment` writes: each output as its ending says, and never over an input."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from napari_layeredcnn.cli.options import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_layeredcnn.core.around import PolarCompletion
    from napari_layeredcnn.core.completion import Completion
    from napari_layeredcnn.core.polar_seed import PolarSeed
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.files import ImageFile

ENDINGS = (".tif", ".tiff", ".csv", ".npz", ".png", ".zarr")


def check_endings(outputs: Sequence[Path]) -> None:
    """Refuse an output whose ending says nothing, as wrong usage."""
    for path in outputs:
        if path.suffix.lower() not in ENDINGS:
            raise typer.BadParameter(
                f"'{path}' ends in {path.suffix or 'nothing'}; outputs end in .tif (labels), "
                ".csv or .npz (curves), .png (overlay of an image) or .zarr (all of a stack).",
                param_hint="'--output' / '-o'",
            )


def check_outputs(
    outputs: Sequence[Path], *, protected: Sequence[Path], overwrite: bool, resume: bool = False
) -> None:
    """Refuse to write over the input, ever, and over other files unless asked to."""
    seen: set[Path] = set()
    for path in outputs:
        resolved = path.resolve()
        if any(_overlap(resolved, p.resolve()) or _same_file(path, p) for p in protected):
            raise ValueError(f"{path} is an input and is never written over; choose another name.")
        if resolved in seen:
            raise ValueError(f"{path} is named twice as an output.")
        seen.add(resolved)
        if not path.parent.is_dir():
            raise ValueError(
                f"The folder {path.parent} of {path.name} does not exist; make it first."
            )
        if is_zarr_output(path):
            _check_zarr(path, overwrite=overwrite, resume=resume)
        elif path.is_dir():
            raise ValueError(f"{path} is a folder; name a file.")
        elif path.exists() and not overwrite:
            raise ValueError(f"{path} exists already; add --overwrite to replace it.")


def is_zarr_output(path: Path) -> bool:
    """Tell whether an output is zarr, by its ending."""
    return path.suffix.lower() == ".zarr"


def unfit_for_image(outputs: Sequence[Path], given: Sequence[str]) -> str | None:
    """Say what is of no use for a single image: options of stacks, outputs of stacks."""
    if given:
        return (
            f"{' and '.join(given)} {'is' if len(given) == 1 else 'are'} for whole stacks, but "
            f"this is one image or one slice: drop {'it' if len(given) == 1 else 'them'}."
        )
    if any(is_zarr_output(path) for path in outputs):
        return "a .zarr is written for whole stacks, but this is one image: write a .tif."
    return None


def unfit_for_stack(
    outputs: Sequence[Path], direction: Direction, *, resume: bool = False
) -> str | None:
    """Say what is of no use for a whole stack."""
    zarrs = sum(is_zarr_output(path) for path in outputs)
    if direction is Direction.AROUND:
        return "closed structures are completed in one slice at a time: choose it with --slice N."
    if any(path.suffix.lower() == ".png" for path in outputs):
        return "a .png shows one slice, but this is a stack: choose a slice with --slice N."
    if zarrs > 1:
        return "one .zarr holds all there is of a stack: name no more than one."
    if resume and not zarrs:
        return "--resume goes on with a .zarr, slice by slice: add -o NAME.zarr, or drop it."
    return None


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


def write_closed_outputs(
    outputs: Sequence[Path], image: ImageFile, seed: PolarSeed, completion: PolarCompletion
) -> None:
    """Write each output of a completion about a center as its ending says."""
    from napari_layeredcnn.cli.closed_overlay import draw_closed_overlay
    from napari_layeredcnn.files import Around, write_curves, write_labels, write_picture

    grid = completion.grid
    for path in outputs:
        ending = path.suffix.lower()
        if ending in (".csv", ".npz"):
            write_curves(
                path,
                completion.curves,
                uncertainty=completion.uncertainty,
                region_ids=completion.region_ids,
                around=Around(grid.center, grid.start_angle),
            )
        elif ending == ".png":
            angles = grid.angles[seed.seed.columns]
            picture = draw_closed_overlay(image.array, completion.paths(), grid.center, angles)
            write_picture(path, picture)
        else:
            write_labels(path, completion.labels(), image.resolution)


def _check_zarr(path: Path, *, overwrite: bool, resume: bool) -> None:
    if not path.exists() or resume:
        return
    if not overwrite:
        raise ValueError(
            f"{path} exists already; add --resume to go on with it, or --overwrite to replace it."
        )
    try:
        ours = "layeredcnn" in json.loads((path / "zarr.json").read_text())["attributes"]
    except (OSError, ValueError, LookupError):
        ours = False
    if not ours:
        raise ValueError(f"{path} was not written by layeredcnn, so it stays; choose another name.")


def _overlap(a: Path, b: Path) -> bool:
    """Tell whether two paths are one, or one lies within the other."""
    return a == b or a in b.parents or b in a.parents


def _same_file(a: Path, b: Path) -> bool:
    """Tell whether two names are one file, by a hard link for example."""
    return a.exists() and b.exists() and a.samefile(b)
