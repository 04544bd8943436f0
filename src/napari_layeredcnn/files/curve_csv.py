"""Curves as a table that people and spreadsheets read: comments, a row of names, numbers."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.files.curve_table import CurveTable, around_from, checked_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_LAYER = "# layer: "


def write_csv(path: Path, table: CurveTable) -> None:
    """Write one row to each column of each slice."""
    k = table.n_curves
    along, order, coordinates = _words(table)
    lines = [
        "# Curves written by napari-layeredcnn",
        *(f"# {line}" for line in coordinates),
        "# units: px",
        f"# region ids, {order}: {' '.join(map(str, table.region_ids))}",
    ]
    # What stands before the values of each column.
    places = [str(x) for x in range(table.curves.shape[-1])]
    if table.around is not None:
        angles = table.around.angles(len(places)).tolist()
        places = [f"{x},{angle}" for x, angle in zip(places, angles, strict=True)]
    names = [*along, *(f"curve_{i + 1}" for i in range(k))]
    stack = table.slices is not None
    parts: list[NDArray[Any]] = [_as_stack(table.curves, stack)]
    if table.uncertainty is not None:
        names += [f"uncertainty_{i + 1}" for i in range(k)]
        parts.append(_as_stack(table.uncertainty, stack))
    if table.place is not None:
        # Plain ASCII, so that no spreadsheet guesses at an encoding.
        unit = table.unit().encode("ascii", "replace").decode()
        lines.append(
            f"# world_N: curve_N in world units, translate + scale x (curve_N - 0.5), in {unit}"
        )
        names += [f"world_{i + 1}" for i in range(k)]
        parts.append(_as_stack(table.world(), stack))
    document = table.document()
    if document:
        lines.append(_LAYER + json.dumps(document))
    lines.append(",".join(["slice", *names] if stack else names))
    for i, index in enumerate(table.slices or [None]):
        before = [] if index is None else [str(index)]
        for x, where in enumerate(places):
            # str of a float32 is the shortest text that reads back as the same number.
            values = (v for part in parts for v in part[i, :, x])
            lines.append(
                ",".join([*before, where, *("" if np.isnan(v) else str(v) for v in values)])
            )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def read_csv(path: Path) -> CurveTable:
    """Read what `write_csv` wrote; errors are those of wrong text."""
    text = path.read_text(encoding="utf-8").splitlines()
    comments = [line for line in text if line.startswith("#")]
    rows = list(csv.reader(line for line in text if line and not line.startswith("#")))
    names = rows[0]
    stack = names[0] == "slice"
    first = 2 if stack else 1
    along = names[first - 1] if len(names) >= first else ""
    places = first
    if along == "ray" and names[first : first + 1] == ["angle"]:
        first += 1  # follows from the ray's number
    k = sum(re.fullmatch(r"curve_\d+", name) is not None for name in names)
    with_uncertainty = "uncertainty_1" in names
    kinds = ["curve", *(kind for kind in ("uncertainty", "world") if f"{kind}_1" in names)]
    expected = [f"{kind}_{i + 1}" for kind in kinds for i in range(k)]
    if k == 0 or along not in ("column", "row", "ray") or names[first:] != expected:
        raise ValueError(f"its columns are {', '.join(names)}")
    last = first + (2 * k if with_uncertainty else k)
    numbers = [[np.float32(v or "nan") for v in row[first:last]] for row in rows[1:]]
    slices, width = _places([row[:places] for row in rows[1:]])
    values = np.array(numbers, np.float32).reshape(len(slices), width, last - first)
    values = values.transpose(0, 2, 1)  # to (S, K or 2 K, W)
    curves, uncertainty = values[:, :k].copy(), values[:, k:].copy()
    if not stack:
        curves, uncertainty = curves[0], uncertainty[0]
    ids = next((c.split(":")[1].split() for c in comments if c.startswith("# region ids")), None)
    layer = next((c.removeprefix(_LAYER) for c in comments if c.startswith(_LAYER)), "{}")
    document = json.loads(layer)
    table = CurveTable(
        curves=curves,
        uncertainty=uncertainty if with_uncertainty else None,
        region_ids=tuple(range(1, k + 2) if ids is None else map(int, ids)),
        transposed=along == "row",
        slices=slices if stack else None,
        around=around_from(document) if along == "ray" else None,
    )
    return checked_table(table, document)


def _words(table: CurveTable) -> tuple[list[str], str, list[str]]:
    """Return names of the first columns, the order of the regions, and what the numbers are."""
    if table.around is not None:
        (row, column), start = table.around.center, table.around.start_angle
        return (
            ["ray", "angle"],
            "from the center outwards",
            [
                "coordinates: radius (distance of the curve from the center, along the ray)",
                f"center: row {row}, column {column} (centers of pixels lie at whole numbers)",
                f"angles: degrees clockwise on the screen from the right; ray 0 points to {start}",
            ],
        )
    if table.transposed:
        above = "columns left of the curve; the center of pixel column x lies at x"
        return ["row"], "left to right", [f"coordinates: edge ({above} + 0.5)"]
    above = "rows above the curve; the center of pixel row y lies at y"
    return ["column"], "top to bottom", [f"coordinates: edge ({above} + 0.5)"]


def _as_stack(curves: NDArray[Any], stack: bool) -> NDArray[Any]:
    return curves if stack else curves[None]


def _places(rows: list[list[str]]) -> tuple[tuple[int, ...], int]:
    """Return the slices in their order and their width; every column must be there once."""
    slices = tuple(dict.fromkeys(int(row[0]) if len(row) == 2 else 0 for row in rows))
    width = len(rows) // len(slices) if slices else 0
    columns = [int(row[-1]) for row in rows]
    complete = columns == list(range(width)) * len(slices)
    if not complete or any(
        len(row) == 2 and int(row[0]) != slices[i // width] for i, row in enumerate(rows)
    ):
        raise ValueError("its rows are not the columns 0, 1, 2 … of each slice")
    return slices, width
