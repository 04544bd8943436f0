"""A U-Net and a column-wise regression for a fixed number of curves, beside LayeredCNN.

Both are trained on the same synthetic images, as many, and see the labelled first column::

    python benchmarks/fixed_networks.py DATA/synthetic_test --curves 3 --images 30000 --json FILE

`--textures`, `--exclude` as for `layeredcnn train`. Compare with `layeredcnn train --small` of as
many images and `layeredcnn evaluate`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor, nn

from napari_layeredcnn.core.scaling import scale_intensities
from napari_layeredcnn.core.sharpening import render, sharpen
from napari_layeredcnn.training.batches import BatchSize, batches
from napari_layeredcnn.training.cases import read_cases
from napari_layeredcnn.training.evaluate import evaluate, means

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEIGHT, WIDTH = 64, 128
LEARNING_RATE, BATCH = 2e-3, 16


def block(before: int, after: int, shrink: tuple[int, int] = (1, 1)) -> nn.Sequential:
    """Two convolutions, the first of which may shrink rows and columns."""
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=shrink, padding=1),
        nn.BatchNorm2d(after),
        nn.ReLU(),
        nn.Conv2d(after, after, 3, padding=1),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )


class UNet(nn.Module):
    """Regions of every pixel (Ronneberger et al., 2015), made into curves by sharpening."""

    def __init__(self, n_curves: int, widths: tuple[int, ...] = (16, 32, 64, 128)) -> None:
        super().__init__()
        pairs = list(itertools.pairwise(widths))
        self.first = block(n_curves + 2, widths[0])
        self.down = nn.ModuleList(block(a, b, (2, 2)) for a, b in pairs)
        self.grow = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in pairs)
        self.up = nn.ModuleList(block(2 * a, a) for a, _ in pairs)
        self.last = nn.Conv2d(widths[0], n_curves + 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, K+2, H, W) to logits (B, K+1, H, W)."""
        levels = [self.first(x)]
        for down in self.down:
            levels.append(down(levels[-1]))
        x = levels.pop()
        for grow, up in zip(reversed(self.grow), reversed(self.up), strict=True):
            x = up(torch.cat([levels.pop(), grow(x)], 1))
        return self.last(x)

    def loss(self, x: Tensor, curves: Tensor) -> Tensor:
        """Cross-entropy, as LayeredCNN's."""
        return nn.functional.cross_entropy(self(x), render(curves, x.shape[2]))

    def curves(self, x: Tensor) -> Tensor:
        """(B, K+2, H, W) to curves (B, K, W)."""
        return sharpen(torch.softmax(self(x), 1))[0]


class ColumnRegression(nn.Module):
    """Heights of the curves in every column, with the rows shrunk away (Liefers et al., 2019)."""

    def __init__(self, n_curves: int, widths: tuple[int, ...] = (16, 32, 48, 64, 96, 128)) -> None:
        super().__init__()
        self.first = block(n_curves + 2, widths[0])
        pairs = itertools.pairwise(widths)
        self.shrink = nn.Sequential(*(block(a, b, (2, 1)) for a, b in pairs))
        rows = HEIGHT >> len(widths) - 1
        self.along = nn.Sequential(
            nn.Conv1d(rows * widths[-1], 128, 9, padding=4), nn.ReLU(),
            nn.Conv1d(128, 128, 9, padding=4), nn.ReLU(),
            nn.Conv1d(128, n_curves + 1, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """(B, K+2, H, W) to shares of the height of each region, (B, K+1, W)."""
        return self.along(self.shrink(self.first(x)).flatten(1, 2)).softmax(1)

    def loss(self, x: Tensor, curves: Tensor) -> Tensor:
        """Mean distance in tenths of pixels."""
        return 0.1 * (self.curves(x) - curves).abs().mean()

    def curves(self, x: Tensor) -> Tensor:
        """(B, K+2, H, W) to curves (B, K, W)."""
        return HEIGHT * self(x).cumsum(1)[:, :-1]


NETWORKS = {"U-Net": UNet, "column regression": ColumnRegression}


def network_input(images: Tensor, first: Tensor) -> Tensor:
    """Images (B, H, W) and curves of the first column (B, K) to (B, K+2, H, W)."""
    label = torch.zeros(len(images), first.shape[1] + 1, *images.shape[1:])
    label[..., 0] = 2 * render(first.unsqueeze(2), images.shape[1])[..., 0] - 1
    return torch.cat([images.unsqueeze(1), label], 1)


def train(name: str, options: argparse.Namespace) -> nn.Module:
    """Train on as many images as asked for."""
    torch.manual_seed(options.seed)
    network = NETWORKS[name](options.curves).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-4)
    size = BatchSize(BATCH, HEIGHT, WIDTH, options.curves)
    stream = batches(
        options.seed, 0, lambda _: size, textures=options.textures, exclude=tuple(options.exclude),
        workers=0,
    )  # fmt: skip
    steps = options.images // BATCH
    for step in track(range(steps), name, transient=True):
        batch = next(stream)
        images, curves = torch.from_numpy(batch.images), torch.from_numpy(batch.curves)
        rate = LEARNING_RATE * min(1, (step + 1) / 100) * (1 + math.cos(math.pi * step / steps)) / 2
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = network.loss(network_input(images, curves[:, :, 0]), curves)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 10)
        optimizer.step()
    stream.close()
    return network.eval()


def predictor(network: nn.Module) -> Any:
    """What `evaluate` asks for: images and seeds in, curves out."""

    @torch.inference_mode()
    def predict(images: NDArray[np.float32], seeds: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = torch.from_numpy(np.stack([scale_intensities(image) for image in images]))
        x = network_input(scaled, torch.from_numpy(seeds[:, :, 0]))
        return network.curves(x).numpy()

    return predict


def main() -> None:
    """Train both, evaluate, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, help="synthetic_test")
    parser.add_argument("--curves", type=int, default=3)
    parser.add_argument("--images", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--textures", type=Path)
    parser.add_argument("--exclude", action="append", default=[])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cases = [c for c in read_cases(options.data) if len(c.curves) == options.curves]
    table = Table("network", "parameters", "n", "L1 px", "ARI", "<= 1 px", "<= 2 px")
    found = {}
    for name in NETWORKS:
        network = train(name, options)
        (mean,) = means(evaluate(cases, {name: predictor(network)}, labelled_columns=[1]))
        size = sum(p.numel() for p in network.parameters())
        found[name] = {"parameters": size, "l1": mean.l1, "ari": mean.ari}
        table.add_row(
            name, str(size), str(mean.n), f"{mean.l1:.2f}", f"{mean.ari:.3f}",
            f"{mean.within_1px:.0%}", f"{mean.within_2px:.0%}",
        )  # fmt: skip
    Console().print(table)
    if options.json:
        settings = {k: str(v) for k, v in vars(options).items()}
        options.json.write_text(json.dumps({"settings": settings, "networks": found}, indent=1))


if __name__ == "__main__":
    main()
