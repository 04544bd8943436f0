"""Choose the settings of the alternatives on validation images, one after the other.

VALIDATION is the folder of textures that no training sees; the images are those by which the
network's checkpoints are chosen (`training/validation.py`), with one labelled column::

    python benchmarks/tune_alternatives.py VALIDATION --json tuning.json

Each setting in turn takes the value with the least mean L1 (over curve counts of the mean over
images), the others being held at what is in use, until a whole turn changes nothing, three turns at
most. How many given columns are looked at (`memory`) matters with several of them only, and is
chosen with four labelled columns, last. Every combination that was tried is written down.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from napari_layeredcnn.training.alternatives import PathSettings, shortest_path
from napari_layeredcnn.training.alternatives_cut import CutSettings, graph_cut
from napari_layeredcnn.training.alternatives_joint import JointSettings, joint_path
from napari_layeredcnn.training.validation import ValidationSet

LOOKS = {
    "smoothing": (1.0, 1.5, 2.0, 3.0, 4.0, 6.0),
    "texture": (0.0, 0.5, 1.0, 1.5),
    "reach": (1, 2, 3, 5, 8, 12),
    "step": (0.03, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2),
    "most": (1, 2, 3),
    "thinnest": (0, 1, 2, 4),
}
METHODS: dict[str, tuple[Any, Any, dict[str, tuple[Any, ...]]]] = {
    "path": (
        shortest_path,
        PathSettings(),
        {
            "smoothing": (0.5, 1.0, 1.5, 2.0, 3.0, 4.0),
            "step": (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8),
            "most": (1, 2, 3),
            "signed": (True, False),
        },
    ),
    "joint": (
        joint_path,
        JointSettings(),
        LOOKS | {"thickness": (0.0, 0.1, 0.2, 0.4, 0.8, 1.6), "rounds": (1, 2, 4)},
    ),
    "cut": (
        graph_cut,
        CutSettings(),
        LOOKS | {"regions": (0.0, 0.03, 0.1, 0.3), "profile": (0.0, 0.3, 1.0)},
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("textures", type=Path)
    parser.add_argument("--method", choices=METHODS, nargs="+", default=list(METHODS))
    parser.add_argument("--every", type=int, default=1, help="every Nth image only")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    batches = [
        (batch.images[:: arguments.every], batch.curves[:: arguments.every])
        for batch in ValidationSet(arguments.textures).batches
    ]
    print("images:", sum(len(images) for images, _ in batches), flush=True)
    tried: dict[str, list[dict[str, Any]]] = {}
    for name in arguments.method:
        tried[name] = tune(name, batches)
        if arguments.json:
            arguments.json.write_text(json.dumps(tried, indent=1))


def tune(name: str, batches: list[tuple[Any, Any]]) -> list[dict[str, Any]]:
    """Print and return every combination that was tried, with its error."""
    predict, best, grid = METHODS[name]
    rows: list[dict[str, Any]] = []
    known: dict[Any, float] = {}

    def error(settings: Any, columns: int = 1) -> float:
        if (settings, columns) not in known:
            begun = time.perf_counter()
            each = [mean_l1(predict, settings, *batch, columns) for batch in batches]
            found = known[settings, columns] = float(np.mean(each))
            rows.append(asdict(settings) | {"columns": columns, "l1": found, "by K": each})
            took = time.perf_counter() - begun
            print(f"{name}, {columns}: {found:.3f} px, {took:.1f} s", settings, flush=True)
        return known[settings, columns]

    for _ in range(3):
        before = best
        for setting, values in grid.items():
            best = min((replace(best, **{setting: value}) for value in values), key=error)
        if best == before:
            break
    if hasattr(best, "memory"):
        several = (replace(best, memory=n) for n in (1, 2, 4, 8))
        best = min(several, key=partial(error, columns=4))
    print(name, "chosen:", f"{error(best):.3f} px", best, flush=True)
    return rows


def mean_l1(predict: Any, settings: Any, images: Any, truths: Any, columns: int) -> float:
    seeds = np.full_like(truths, np.nan)
    seeds[..., :columns] = truths[..., :columns]
    found = predict(images, seeds, settings)
    return float(np.abs(found - truths)[..., columns:].mean())


if __name__ == "__main__":
    main()
