"""Compare weights on new images in the paper's way, to choose by.

Every region has a strong texture of its own; 200 images for each of 1 to 5 curves, one labelled
column. TEXTURES is a folder that no training has seen::

    python benchmarks/weights.py TEXTURES compact runs/mine/average.safetensors --json weights.json

The first weights are what the others are compared with, image by image: mean difference and its
standard error. 1,000 images take some ten minutes for each of the weights, with ``--quick`` four.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from napari_layeredcnn.core.completion import complete
from napari_layeredcnn.core.weights import ancestry, load_model
from napari_layeredcnn.training.cases import Case
from napari_layeredcnn.training.evaluate import evaluate
from napari_layeredcnn.training.synthesis import synthesize
from napari_layeredcnn.training.textures import TextureBank

HEIGHT, WIDTH = 64, 128
CURVES = (1, 2, 3, 4, 5)
SEED = 9000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("textures", type=Path, help="folder of textures no training has seen")
    parser.add_argument("weights", nargs="+", help="a bundled model's name or a file")
    parser.add_argument("--images", type=int, default=200, help="with each number of curves")
    parser.add_argument("--quick", action="store_true", help="one run for each image, not four")
    parser.add_argument("--json", type=Path, help="write each image's figures to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cases = made_cases(TextureBank(arguments.textures), arguments.images)
    results = [
        {
            "model": ancestry(load_model(name)),
            "scores": scored(name, cases, thorough=not arguments.quick).tolist(),
        }
        for name in arguments.weights
    ]
    scores = np.array([each["scores"] for each in results])  # (weights, K * images, 2)
    by_curves = scores.reshape(len(scores), len(CURVES), arguments.images, 2).mean(axis=2)
    against = scores - scores[0]
    error = against.std(axis=1) / scores.shape[1] ** 0.5
    table = Table("L1 px / ARI", *(Path(name).stem for name in arguments.weights))
    for k, means in zip(CURVES, by_curves.swapaxes(0, 1), strict=True):
        table.add_row(f"K {k}", *(f"{l1:.2f} / {ari:.3f}" for l1, ari in means))
    table.add_row("all", *(f"{l1:.3f} / {ari:.4f}" for l1, ari in scores.mean(axis=1)))
    for i, unit in enumerate(("px", "ARI")):
        differences = zip(against[..., i].mean(axis=1), error[:, i], strict=True)
        table.add_row(f"difference, {unit}", *(f"{d:+.4f} ± {e:.4f}" for d, e in differences))
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(results))


def made_cases(bank: TextureBank, images: int) -> list[Case]:
    """Make so many images with each number of curves, the same ones each time."""
    cases = []
    for k in CURVES:
        rng = np.random.default_rng(SEED + k)
        for i in range(images):
            made = synthesize(
                rng, height=HEIGHT, width=WIDTH, n_curves=k, bank=bank, look="textures"
            )
            cases.append(Case(f"K{k}", str(i), made.image, made.curves))
    return cases


def scored(name: str, cases: list[Case], *, thorough: bool) -> np.ndarray:
    """L1 in px and ARI of each image, (N, 2)."""
    model = load_model(name)

    def method(images: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        runs = zip(images, seeds, strict=True)
        done = [complete(i, s, model=model, device="cpu", thorough=thorough) for i, s in runs]
        return np.stack([each.curves for each in done])

    scores = evaluate(cases, {"network": method})
    return np.array([(s.l1, s.ari) for s in track(scores, name, len(cases), transient=True)])


if __name__ == "__main__":
    main()
