"""What layers cost, and what costs as much where there are none: to choose `LAYER_COSTS` by.

Synthetic images with 1 to 5 layers, all of them to be found, and images without: noise, and single
textures, half of both with a gradient. For each limit: how often something is found where nothing
is, how often nothing where there are layers, and ARI of the candidates below it, with the number
of layers given (no more than these, but the surest in any case) and without; where there are none
4 are asked for. The last line is what `find_layers` itself takes for layers::

    python benchmarks/find_calibration.py --textures VALIDATION --json calibration.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from scipy.ndimage import gaussian_filter

from napari_layeredcnn.core.autoinit import find_layers
from napari_layeredcnn.core.curves import order_curves
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.core.weights import load_model
from napari_layeredcnn.training import synthesis
from napari_layeredcnn.training.evaluate import adjusted_rand_index
from napari_layeredcnn.training.textures import TextureBank

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_layeredcnn.core.candidates import Candidates

    Floats = NDArray[np.float32]

HEIGHT, WIDTH = 64, 128
#: Layers that are looked for where there are none, when a number is given.
ASKED_FOR = 4
LIMITS = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.85, 1.0, 1.2, 1.5, 2.0, 3.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--textures", type=Path, help="folder of textures the network has not seen")
    parser.add_argument("--images", type=int, default=10, help="with each number of layers")
    parser.add_argument("--without", type=int, default=40, help="images without layers")
    parser.add_argument("--model")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    model = load_model(arguments.model)
    bank = TextureBank(arguments.textures)
    noise: dict[bool, list[Candidates]] = {False: [], True: []}
    textures: dict[bool, list[Candidates]] = {False: [], True: []}
    for index in range(arguments.without):
        image = without_layers(index, bank)
        for given in (False, True):
            found = find_layers(image, ASKED_FOR if given else None, model=model)
            (textures if index % 4 else noise)[given].append(found)
    layered: dict[bool, list[tuple[Candidates, Floats]]] = {False: [], True: []}
    for n_curves in range(1, 6):
        rng = np.random.default_rng([707, n_curves])
        with patch.object(synthesis, "n_dropped", return_value=0):  # every layer is labelled
            images, truths = synthesis.synthesize_batch(
                rng, arguments.images, height=HEIGHT, width=WIDTH, n_curves=n_curves, bank=bank
            )
        for image, truth in zip(images, truths, strict=True):
            for given in (False, True):
                found = find_layers(image, n_curves if given else None, model=model)
                layered[given].append((found, truth))
    figures = []
    for limit in (*LIMITS, None):
        row: dict[str, Any] = {}
        for given, words in ((False, ""), (True, ", number given")):
            some = layered[given]
            row |= {
                f"found in noise{words}": np.mean([finds(one, limit) for one in noise[given]]),
                f"in textures{words}": np.mean([finds(one, limit) for one in textures[given]]),
                f"nothing found{words}": np.mean([not finds(one, limit) for one, _ in some]),
                f"ARI{words}": np.mean(
                    [ari(taken(one, limit, truth, given=given), truth) for one, truth in some]
                ),
            }
        figures.append(
            {"limit": limit or "find_layers"}
            | {key: round(float(value), 3) for key, value in row.items()}
        )
        print(*(f"{key}: {value}" for key, value in figures[-1].items()), sep=" | ", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


def without_layers(index: int, bank: TextureBank) -> Floats:
    """Noise of some smoothness (every fourth) or one texture, every second with a gradient."""
    rng = np.random.default_rng([9, index])
    if index % 4 == 0:
        image = gaussian_filter(rng.standard_normal((HEIGHT, WIDTH)), rng.uniform(0, 2))
    else:
        image = bank.sample(rng, (HEIGHT, WIDTH))
    if index % 2 == 0:
        ramp = np.linspace(-1, 1, HEIGHT)[:, None]
        image = image + rng.normal() * 0.5 * image.std() * ramp
    return np.asarray(image, dtype=np.float32)


def finds(found: Candidates, limit: float | None) -> bool:
    """Whether there are layers."""
    return bool(found.chosen) if limit is None else bool(found.costs[0] < limit)


def taken(found: Candidates, limit: float | None, truth: Floats, *, given: bool) -> Floats:
    """Candidates that cost less; if their number is given no more than these, one at least."""
    if limit is None:
        return found.curves[list(found.chosen)]
    count = int((found.costs < limit).sum())
    return found.curves[: max(1, min(len(truth), count)) if given else count]


def ari(curves: Floats, truth: Floats) -> float:
    """Of the regions between these candidates; 0 without any."""
    if not len(curves):
        return 0.0
    order = np.argsort(curves.mean(axis=1))
    regions = (regions_from_curves(c, HEIGHT) for c in (order_curves(curves[order]), truth))
    return adjusted_rand_index(*regions)


if __name__ == "__main__":
    main()
