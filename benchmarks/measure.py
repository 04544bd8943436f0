"""Time the measures of a stack of 200 slices of 512x768 with 3 curves; the aim is 2 seconds.

From curves, with the perpendicular thickness, from a label stack in memory, and compared with
another segmentation::

    python benchmarks/measure.py
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from napari_layeredcnn.core.measure import measure
from napari_layeredcnn.core.measure_compare import compare
from napari_layeredcnn.core.measure_labels import segmentation_from_labels
from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.core.regions import regions_from_curves

if TYPE_CHECKING:
    from collections.abc import Callable

SLICES, HEIGHT, WIDTH, AIM = 200, 512, 768, 2.0
SCALE = {"scale": (5.0, 2.0, 2.0), "unit": "um"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="counted runs, the median is shown")
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(0)
    walks = rng.normal(size=(SLICES, 3, WIDTH)).cumsum(axis=-1)
    curves = gaussian_filter1d(walks, 8, axis=-1) + np.array([[120.0], [240], [380]])
    curves = np.sort(np.clip(curves, 0, HEIGHT), axis=1).astype(np.float32)
    doubt = rng.uniform(0, 2, curves.shape)
    one = Segmentation(curves, HEIGHT, uncertainty=doubt, **SCALE)
    other = Segmentation(np.clip(curves + 0.5, 0, HEIGHT), HEIGHT, **SCALE)
    labels = regions_from_curves(curves, HEIGHT).astype(np.uint8)
    steepest = np.rad2deg(np.arctan(np.abs(np.diff(curves, axis=-1)).max()))
    print(f"{SLICES} x {HEIGHT} x {WIDTH}, 3 curves, up to {steepest:.0f} degrees steep")
    ways: dict[str, Callable[[], object]] = {
        "measure": lambda: measure(one, max_uncertainty=1.9),
        "measure, perpendicular too": lambda: measure(one, perpendicular=True),
        "compare": lambda: compare(one, other),
        "curves from labels": lambda: segmentation_from_labels(labels),
    }
    for name, call in ways.items():
        seconds, processor = [], []
        for repeat in range(repeats + 1):
            begun, used = time.perf_counter(), time.process_time()
            call()
            if repeat:
                seconds.append(time.perf_counter() - begun)
                processor.append(time.process_time() - used)
        median, cpu = statistics.median(seconds), statistics.median(processor)
        aim = f"{'within' if median < AIM else 'over'} {AIM:g} s" if "measure" in name else ""
        print(f"{name:28} {median:6.2f} s, of the processor {cpu:6.2f} s  {aim}")


if __name__ == "__main__":
    main()
