"""How much of the error is on boundaries that can hardly be seen.

`visibility` rates how far a true curve stands out of its surroundings. One labelled column; curves
by their rating, with the error there and its part of the whole::

    python benchmarks/visible.py DATA --json visible.json
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from napari_layeredcnn.core.completion import complete
from napari_layeredcnn.core.scaling import scale_intensities
from napari_layeredcnn.core.weights import ancestry, load_model
from napari_layeredcnn.training.cases import read_cases
from napari_layeredcnn.training.visibility import VISIBLE, visibility

if TYPE_CHECKING:
    from napari_layeredcnn.core.weights import Model
    from napari_layeredcnn.training.cases import Case

LIMITS = (0.0, VISIBLE / 2, VISIBLE, 2.0, 3.0, 5.0, np.inf)


class Curve(NamedTuple):
    """A true curve: its image's number of curves, how well it is seen, its error."""

    n_curves: int
    seen: float
    l1: float
    within_2px: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with synthetic_test and real_protocol")
    parser.add_argument("--model", help="weights instead of the bundled default")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(arguments.model)
    synthetic, real = (
        [
            curve
            for case in track(read_cases(arguments.data / name), name, transient=True)
            for curve in measured(case, model)
        ]
        for name in ("synthetic_test", "real_protocol")
    )
    groups = {
        "synthetic_test, K = 1": [c for c in synthetic if c.n_curves == 1],
        "synthetic_test, K 2 to 5": [c for c in synthetic if 2 <= c.n_curves <= 5],
        "synthetic_test, K 6 to 9": [c for c in synthetic if c.n_curves > 5],
        "real_protocol": real,
    }
    rows = [row for name, curves in groups.items() for row in by_visibility(name, curves)]
    table = Table("group", "visibility", "curves", "share", "L1 px", "<= 2 px", "of all error")
    for row in rows:
        table.add_row(
            row["group"], f"{row['from']:g} to {row['to']:g}", str(row["n"]), f"{row['share']:.0%}",
            f"{row['l1']:.2f}", f"{row['within_2px']:.0%}", f"{row['part of error']:.0%}",
        )  # fmt: skip
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps({"model": ancestry(model), "rows": rows}, indent=1))


def measured(case: Case, model: Model) -> list[Curve]:
    """Complete from the first column, and rate each curve."""
    truth = np.clip(case.curves, 0, len(case.image))
    seed = np.full_like(truth, np.nan)
    seed[:, 0] = truth[:, 0]
    done = complete(case.image, seed, model=model, device="cpu", direction="right")
    errors = np.abs(done.curves - truth)[:, 1:]
    seen = visibility(scale_intensities(case.image), truth)
    return [
        Curve(len(truth), float(s), float(e.mean()), float((e <= 2).mean()))
        for s, e in zip(seen, errors, strict=True)
    ]


def by_visibility(group: str, curves: list[Curve]) -> list[dict[str, float | str]]:
    """Rows of the table: between two limits each, then all that can be seen."""
    ranges = [*itertools.pairwise(LIMITS), (VISIBLE, np.inf), (0.0, np.inf)]
    rows: list[dict[str, float | str]] = []
    for low, high in ranges:
        some = [c for c in curves if low <= c.seen < high]
        if some:
            l1 = np.array([c.l1 for c in some])
            rows.append(
                {"group": group, "from": low, "to": high, "n": len(some)}
                | {"share": len(some) / len(curves), "l1": float(l1.mean())}
                | {"within_2px": float(np.mean([c.within_2px for c in some]))}
                | {"part of error": float(l1.sum() / sum(c.l1 for c in curves))}
            )
    return rows


if __name__ == "__main__":
    main()
