"""How exact a whole stack is from one labelled slice, on volumes with known surfaces.

One column of the middle slice is labelled. Mean distance to the true curves in pixels over all
other slices, beside that with every slice's own true first column (`own`) and that of copying
the labelled slice's true curves (`copy`)::

    python benchmarks/stack_accuracy.py --json stack_accuracy.json

`of own` is that of the default way, "aligned", over `own`, and `smoothed` that after smoothing
across slices. `rank` is the rank correlation (Spearman) of the slices' uncertainty with their
error. Then the most uncertain slice is labelled, too: `before` and `mended` are of the slices
that follow from it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr
from stack_carried import carried
from stack_volumes import KINDS, SHAPE, volume

from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.core.stack import complete_stack
from napari_layeredcnn.core.stack_review import slices_between
from napari_layeredcnn.core.stack_seeds import StackSeeds, seeds_for_stack
from napari_layeredcnn.core.stack_smoothing import smooth_across_slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

COUNT, HEIGHT, WIDTH = SHAPE
LABELLED = COUNT // 2
#: Ways to the other slices' seeds, but for "aligned". "whole" is aligned, all columns labelled.
WAYS = ("copied", "plane", "whole", "carry")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--spacings", nargs="+", type=int, default=[1, 10])
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=list(WAYS[:-1]))
    parser.add_argument("--strengths", nargs="+", type=float, default=[0.1, 0.3, 1.0])
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    figures: list[dict[str, object]] = []
    for spacing in arguments.spacings:
        for kind in arguments.kinds:
            row = measure(kind, spacing, arguments.seed, arguments.ways, arguments.strengths)
            figures.append(row)
            if len(figures) == 1:
                print(f"| {' | '.join(row)} |\n|{'---|' * len(row)}")
            print(f"| {' | '.join(map(show, row.values()))} |", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


def measure(
    kind: str, spacing: int, seed: int, ways: list[str], strengths: list[float]
) -> dict[str, object]:
    """Distances on one volume."""
    stack, true = volume(kind, spacing, seed)
    others = [i for i in range(COUNT) if i != LABELLED]
    every = StackSeeds(
        tuple(map(first_column, true)), np.zeros(COUNT, np.float32), tuple(range(COUNT)), (0,)
    )
    row: dict[str, object] = {"kind": kind, "spacing": spacing}
    row["own"] = own = distance(complete_stack(stack, every).curves, true, others)
    row["copy"] = distance(np.broadcast_to(true[LABELLED], true.shape), true, others)
    labelled = first_column(true[LABELLED])
    for way in ways:
        if way == "carry":
            seeds = carried(stack, LABELLED, labelled)
        elif way == "whole":
            whole = Seed(true[LABELLED], labelled.region_ids, HEIGHT)
            seeds = seeds_for_stack(stack, {LABELLED: whole})
        else:
            across = {"copied": "copy"}.get(way, way)
            seeds = seeds_for_stack(stack, {LABELLED: labelled}, across=across)
        row[way] = distance(complete_stack(stack, seeds).curves, true, others)
    completion = complete_stack(stack, {LABELLED: labelled})
    curves, uncertainty = completion.curves, completion.uncertainty
    row["aligned"] = distance(curves, true, others)
    row["of own"] = distance(curves, true, others) / own
    for strength in strengths:
        smooth = smooth_across_slices(curves, uncertainty, HEIGHT, strength=strength)
        row[f"smoothed {strength:g}"] = distance(smooth, true, others)
    error = np.abs(curves - true).mean(axis=(1, 2))
    row["rank"] = float(spearmanr(error[others], completion.slice_uncertainty[others])[0])
    second = int(np.argmax(np.where(np.arange(COUNT) == LABELLED, 0, completion.slice_uncertainty)))
    between = slices_between((LABELLED,), second, COUNT)
    both = {LABELLED: labelled, second: first_column(true[second])}
    mended = complete_stack(stack, both, slices=between, previous=completion)
    row["second"] = second
    row["before"] = distance(curves, true, list(between))
    row["mended"] = distance(mended.curves, true, list(between))
    return row


def first_column(curves: Floats) -> Seed:
    """Seed of a slice of which column 0 is labelled."""
    given = np.where(np.arange(WIDTH) == 0, curves, np.nan)
    return Seed(given, tuple(range(len(curves) + 1)), HEIGHT)


def distance(curves: Floats, true: Floats, slices: list[int]) -> float:
    """Mean absolute difference."""
    return float(np.abs(curves - true)[slices].mean())


def show(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
