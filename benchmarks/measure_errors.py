"""How far the errors of means, as `measure` tells them, hold on the sample with known curves.

Slices of the sample are completed from 6 labelled columns. The true error of a mean height, or of
a mean thickness, is set beside the error that follows from the uncertainty of the completion with
several correlation lengths::

    python benchmarks/measure_errors.py
"""

from __future__ import annotations

import argparse

import numpy as np

from napari_layeredcnn.core.completion import complete
from napari_layeredcnn.core.measure_statistics import mean_error
from napari_layeredcnn.core.weights import load_model
from napari_layeredcnn.sample import sample_stack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=3, help="complete every so many slices")
    every = parser.parse_args().every
    stack, truth, _ = sample_stack()
    model = load_model()
    errors, doubts = [], []
    for image, curves in zip(stack[::every], truth[::every], strict=True):
        for start in (10, 120):
            seed = np.full(curves.shape, np.nan, np.float32)
            seed[:, start : start + 6] = curves[:, start : start + 6]
            found = complete(image, seed, model=model, device="cpu")
            errors.append((found.curves - curves).astype(np.float64))
            doubts.append(found.uncertainty.astype(np.float64))
    error, doubt = np.array(errors), np.array(doubts)
    width = error.shape[-1]
    products = [(error[..., : width - k] * error[..., k:]).mean() for k in range(width // 2)]
    likeness = np.array(products) / products[0]
    print(f"{len(error)} completions, {width} columns, {model.name}")
    print("likeness of errors so many columns apart:", end=" ")
    print(", ".join(f"{k}: {likeness[k]:.2f}" for k in (1, 4, 16, 32, 64)))
    whats = {
        "height of a curve": (error, doubt),
        "thickness of a region": (np.diff(error, axis=1), np.hypot(doubt[:, 1:], doubt[:, :-1])),
    }
    for what, (wrong, by) in whats.items():
        true = np.abs(wrong.mean(axis=-1)).ravel()
        print(f"mean {what}: off by {np.sqrt((true**2).mean()):.2f} px (root mean square)")
        for length in (None, 64, 16, 1):
            told = mean_error(by.reshape(-1, width), length)
            print(
                f"  correlation length {length or 'all':>4}: told {told.mean():.2f} px; within it "
                f"{(true <= told).mean():4.0%}, within twice {(true <= 2 * told).mean():4.0%}"
            )


if __name__ == "__main__":
    main()
