"""How long it takes to find layers in a 64x128 image, and 20 candidates of it alone.

Wall-clock and processor time, the best of some repetitions::

    python benchmarks/find.py --threads 2 --json find.json
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from napari_layeredcnn.core.autoinit import find_layers, paper_layers
from napari_layeredcnn.core.weights import load_model
from napari_layeredcnn.training.synthesis import synthesize
from napari_layeredcnn.training.textures import TextureBank


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = load_model(arguments.model)
    rng = np.random.default_rng(5)
    image = synthesize(rng, height=64, width=128, n_curves=3, bank=TextureBank()).image
    figures = []
    for name, find, k in (
        ("20 starts (paper_layers)", paper_layers, None),
        ("find_layers", find_layers, None),
        ("find_layers, 4", find_layers, 4),
    ):
        times = []
        for _ in range(arguments.repeats):
            wall, processor = time.perf_counter(), time.process_time()
            found = find(image, k, model=model, device="cpu")
            times.append((time.perf_counter() - wall, time.process_time() - processor))
        wall, processor = min(times)
        row = {
            "what": name,
            "threads": arguments.threads,
            "wall s": round(wall, 2),
            "processor s": round(processor, 2),
            "candidates": len(found.curves),
        }
        figures.append(row)
        print(*(f"{key}: {value}" for key, value in row.items()), sep=" | ", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
