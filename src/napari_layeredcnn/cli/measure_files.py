"""Files measured one after the other: rows for a table, maps beside it, and what went wrong."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_layeredcnn.cli.console import say, sentence
from napari_layeredcnn.cli.outputs import check_outputs
from napari_layeredcnn.core.measure import measure
from napari_layeredcnn.core.measure_compare import compare
from napari_layeredcnn.core.measure_maps import thickness_map
from napari_layeredcnn.files.maps import write_map
from napari_layeredcnn.files.segmentation import read_segmentation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_layeredcnn.core.measure_rows import Measured, RegionOfInterest
    from napari_layeredcnn.core.measure_segmentation import Segmentation

    Rows = list[tuple[str, Measured]]

_ENDINGS = re.compile(r"(\.layers|\.curves|\.ome)?\.[^.]+$")
_PRINTED = 60  # rows; all others are in the file


@dataclass(frozen=True)
class Measuring:
    """What the command was asked for: `reading` and `measuring` are arguments of the library."""

    reading: Mapping[str, Any]
    measuring: Mapping[str, Any]
    rois: tuple[RegionOfInterest, ...]
    maps: tuple[Path, ...]
    protected: tuple[Path, ...]
    overwrite: bool


def measure_files(
    files: Sequence[Path], others: Mapping[Path, Path], settings: Measuring
) -> tuple[Rows, list[str]]:
    """Measure, compare and map all files; give the rows of all and a sentence for each failure."""
    rows: Rows = []
    failures = []
    written: set[Path] = set()
    used = Counter(path.name for path in files)
    for path in files:
        name = path.name if used[path.name] == 1 else str(path)
        try:
            one = read_segmentation(path, **settings.reading)
            found = measure(one, regions_of_interest=settings.rois, **settings.measuring)
            rows += ((name, row) for row in found)
            if path in others:
                other = read_segmentation(others[path], **settings.reading)
                compared = compare(one, other, regions_of_interest=settings.rois)
                rows += ((name, row) for row in compared)
            _write_maps(one, path, settings, written, many=len(files) > 1)
        except (ValueError, OSError, MemoryError) as error:
            said = sentence(error)
            failures.append(said if name in said else f"{name}: {said}")
    return rows, failures


def _write_maps(
    one: Segmentation, path: Path, settings: Measuring, written: set[Path], *, many: bool
) -> None:
    """Write the thickness of every region between curves, and note down where."""
    inner = range(1, len(one.names) - 1)
    if settings.maps and not inner:
        raise ValueError(f"{path.name} has no region between two curves to map.")
    names = [_plain(one.names[r]) for r in inner]
    if len(set(names)) < len(names):
        names = [f"{name}_{r}" for r, name in zip(inner, names, strict=True)]
    options = {k: settings.measuring[k] for k in ("perpendicular", "max_uncertainty")}
    for target in settings.maps:
        for r, name in zip(inner, names, strict=True):
            parts = [_plain(_ENDINGS.sub("", path.name))] * many + [name] * (len(names) > 1)
            named = target.with_name("_".join([target.stem, *parts]) + target.suffix)
            if named in written:
                raise ValueError(f"{named} would be the map of two files: rename one of them.")
            # Without parts, that is, the target itself, it was checked before all.
            outputs = [named] if parts else []
            check_outputs(outputs, protected=settings.protected, overwrite=settings.overwrite)
            write_map(named, thickness_map(one, r, **options))
            written.add(named)
            say(f"Wrote {named}")


def summarize(rows: Rows) -> None:
    """Print the mean thickness of each region of each file."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = _summary(rows)
    table = Table()
    for heading in ("file", "roi", "region"):
        table.add_column(heading, overflow="fold")
    for heading in ("thickness", "error", "sd", "covered"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    for line in lines[:_PRINTED]:
        table.add_row(*map(Text, line))
    console = Console()
    if not console.is_terminal:  # a log has room for whole names
        console = Console(width=max(console.width, 120))
    console.print(table)
    if len(lines) > _PRINTED:
        say(f"{len(lines) - _PRINTED} more are in the table.")


def _summary(rows: Rows) -> list[list[str]]:
    found: dict[tuple[str, str, str], dict[str, Measured]] = {}
    for name, row in rows:
        if row.slice is None:
            found.setdefault((name, row.roi, row.region), {})[row.measure] = row
    lines = []
    for (name, roi, region), figures in found.items():
        if "thickness mean" not in figures:
            continue
        numbers = []
        for measure_ in ("thickness mean", "thickness mean error", "thickness sd"):
            value = figures[measure_].value if measure_ in figures else math.nan
            numbers.append("" if math.isnan(value) else f"{value:.4g}")
        numbers.append(f"{figures['covered'].value:.0%}")
        lines.append([name, roi, region, *numbers, figures["thickness mean"].unit])
    return lines


def _plain(name: str) -> str:
    """Leave out what a file system may not take in a name."""
    return re.sub(r"[^\w.\-]+", "_", name).strip("_") or "_"
