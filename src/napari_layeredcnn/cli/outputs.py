"""What `layeredcnn segment` writes: each output as its ending says, and never over an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_layeredcnn.core.around import PolarCompletion
    from napari_layeredcnn.core.completion import Completion
    from napari_layeredcnn.core.polar_seed import PolarSeed
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.files import ImageFile

ENDINGS = (".tif", ".tiff", ".csv", ".npz", ".png")


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


def _same_file(a: Path, b: Path) -> bool:
    """Tell whether two names are one file, by a hard link for example."""
    return a.exists() and b.exists() and a.samefile(b)
