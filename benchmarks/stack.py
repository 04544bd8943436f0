"""Slices per second against batch size, beside a full forward pass and one slice after the other.

Threads as many as there are cores, or as many as OMP_NUM_THREADS says; everything in one run::

    python benchmarks/stack.py --json stack.json

`of forward` is the time of the batch over that of one full pass of the network over it, and
`times one` how much faster a slice is than alone. `MB` is what a slice takes of the memory,
measured, beside the estimate from which the batch size follows.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_layeredcnn.core.decoder import Decoder
from napari_layeredcnn.core.weights import load_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

HEIGHT, WIDTH, CURVES = 64, 128, 2
BATCHES = (1, 4, 16, 64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--repeats", type=int, default=3, help="counted runs; the median is shown")
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda", "mps"))
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="count the processor's time, summed over the cores: for a busy machine",
    )
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of:
        print(peak(arguments.memory_of))
        return
    clock = time.process_time if arguments.processor_time else time.perf_counter
    figures = measure(tuple(arguments.batches), arguments.repeats, arguments.device, clock)
    threads = torch.get_num_threads()
    print(f"{HEIGHT}x{WIDTH}, {CURVES} curves, {threads} threads, {arguments.device}, float32")
    print("batch  seconds  slices/s  of forward  times one     MB  estimate")
    for row in figures:
        print(
            f"{row['batch']:5} {row['seconds']:8.3f} {row['slices_per_s']:9.2f} "
            f"{row['over_forward']:11.2f} {row['times_one']:10.2f} "
            f"{row['MB_per_slice']:6.1f} {row['MB_estimated']:9.1f}"
        )
    if arguments.json:
        machine = {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "threads": threads,
            "device": arguments.device,
            "clock": "processor" if arguments.processor_time else "wall",
            "torch": torch.__version__,
        }
        arguments.json.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2))


def measure(
    batches: tuple[int, ...], repeats: int, device: str, clock: Callable[[], float]
) -> list[dict[str, float]]:
    """One row for each batch size."""
    network = load_model().network
    decoder = Decoder(network, device)
    place = next(network.parameters()).device
    calls: dict[tuple[int, str], Callable[[], object]] = {}
    for batch in dict.fromkeys((1, *batches)):
        images, curves = inputs(batch)
        image, label = torch.from_numpy(images)[:, None], torch.zeros(1, 1, CURVES + 1, HEIGHT, 1)
        image, label = image.to(place), label.expand(batch, -1, -1, -1, WIDTH).to(place)

        def cached(images: NDArray[np.float32] = images, curves: NDArray[np.float32] = curves):
            return list(decoder.decode(images, curves))

        def forward(image: torch.Tensor = image, label: torch.Tensor = label):
            with torch.inference_mode():
                return network(image, label).cpu()

        calls[batch, "cached"], calls[batch, "forward"] = cached, forward
    seconds: dict[tuple[int, str], list[float]] = {key: [] for key in calls}
    for repeat in range(repeats + 1):  # in turn, so that a drift of the machine hits all alike
        for key, call in calls.items():
            begun = clock()
            call()
            if repeat:
                seconds[key].append(clock() - begun)
    median = {key: statistics.median(times) for key, times in seconds.items()}
    rows = []
    for batch in batches:
        needed = median[batch, "cached"]
        rows.append(
            {
                "batch": batch,
                "seconds": needed,
                "slices_per_s": batch / needed,
                "over_forward": needed / median[batch, "forward"],
                "times_one": median[1, "cached"] * batch / needed,
                "MB_per_slice": memory(batch) if device == "cpu" else float("nan"),
                "MB_estimated": decoder.bytes_per_image(HEIGHT, WIDTH, CURVES + 1) / 1e6,
            }
        )
    return rows


def memory(batch: int) -> float:
    """Resident memory that a slice adds, in MB; in a process of its own, for the peak."""
    command = [sys.executable, __file__, "--memory-of", str(batch)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def peak(batch: int) -> float:
    decoder = Decoder(load_model().network, "cpu")
    list(decoder.decode(*inputs(1, width=16)))  # what the libraries take themselves
    before = most_resident()
    for x, *_ in decoder.decode(*inputs(batch)):
        if x == 16:  # a column of every level has been there
            break
    return (most_resident() - before) / batch


def most_resident() -> float:
    """Peak resident memory of this process in MB, as Linux tells it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) * 1024 / 1e6


def inputs(batch: int, width: int = WIDTH) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    images = np.random.default_rng(0).uniform(-1, 1, (batch, HEIGHT, width)).astype(np.float32)
    curves = np.full((batch, CURVES, width), np.nan, dtype=np.float32)
    curves[:, :, 0] = (20, 40)
    return images, curves


if __name__ == "__main__":
    main()
