"""Compare working resolutions on full-size real images with known curves.

DATA is a folder of ``<domain>/<name>/image.png`` with ``curves.csv`` (column ``x``, then a curve
each, in pixel centers)::

    python benchmarks/working_grid.py DATA --rows 64 96 128 192 --json grid.json

One labelled column, the first that is complete; the error is in percent of the image height, so
that sizes can be compared.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import imageio.v3 as iio
import numpy as np

from napari_layeredcnn.core.decoder import Decoder
from napari_layeredcnn.core.runs import Runs
from napari_layeredcnn.core.scaling import scale_intensities, to_grayscale
from napari_layeredcnn.core.weights import load_model
from napari_layeredcnn.core.working import WorkingGrid, working_grid


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[64, 96, 128, 192, 256])
    parser.add_argument("--model")
    parser.add_argument("--most", type=int, default=4, help="images of a domain")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    decoder = Decoder(load_model(arguments.model).network, "cpu")
    names = ["automatic", *(f"{rows} rows" for rows in arguments.rows)]
    domains: dict[str, list[list[float]]] = defaultdict(list)
    print("error in % of the height:", *names, sep="  ")
    for folder in sorted(p.parent for p in arguments.data.glob("*/*/image.png")):
        if len(domains[folder.parent.name]) == arguments.most:
            continue
        image, _ = to_grayscale(iio.imread(folder / "image.png"))
        height, width = image.shape
        table = np.genfromtxt(folder / "curves.csv", delimiter=",", skip_header=1)
        truth = np.full((table.shape[1] - 1, width), np.nan, np.float32)
        truth[:, table[:, 0].astype(int)] = np.clip(table[:, 1:].T + 0.5, 0, height)
        complete = np.flatnonzero(~np.isnan(truth).any(axis=0))
        first, last = complete[0], complete[-1] + 1
        image, truth = image[:, first:last], truth[:, first:last]
        seed = np.full_like(truth, np.nan)
        seed[:, 0] = truth[:, 0]
        width = last - first
        grids = [working_grid(seed, height)]
        grids += [
            WorkingGrid(height, width, rows, round(width * rows / height))
            for rows in arguments.rows
        ]
        errors = []
        for grid in grids:
            runs = Runs(decoder, grid.image(scale_intensities(image)), grid.seed(seed))
            for _ in runs.run(forward=True, backward=False):
                pass
            error = np.abs(grid.curves(runs.curves) - truth)[:, 1:]
            errors.append(float(100 * np.nanmean(error) / height))
        domains[folder.parent.name].append(errors)
        print(
            f"{folder.parent.name}/{folder.name} ({height} x {width}, automatic {grids[0].rows}):",
            *(f"{e:.2f}" for e in errors),
            flush=True,
        )
    means = {domain: dict(zip(names, np.mean(e, 0), strict=True)) for domain, e in domains.items()}
    for domain, row in means.items():
        print(f"{domain} (n = {len(domains[domain])}):", *(f"{e:.2f}" for e in row.values()))
    if arguments.json:
        arguments.json.write_text(json.dumps(means, indent=1))


if __name__ == "__main__":
    main()
