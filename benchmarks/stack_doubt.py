"""How well the uncertainty of seeds and slices tells where a stack goes wrong, and where to stop.

The volumes of `stack_accuracy.py`, and the same ones with eight slices that fade into noise and
come back; one column of one slice is labelled::

    python benchmarks/stack_doubt.py --json stack_doubt.json

Seeds and slices are sorted by their uncertainty into bins: how many, their mean error in pixels
and the share of those that are wrong, by 1 px or more. `area` is the area under the ROC curve:
the chance that one that is wrong is more uncertain than one that is not. Then for each
`stop_above` the share of right and of wrong slices that are completed, and their mean error;
and the error behind the fading without and with a second labelled slice there.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata
from stack_accuracy import COUNT, LABELLED, first_column
from stack_volumes import CONTRAST, FADES, KINDS, faded, volume

from napari_layeredcnn.core.stack import complete_stack
from napari_layeredcnn.core.stack_review import slices_between
from napari_layeredcnn.core.stack_seeds import StackSeeds, seeds_for_stack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

WRONG = 1.0
BINS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, np.inf)
STOPS = (0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.5)
#: The second labelled slice, behind the fading.
SECOND = FADES + len(CONTRAST) + 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    arguments = parser.parse_args()
    figures = {}
    for fade in (False, True):
        volumes = [
            measure(kind, spacing, seed, fade=fade)
            for seed in arguments.seeds
            for spacing in (1, 10)
            for kind in arguments.kinds
        ]
        figures["faded" if fade else "whole"] = volumes
        print(f"\n{'Faded' if fade else 'Whole'} volumes")
        show(volumes)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


def measure(kind: str, spacing: int, seed: int, *, fade: bool) -> dict[str, list[float]]:
    """Errors and uncertainties of all slices but the labelled one."""
    stack, true = volume(kind, spacing, seed)
    if fade:
        stack = faded(stack, seed)
    labelled = {LABELLED: first_column(true[LABELLED])}
    seeds = seeds_for_stack(stack, labelled)
    completion = complete_stack(stack, seeds)
    error = np.abs(completion.curves - true).mean(axis=(1, 2))
    columns = list(seeds.columns)
    made = np.stack([one.curves[:, columns] for one in seeds.seeds])
    others = np.arange(COUNT) != LABELLED
    reached = {stop: _reached(seeds, stop)[others].tolist() for stop in STOPS}
    result = {
        "error": error[others].tolist(),
        "seed error": np.abs(made - true[:, :, columns]).mean(axis=(1, 2))[others].tolist(),
        "uncertainty": completion.slice_uncertainty[others].tolist(),
        "seed uncertainty": seeds.uncertainty[others].tolist(),
    } | {f"reached {stop}": slices for stop, slices in reached.items()}
    if fade:
        second = labelled | {SECOND: first_column(true[SECOND])}
        between = slices_between((LABELLED,), SECOND, COUNT)
        mended = complete_stack(stack, second, slices=between, previous=completion)
        behind = slice(FADES + len(CONTRAST), None)
        result["behind"] = [float(error[behind].mean())]
        result["mended"] = [float(np.abs(mended.curves - true)[behind].mean())]
    return result


def _reached(seeds: StackSeeds, stop: float) -> NDArray[np.bool_]:
    return StackSeeds(seeds.seeds, seeds.uncertainty, seeds.labelled, seeds.columns, stop).reached


def show(volumes: list[dict[str, list[float]]]) -> None:
    """Print the tables over all of these volumes."""

    def every(name: str) -> NDArray[np.float64]:
        return np.concatenate([one[name] for one in volumes])

    for which in ("seed ", ""):
        error, unsure = every(f"{which}error"), every(f"{which}uncertainty")
        wrong = error >= WRONG
        print(f"| {which}uncertainty, px | number | mean error | wrong |\n|---|---|---|---|")
        for low, high in itertools.pairwise(BINS):
            inside = (unsure >= low) & (unsure < high)
            if inside.any():
                mean, share = error[inside].mean(), wrong[inside].mean()
                print(f"| {low:g} to {high:g} | {inside.sum()} | {mean:.2f} | {share:.2f} |")
        print(f"area {area(unsure, wrong):.3f}\n")
    error = every("error")
    print("| stop above | of right | of wrong | mean error |\n|---|---|---|---|")
    for stop in STOPS:
        reached = every(f"reached {stop}").astype(bool)
        right, wrong = (reached[(error >= WRONG) == of].mean() for of in (False, True))
        print(f"| {stop:g} | {right:.2f} | {wrong:.2f} | {error[reached].mean():.2f} |")
    print(f"| none | 1 | 1 | {error.mean():.2f} |")
    if "behind" in volumes[0]:
        before, after = (np.mean(every(name)) for name in ("behind", "mended"))
        print(f"behind the fading {before:.2f} px, mended {after:.2f} px")


def area(score: NDArray[np.float64], wrong: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, from the ranks."""
    n = int(wrong.sum())
    if not 0 < n < len(wrong):
        return float("nan")
    total = rankdata(score)[wrong].sum() - n * (n + 1) / 2
    return float(total / (n * (len(wrong) - n)))


if __name__ == "__main__":
    main()
