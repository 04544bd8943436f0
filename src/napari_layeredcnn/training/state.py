"""A training's checkpoint: weights, averages, optimizer and counters as safetensors and JSON.

A checkpoint is a folder, so that each file stays small: ``weights.safetensors`` (averaged, with a
card, ready to use), ``raw.safetensors``, ``optimizer.safetensors`` and ``state.json``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from napari_layeredcnn.core.network import LayeredCNN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass
class Counters:
    """How far a training is; all random numbers follow from the seed and the step."""

    step: int = 0
    images: int = 0
    minutes: float = 0.0
    skipped: int = 0
    best: float | None = None


class Averages:
    """Exponential moving average of weights and normalization statistics.

    Parameters
    ----------
    network : LayeredCNN
        Whose weights are averaged.
    decay : float
        At most; smaller at the start, so that the random first weights are forgotten.
    """

    def __init__(self, network: LayeredCNN, decay: float = 0.999) -> None:
        self.network = LayeredCNN(network.configuration).to(next(network.parameters()).device)
        self.network.load_state_dict(network.state_dict())
        self.network.eval()
        self._decay = decay

    @torch.no_grad()
    def update(self, network: LayeredCNN, step: int) -> None:
        """Take in the weights after a step."""
        decay = min(self._decay, (1 + step) / (10 + step))
        averaged = self.network.state_dict()
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                averaged[name].lerp_(value, 1 - decay)


def save_checkpoint(
    folder: Path,
    network: LayeredCNN,
    optimizers: Sequence[torch.optim.Optimizer],
    counters: Counters,
) -> None:
    """Write all that a training needs to go on, except the averages.

    Parameters
    ----------
    folder : Path
        Made if missing.
    network : LayeredCNN
        Being trained.
    optimizers : sequence of Optimizer
        Of the network's parameters in their order.
    counters : Counters
        Of the training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _save(network.state_dict(), folder / "raw.safetensors")
    moments: dict[str, Tensor] = {}
    for part, optimizer in enumerate(optimizers):
        for i, entry in optimizer.state_dict()["state"].items():
            moments |= {f"{part}.{i}.{key}": torch.as_tensor(v) for key, v in entry.items()}
    _save(moments, folder / "optimizer.safetensors")
    (folder / "state.json").write_text(json.dumps(asdict(counters)))


def load_checkpoint(
    folder: Path, network: nn.Module, optimizers: Sequence[torch.optim.Optimizer]
) -> Counters:
    """Read what `save_checkpoint` wrote into a network and its optimizers.

    A missing ``optimizer.safetensors`` leaves the optimizers fresh.

    Parameters
    ----------
    folder : Path
        Checkpoint.
    network : Module
        Of the same configuration.
    optimizers : sequence of Optimizer
        Of the network's parameters in their order.

    Returns
    -------
    Counters
        Of the training.

    Raises
    ------
    FileNotFoundError
        If there is no checkpoint in the folder.
    """
    path = folder / "state.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no checkpoint in {folder} (no state.json); give the folder that an "
            "earlier training wrote"
        )
    network.load_state_dict(load_file(folder / "raw.safetensors"))
    moments = folder / "optimizer.safetensors"
    if moments.is_file():
        states: list[dict[int, dict[str, Any]]] = [{} for _ in optimizers]
        for name, value in load_file(moments).items():
            part, i, key = name.split(".", 2)
            states[int(part)].setdefault(int(i), {})[key] = value
        for optimizer, state in zip(optimizers, states, strict=True):
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": state, "param_groups": groups})
    return Counters(**json.loads(path.read_text()))


def _save(tensors: dict[str, Tensor], path: Path) -> None:
    # Written beside and moved, so that an interruption leaves the checkpoint before.
    partial = path.with_suffix(".partial")
    save_file({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, partial)
    partial.replace(path)
