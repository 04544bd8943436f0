"""Peak memory of completing a volume from zarr to zarr within a given memory.

A simulated volume is written to a temporary folder and completed in a process of its own::

    OMP_NUM_THREADS=1 python benchmarks/stack_memory.py --memory-gb 2

`base` is what the process takes before it begins, with all libraries loaded.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import zarr
from scipy.ndimage import gaussian_filter

CURVES = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=int, nargs=3, default=(200, 512, 768))
    parser.add_argument("--memory-gb", type=float, default=2)
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        print(json.dumps(run(arguments.run, int(arguments.memory_gb * 1e9))))
        return
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), tuple(arguments.shape))
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        command = [sys.executable, __file__, "--run", folder]
        command += ["--memory-gb", str(arguments.memory_gb)]
        told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    print(f"{arguments.shape} uint8, {size / 1e6:.0f} MB in zarr, {arguments.memory_gb:g} GB given")
    print(
        f"grid {told['grid']}, {told['batches']} batches of {told['batch']}: peak "
        f"{told['peak'] / 1e9:.2f} GB (base {told['base'] / 1e9:.2f}) in {told['seconds']:.0f} s "
        f"({told['processor']:.0f} s of the processor), mean error {told['error']:.2f} px"
    )


def make(folder: Path, shape: tuple[int, ...]) -> None:
    """Layers with smooth surfaces in noise, a slice in a chunk; slice by slice."""
    rng = np.random.default_rng(0)
    count, height, width = shape
    relief = gaussian_filter(rng.normal(size=(count, width)), (10, 40))
    levels = height * np.array([0.42, 0.5, 0.58])
    curves = levels[:, None] + (12 / relief.std() * relief)[:, None]
    np.save(folder / "curves.npy", curves.astype(np.float32))
    volume = zarr.create_array(
        folder / "in.zarr", shape=shape, chunks=(1, height, width), dtype="uint8"
    )
    gray = np.array([60, 150, 90, 180])
    for index, curve in enumerate(curves):
        region = (curve[:, None] <= np.arange(0.5, height)[:, None]).sum(axis=0)
        noisy = gray[region] + gaussian_filter(rng.normal(0, 40, (height, width)), 1)
        volume[index] = noisy.clip(0, 255).astype(np.uint8)


def run(folder: Path, memory: int) -> dict[str, object]:
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.core.stack import iter_complete_stack
    from napari_layeredcnn.core.stack_file import open_stack_file

    truth = np.load(folder / "curves.npy", mmap_mode="r")
    volume = zarr.open_array(folder / "in.zarr", mode="r")
    middle, column = len(truth) // 2, truth.shape[2] // 2
    labelled = np.full(truth.shape[1:], np.nan)
    labelled[:, column] = truth[middle, :, column]
    seeds = {middle: Seed(labelled, tuple(range(1, CURVES + 2)), volume.shape[1])}
    base, begun = peak(), time.perf_counter()
    output = folder / "out.zarr"
    errors = [
        float(np.abs(one.completion.curves - truth[one.index]).mean())
        for one in iter_complete_stack(volume, seeds, memory=memory, output=output)
    ]
    file = open_stack_file(output)
    return {
        "peak": peak(),
        "base": base,
        "seconds": time.perf_counter() - begun,
        "processor": time.process_time(),
        "error": float(np.mean(errors)),
        "grid": [file.grid.rows, file.grid.columns],
        "batches": len(file.partition.batches),
        "batch": len(file.partition.batches[0]),
    }


def peak() -> int:
    """Peak resident memory of this process in bytes; Linux tells it in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
