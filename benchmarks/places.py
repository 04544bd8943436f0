"""What a second labelled place brings, and whether doubt between two places is told truly.

One labelled column at each place; 60 images for each of 1 to 5 curves in the paper's way, as in
`weights.py`, of textures that no training has seen, and the real images of DATA::

    python benchmarks/places.py TEXTURES DATA --json places.json

Columns that are labelled in any row of the table count in none. Wrong is what is off by more than
2 px; in the area under the curve all images are together, each curve in each column.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from weights import made_cases

from napari_layeredcnn.core.completion import complete
from napari_layeredcnn.core.expectation import expected_distance
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.core.weights import ancestry, load_model
from napari_layeredcnn.training.cases import Case, read_cases
from napari_layeredcnn.training.corrections import LIMIT
from napari_layeredcnn.training.evaluate import adjusted_rand_index
from napari_layeredcnn.training.ranking import area_interval
from napari_layeredcnn.training.textures import TextureBank

if TYPE_CHECKING:
    from collections.abc import Sequence

RIDGES = ("muscle_ultrasound", "manuscript_baselines")
PLACES = {
    "first": (0.0,),
    "middle": (0.5,),
    "first, last": (0.0, 1.0),
    "first, middle, last": (0.0, 0.5, 1.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("textures", type=Path, help="folder of textures no training has seen")
    parser.add_argument("data", type=Path, help="folder with real_protocol")
    parser.add_argument("--images", type=int, default=60, help="with each number of curves")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model()
    real = read_cases(arguments.data / "real_protocol")
    groups = {
        "synthetic": made_cases(TextureBank(arguments.textures), arguments.images),
        "interfaces": [case for case in real if case.group not in RIDGES],
        "ridges and text lines": [case for case in real if case.group in RIDGES],
    }
    rows: list[dict[str, Any]] = []
    for name, cases in groups.items():
        found = [measured(case, model) for case in track(cases, name, transient=True)]
        rows += [
            {"group": name, "places": places} | summary([each[places] for each in found])
            for places in PLACES
        ]
    table = Table("group", "labelled", "L1 px / ARI", "expected px", "area under the curve")
    for row in rows:
        table.add_row(
            row["group"], row["places"], f"{row['l1']:.2f} / {row['ari']:.3f}",
            f"{row['expected']:.2f}", f"{row['area']:.3f}",
        )  # fmt: skip
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps({"model": ancestry(model), "rows": rows}, indent=1))


def measured(case: Case, model: Any) -> dict[str, dict[str, Any]]:
    """For each choice of places what was found, in the columns that no choice labels."""
    height, width = case.image.shape[:2]
    truth = np.clip(case.curves, 0, height)
    free = np.ones(width, dtype=bool)
    free[[round(place * (width - 1)) for places in PLACES.values() for place in places]] = False
    regions = regions_from_curves(truth, height)[:, free]
    result = {}
    for name, places in PLACES.items():
        given = np.isin(np.arange(width), [round(place * (width - 1)) for place in places])
        seed = np.where(given, truth, np.nan).astype(np.float32)
        done = complete(case.image, seed, model=model, device="cpu")
        doubt = expected_distance(done.curves, done.uncertainty, given, height)
        distance = np.abs(done.curves - truth)[:, free]
        labels = regions_from_curves(done.curves, height)[:, free]
        ari = adjusted_rand_index(regions, labels)
        result[name] = {"distance": distance, "expected": doubt[:, free], "ari": ari}
    return result


def summary(found: Sequence[dict[str, Any]]) -> dict[str, float]:
    distances, expected = ([each[key] for each in found] for key in ("distance", "expected"))
    return {
        "l1": float(np.mean([d.mean() for d in distances])),
        "ari": float(np.mean([each["ari"] for each in found])),
        "expected": float(np.mean([e.mean() for e in expected])),
        "area": area_interval(expected, [d > LIMIT for d in distances]).mean,
    }


if __name__ == "__main__":
    main()
