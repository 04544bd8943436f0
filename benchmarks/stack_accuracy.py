"""How exact a whole stack is from one labelled slice, on volumes with known surfaces.

One column of the middle slice is labelled, or all of it. Mean distance to the true curves in
pixels over all slices, beside that with every slice's own true first column and that of copying
the labelled slice's true curves; `>` gives the seeds' own distance before it::

    python benchmarks/stack_accuracy.py --json stack_accuracy.json

`rank` tells how well the slices' uncertainty sorts them by their error (Spearman).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr
from stack_volumes import KINDS, SHAPE, volume

from napari_layeredcnn.core.runs import Decoder
from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.core.slices import Slices
from napari_layeredcnn.core.stack import complete_stack
from napari_layeredcnn.core.stack_seeds import StackSeeds, seeds_for_stack, stack_grid
from napari_layeredcnn.core.weights import load_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LABELLED = SHAPE[0] // 2
#: Columns of the slice before that "carry" looks back on, and new ones after which it goes on.
CARRIED = 32
WAYS = ("carry", "plane", "aligned", "aligned, all labelled")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--every", type=int, default=1, help="complete every Nth slice only")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    figures = []
    for spacing in (1, 10):
        for kind in arguments.kinds:
            row = measure(kind, spacing, arguments.seed, arguments.every, arguments.ways)
            figures.append(row)
            if len(figures) == 1:
                print(" | ".join(f"{name:>12}" for name in row))
            print(" | ".join(f"{show(value):>12}" for value in row.values()), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


def measure(kind: str, spacing: int, seed: int, every: int, ways: list[str]) -> dict[str, object]:
    """Distances on one volume."""
    stack, true = volume(kind, spacing, seed)
    slices = [i for i in range(every // 2, SHAPE[0], every) if i != LABELLED]
    own = StackSeeds(tuple(map(first_column, true)), np.zeros(SHAPE[0]), tuple(range(64)), (0,))
    completion = complete_stack(stack, own, slices=slices)
    row: dict[str, object] = {
        "kind": kind,
        "spacing": spacing,
        "own": distance(completion.curves, true, slices),
        "copy": distance(np.broadcast_to(true[LABELLED], true.shape), true, slices),
    }
    for way in ways:
        if way == "carry":
            seeds = carried(stack, first_column(true[LABELLED]))
        elif way == "aligned, all labelled":
            labelled = Seed(true[LABELLED], tuple(range(true.shape[1] + 1)), SHAPE[1])
            seeds = seeds_for_stack(stack, {LABELLED: labelled})
        else:
            seeds = seeds_for_stack(stack, {LABELLED: first_column(true[LABELLED])}, across=way)
        completion = complete_stack(stack, seeds, slices=slices)
        error = np.abs(completion.curves - true).mean(axis=(1, 2))[slices]
        row[f"{way} seeds"] = distance(np.stack([s.curves for s in seeds.seeds]), true, slices)
        row[way] = float(error.mean())
        row[f"{way} rank"] = float(spearmanr(error, completion.slice_uncertainty[slices])[0])
    return row


def first_column(curves: Floats) -> Seed:
    """Seed of a slice of which column 0 is labelled."""
    given = np.where(np.arange(curves.shape[1]) == 0, curves, np.nan)
    return Seed(given, tuple(range(len(curves) + 1)), SHAPE[1])


def distance(curves: Floats, true: Floats, slices: list[int]) -> float:
    """Mean absolute difference where there are curves."""
    return float(np.nanmean(np.abs(curves - true)[slices]))


def carried(stack: NDArray[np.uint8], labelled: Seed) -> StackSeeds:
    """Seeds made slice by slice: the mirrored columns of the one before, then its own.

    The image goes on in the next slice where the one before ends, so that the network sees how
    the regions look there; the second half of the new columns is taken, when it has settled.
    """
    slices = Slices(stack)
    model = load_model()
    decoder = Decoder(model.network, "cpu")
    grid = stack_grid({LABELLED: labelled}, slices)
    first = complete_stack(stack, {LABELLED: labelled}, slices=[LABELLED]).curves[LABELLED]
    on_grid = grid.seed(first)
    images = [grid.image(slices[i]) for i in range(SHAPE[0])]
    made = np.full((SHAPE[0], *on_grid.shape), np.nan, dtype=np.float32)
    made[LABELLED] = on_grid
    for step in (1, -1):
        for index in range(LABELLED + step, SHAPE[0] if step > 0 else -1, step):
            before = index - step
            back = slice(CARRIED - 1, None, -1)
            image = np.concatenate([images[before][:, back], images[index][:, :64]], axis=1)
            curves = np.full((1, len(on_grid), image.shape[1]), np.nan, dtype=np.float32)
            curves[0, :, :CARRIED] = made[before][:, back]
            for x, column, _ in decoder.decode(image[None], curves):
                if x >= 2 * CARRIED:
                    break
                made[index, :, x - CARRIED] = column[0]
    seeds = []
    for curves in made:
        wide = grid.curves(curves)
        wide[:, : CARRIED // 2], wide[:, CARRIED // 2 + 1 :] = np.nan, np.nan
        seeds.append(Seed(wide, labelled.region_ids, SHAPE[1]))
    seeds[LABELLED] = labelled
    return StackSeeds(tuple(seeds), np.zeros(SHAPE[0]), (LABELLED,), (CARRIED // 2,))


def show(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
