"""Whether "uncertain" columns are those that are wrong: area under the curve, with controls.

DATA is a folder with `synthetic_test` and `real_protocol`, VALIDATION one of textures that no
training sees, for the images on which a transformation is chosen::

    python benchmarks/uncertainty.py DATA --validation VALIDATION --json uncertainty.json

Wrong is what is off by more than 2 px, with one labelled column: each curve in each column, and
each column, for which the largest of its curves counts, or the mean of their fourth powers. (A sum
would be larger where there are more curves, and with more curves more columns are wrong: that would
tell something even of a constant.)
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

from napari_layeredcnn.core.completion import complete
from napari_layeredcnn.core.expectation import expected_distance
from napari_layeredcnn.core.weights import ancestry, load_model
from napari_layeredcnn.training.cases import Case, read_cases
from napari_layeredcnn.training.corrections import LIMIT
from napari_layeredcnn.training.ranking import area_interval
from napari_layeredcnn.training.validation import ValidationSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RIDGES = ("muscle_ultrasound", "manuscript_baselines")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--validation", type=Path)
    parser.add_argument("--model", help="weights instead of the bundled default")
    parser.add_argument("--every", type=int, default=1, help="every Nth image only")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(arguments.model)
    real = read_cases(arguments.data / "real_protocol")
    sets: dict[str, list[Case]] = {}
    if arguments.validation:
        sets["validation"] = [
            Case(f"K = {curves.shape[0]}", str(i), image, curves)
            for batch in ValidationSet(arguments.validation).batches
            for i, (image, curves) in enumerate(zip(batch.images, batch.curves, strict=True))
        ]
    sets["synthetic_test"] = read_cases(arguments.data / "synthetic_test")
    sets["real, interfaces"] = [case for case in real if case.group not in RIDGES]
    sets["real, ridges and text lines"] = [case for case in real if case.group in RIDGES]
    rows: list[dict[str, Any]] = []
    for name, cases in sets.items():
        found = [
            measured(case, model) for case in track(cases[:: arguments.every], name, transient=True)
        ]
        rows += areas(name, found)
    result = {"model": ancestry(model), "every": arguments.every, "areas": rows}
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    show(rows, sets, f"{model.name} {(result['model']['hash'] or '')[:8]}")


def measured(case: Case, model: Any) -> tuple[dict[str, NDArray[Any]], NDArray[np.bool_]]:
    """What is known of each curve and column (K, W - 1), and where it is wrong."""
    seed = np.full_like(case.curves, np.nan)
    seed[:, 0] = np.clip(case.curves[:, 0], 0, len(case.image))
    done = complete(case.image, seed, model=model, device="cpu", direction="right")
    blur = done.uncertainty
    columns = np.arange(blur.shape[1])
    known = {
        "uncertainty": blur,
        "its running maximum": np.maximum.accumulate(blur, axis=1),
        "its running sum": np.cumsum(blur, axis=1),
        "its running mean": np.cumsum(blur, axis=1) / (columns + 1),
        "uncertainty + 3 times its running mean": blur + 3 * np.cumsum(blur, 1) / (columns + 1),
        "distance from the seed": np.broadcast_to(columns.astype(float), blur.shape),
        "expected_distance": expected_distance(done.curves, blur, columns == 0, len(case.image)),
    }
    wrong = np.abs(done.curves - case.curves) > LIMIT
    known = {name: value[:, 1:] for name, value in known.items()}
    known["control: constant"] = np.ones_like(blur[:, 1:])
    return known, wrong[:, 1:]


def areas(
    name: str, found: Sequence[tuple[dict[str, NDArray[Any]], NDArray[np.bool_]]]
) -> list[dict[str, Any]]:
    wrong = [w for _, w in found]
    names = list(found[0][0])
    known = {measure: [k[measure] for k, _ in found] for measure in names}
    # Over all images: a map shuffled within its image still tells which images are difficult.
    best = known["expected_distance"]
    mixed = np.random.default_rng(0).permutation(np.concatenate([b.ravel() for b in best]))
    parts = np.split(mixed, np.cumsum([b.size for b in best])[:-1])
    known["control: expected_distance, shuffled"] = [
        part.reshape(b.shape) for part, b in zip(parts, best, strict=True)
    ]
    rows = []
    for measure, values in known.items():
        by_curve = area_interval(values, wrong)
        by_column = area_interval([v.max(0) for v in values], [w.any(0) for w in wrong])
        powers = [(v.astype(float) ** 4).mean(0) for v in values]
        by_power = area_interval(powers, [w.any(0) for w in wrong])
        rows.append(
            {"set": name, "measure": measure, "curve": by_curve._asdict()}
            | {"column": by_column._asdict(), "column, power mean": by_power._asdict()}
            | {"wrong": float(np.concatenate([w.ravel() for w in wrong]).mean())}
        )
    return rows


def show(rows: Sequence[dict[str, Any]], sets: dict[str, Any], model: str) -> None:
    console = Console()
    if not console.is_terminal:  # a log has room for whole names
        console = Console(width=130)
    for name in sets:
        some = [row for row in rows if row["set"] == name]
        title = f"{name}: n = {some[0]['curve']['n']}, {some[0]['wrong']:.0%} wrong; {model}"
        table = Table(title=title, title_justify="left")
        table.add_column("area under the curve")
        for heading in ("curve", "column", "column, power mean"):
            table.add_column(heading, justify="right")
        for row in some:
            cells = (row[key] for key in ("curve", "column", "column, power mean"))
            figures = (f"{c['mean']:.3f} [{c['low']:.3f}, {c['high']:.3f}]" for c in cells)
            table.add_row(row["measure"], *figures)
        console.print(table)


if __name__ == "__main__":
    main()
