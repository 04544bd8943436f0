"""Time the cached column-by-column loop beside the plain loop and one forward pass.

And a thorough run, which is four such loops as a batch, and what they have found settled.

All of it in one run, so that the ratios hold whatever the machine does meanwhile::

    python benchmarks/decode.py --json decode.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_layeredcnn.core.columns import ColumnNetwork
from napari_layeredcnn.core.decoder import Decoder
from napari_layeredcnn.core.decoding import decode, decode_plain
from napari_layeredcnn.core.network import CONFIGURATIONS, LayeredCNN
from napari_layeredcnn.core.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Callable

HEIGHT, WIDTH, CURVES = 64, 128, 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--repeats", type=int, default=5, help="counted runs, the median is shown")
    arguments = parser.parse_args()
    figures = []
    for threads in dict.fromkeys((1, os.cpu_count() or 1)):
        torch.set_num_threads(threads)
        for name in CONFIGURATIONS:
            figures.append(measure(name, threads, arguments.repeats))
            print_row(figures[-1], header=len(figures) == 1)
    if arguments.json:
        machine = {
            "processor": platform.processor() or platform.machine(),
            "torch": torch.__version__,
        }
        arguments.json.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2))


def measure(name: str, threads: int, repeats: int) -> dict[str, float | str]:
    """Seconds of each way, and their ratios."""
    torch.manual_seed(0)
    network = LayeredCNN(name).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.Conv3d | torch.nn.ConvTranspose3d):
            module.to(memory_format=torch.channels_last_3d)
        elif isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            module.to(memory_format=torch.channels_last)
    columns = ColumnNetwork(network)
    decoder = Decoder(network, "cpu")
    image, curves = inputs(WIDTH)
    wide_image, wide_curves = inputs(2 * WIDTH)
    label = torch.zeros(1, 1, CURVES + 1, HEIGHT, WIDTH)
    label = label.contiguous(memory_format=torch.channels_last_3d)

    def forward() -> None:
        with torch.inference_mode():
            network(image, label)

    def thorough() -> None:
        runs = Runs(decoder, image[0, 0].numpy(), curves[0].numpy(), thorough=True)
        list(runs.run(forward=True, backward=False))

    ways: dict[str, Callable[[], object]] = {
        "forward": forward,
        "cached": lambda: list(decode(network, image, curves, columns=columns)),
        "cached_twice_as_wide": lambda: list(
            decode(network, wide_image, wide_curves, columns=columns)
        ),
        "thorough": thorough,
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for repeat in range(repeats + 1):  # in turn, so that a drift of the machine hits all alike
        for way, call in ways.items():
            begun = time.perf_counter()
            call()
            if repeat:
                seconds[way].append(time.perf_counter() - begun)
    medians = {way: statistics.median(times) for way, times in seconds.items()}
    begun = time.perf_counter()
    for _ in decode_plain(network, image, curves):
        pass
    medians["plain"] = time.perf_counter() - begun
    return {
        "configuration": name,
        "threads": threads,
        **{f"{way}_s": value for way, value in medians.items()},
        "plain_over_cached": medians["plain"] / medians["cached"],
        "cached_over_forward": medians["cached"] / medians["forward"],
        "double_width": medians["cached_twice_as_wide"] / medians["cached"],
        "thorough_over_cached": medians["thorough"] / medians["cached"],
    }


def inputs(width: int) -> tuple[Tensor, Tensor]:
    image = torch.rand(1, 1, HEIGHT, width) * 2 - 1
    curves = torch.full((1, CURVES, width), torch.nan)
    curves[0, :, 0] = torch.tensor([20.0, 40.0])
    return image, curves


def print_row(row: dict[str, float | str], *, header: bool) -> None:
    if header:
        print(f"{HEIGHT}x{WIDTH}, {CURVES} curves, batch 1, float32")
        print(
            "network threads  plain s  cached s  forward s  plain/cached  cached/forward  2W/W"
            "  thorough s  thorough/cached"
        )
    print(
        f"{row['configuration']:7} {row['threads']:7} {row['plain_s']:8.2f} {row['cached_s']:9.3f} "
        f"{row['forward_s']:10.3f} {row['plain_over_cached']:13.0f} "
        f"{row['cached_over_forward']:15.2f} {row['double_width']:5.2f} "
        f"{row['thorough_s']:11.3f} {row['thorough_over_cached']:16.2f}"
    )


if __name__ == "__main__":
    main()
