"""Curves as named arrays in an ``.npz`` file, without pickles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.files.curve_table import CurveTable, around_from, checked_table

if TYPE_CHECKING:
    from pathlib import Path


def write_npz(path: Path, table: CurveTable) -> None:
    """Write the arrays; place and notes as JSON in ``layer``."""
    arrays: dict[str, Any] = {
        "curves": table.curves,
        "region_ids": np.array(table.region_ids, np.int64),
        "coordinates": np.array("edge" if table.around is None else "radius"),
        "transposed": np.array(table.transposed),
    }
    if table.uncertainty is not None:
        arrays["uncertainty"] = table.uncertainty
    if table.slices is not None:
        arrays["slices"] = np.array(table.slices, np.int64)
    if table.place is not None:
        arrays["world"] = table.world()
        arrays["world_unit"] = np.array(table.unit())
    document = table.document()
    if document:
        arrays["layer"] = np.array(json.dumps(document))
    np.savez_compressed(path, allow_pickle=False, **arrays)


def read_npz(path: Path) -> CurveTable:
    """Read what `write_npz` wrote; errors are NumPy's, or those of wrong arrays."""
    # NumPy leaves the file open where the archive in it is broken.
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        coordinates = str(file["coordinates"])
        if coordinates not in ("edge", "radius"):
            raise ValueError(f"its coordinates are {coordinates}, not edge or radius")
        document = json.loads(str(file["layer"]) if "layer" in file else "{}")
        table = CurveTable(
            curves=file["curves"].astype(np.float32),
            uncertainty=file["uncertainty"].astype(np.float32) if "uncertainty" in file else None,
            region_ids=tuple(map(int, file["region_ids"])),
            transposed=bool(file["transposed"]),
            slices=tuple(map(int, file["slices"])) if "slices" in file else None,
            around=around_from(document) if coordinates == "radius" else None,
        )
    return checked_table(table, document)
