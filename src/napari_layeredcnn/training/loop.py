"""The training loop: synthetic batches in, averaged weights with a card out.

Runs where torch, NumPy, SciPy, scikit-image, safetensors and tqdm are installed.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tqdm import tqdm

from napari_layeredcnn.core.network import CONFIGURATIONS, LayeredCNN
from napari_layeredcnn.core.weights import ancestry, load_model, save_model
from napari_layeredcnn.training.batches import Batch, BatchSize, batches
from napari_layeredcnn.training.loss import column_loss
from napari_layeredcnn.training.optimizer import Optimizer
from napari_layeredcnn.training.own_outputs import (
    column_logits,
    passed_through,
    run_from_first,
)
from napari_layeredcnn.training.state import (
    Averages,
    Counters,
    load_checkpoint,
    save_checkpoint,
)
from napari_layeredcnn.training.validation import ValidationSet
from napari_layeredcnn.training.widen import widen_image_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from napari_layeredcnn.training.schedule import Schedule

CLIP_NORM = 10.0
#: Share of the steps in which appearance has a say. Not in all: *Find* searches without it.
BY_APPEARANCE = 0.75
#: Steps; has no factor in common with the length of the cycle of shapes (13), so that every number
#: of curves is logged.
LOG_EVERY = 25


@dataclass(frozen=True)
class TrainingOptions:
    """What to train, on what, for how long.

    Parameters
    ----------
    output : Path
        Folder for the checkpoint, the log and the finished weights.
    schedule : Schedule
        Budget, batch size, learning rate.
    configuration : str or None
        Name of a network configuration. None: "compact", or that of ``start_from``. Weights to
        begin with get the channels that their image stack lacks.
    seed : int
        Fixes the first weights and all images.
    textures, validation_textures : Path or None
        Folders of texture images beside the procedural ones, for training and for validation.
    exclude : tuple of str
        Parts of paths under ``textures`` that are left out.
    workers : int
        Processes that make images; 0 makes them between the steps.
    device : str
        A torch device.
    start_from : str, Path or None
        Weights to begin with instead of random ones: a bundled model's name or a file.
    resume : bool
        Go on from the checkpoint in ``output``.
    save_minutes : float
        Minutes between checkpoints, each with a validation.
    """

    output: Path
    schedule: Schedule
    configuration: str | None = None
    seed: int = 0
    textures: Path | None = None
    validation_textures: Path | None = None
    exclude: tuple[str, ...] = ()
    workers: int = 0
    device: str = "cpu"
    start_from: str | Path | None = None
    resume: bool = False
    save_minutes: float = 5.0


def train(options: TrainingOptions) -> Path:
    """Train a network on synthetic images ([1]_, sections 3.2 and 4.1).

    Parameters
    ----------
    options : TrainingOptions
        What, on what, for how long.

    Returns
    -------
    Path
        The weights with the least validation error, ready for `load_model`.

    Raises
    ------
    FileNotFoundError
        If ``resume`` is set and there is no checkpoint.
    ValueError
        If ``start_from`` cannot be loaded (`ModelError`), or not be widened to ``configuration``.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.
    """
    training = _Training(options)
    options.output.mkdir(parents=True, exist_ok=True)
    log_path = options.output / "log.jsonl"
    if not options.resume:
        log_path.unlink(missing_ok=True)
    begun = training.counters.images
    with log_path.open("a") as log, tqdm(unit="image", initial=begun, smoothing=0.05) as bar:
        for record in training.run():
            log.write(json.dumps(record) + "\n")
            log.flush()
            bar.update(training.counters.images - bar.n)
            said = [f"{training.minutes_left():.0f} min left"]
            if "loss" in record:
                said.append(f"loss {record['loss']:.4f}")
            else:
                said.append(f"validation {record['validation']:.3f} px")
            if training.counters.skipped:  # none is normal, see docs/training.md
                said.append(f"{training.counters.skipped} steps skipped")
            bar.set_postfix_str(", ".join(said))
    return options.output / "weights.safetensors"


class _Training:
    def __init__(self, options: TrainingOptions) -> None:
        self.options = options
        self.schedule = options.schedule
        self.device = torch.device(options.device)
        torch.manual_seed(options.seed)
        self._started_from: dict[str, Any] | None = None
        if options.start_from is None:
            network = LayeredCNN(options.configuration or "compact")
        else:
            model = load_model(options.start_from)
            network, self._started_from = model.network, ancestry(model)
            if options.configuration is not None:
                wanted = CONFIGURATIONS[options.configuration]
                some = next(self._batches(0, lambda _: BatchSize(32, 64, 128, 3), workers=0))
                network = widen_image_stack(network, wanted, torch.from_numpy(some.images)[:, None])
        self.network = _channels_last(network.to(self.device))
        self.optimizer = Optimizer(self.network)
        self.counters = Counters()
        if options.resume:
            self.counters = load_checkpoint(options.output, self.network, self.optimizer.parts)
        self.averages = Averages(self.network)
        if options.resume and (options.output / "average.safetensors").is_file():
            average = load_model(options.output / "average.safetensors").network
            self.averages.network.load_state_dict(average.state_dict())
        _channels_last(self.averages.network)
        self.validation = ValidationSet(options.validation_textures)
        self._begun = time.monotonic() - 60 * self.counters.minutes
        self._progress = self.schedule.progress(self.counters.step, self.counters.minutes)

    def minutes_left(self) -> float:
        """Minutes to the end of the budget, at the pace so far."""
        progress = max(self._progress, 1e-6)
        return self.counters.minutes * (1 - progress) / progress

    def run(self) -> Iterator[dict[str, Any]]:
        """Yield log records: of every 25th step, and of each validation."""
        options, counters = self.options, self.counters
        stream = self._batches(counters.step, self.schedule.batch_size, options.workers)
        if not self.schedule.fresh and counters.step == 0:
            yield self._save()  # what it has to be better than
        saved = time.monotonic()
        seen, since = counters.images, saved
        while self._progress < 1:
            record = self._step(next(stream))
            counters.minutes = (time.monotonic() - self._begun) / 60
            self._progress = self.schedule.progress(counters.step, counters.minutes)
            if counters.step % LOG_EVERY == 0:
                now = time.monotonic()
                record["images_per_second"] = round((counters.images - seen) / (now - since), 2)
                seen, since = counters.images, now
                yield record
            if time.monotonic() - saved > 60 * options.save_minutes or self._progress >= 1:
                yield self._save()
                saved = since = time.monotonic()
        stream.close()

    def _batches(
        self, first: int, size_of: Callable[[int], BatchSize], workers: int
    ) -> Generator[Batch, None, None]:
        options = self.options
        return batches(
            options.seed,
            first,
            size_of,
            textures=options.textures,
            exclude=options.exclude,
            workers=workers,
        )

    def _step(self, batch: Batch) -> dict[str, Any]:
        counters = self.counters
        rng = np.random.default_rng([self.options.seed, counters.step, 1])
        passes = self.schedule.own_outputs(rng, self._progress)
        by_appearance = bool(rng.random() < BY_APPEARANCE)
        images = torch.from_numpy(batch.images).unsqueeze(1).to(self.device)
        truth = torch.from_numpy(batch.curves).to(self.device)
        given = batch.warped if self.schedule.warping else batch.curves
        seen = torch.from_numpy(given).to(self.device)
        if passes is None:
            seen = run_from_first(self.network, images, seen, by_appearance=by_appearance)
        elif passes:
            seen = passed_through(self.network, images, seen, passes, by_appearance=by_appearance)
        rate = self.schedule.rate(counters.step, self._progress)
        self.network.train(self.schedule.normalizes_by_batch(self._progress))
        logits = column_logits(self.network, images, seen, by_appearance=by_appearance)
        loss = column_loss(logits, truth, seen)
        self.network.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP_NORM)
        finite = bool(torch.isfinite(norm))
        if finite:
            self.optimizer.step(rate)
            self.averages.update(self.network, counters.step)
        else:
            counters.skipped += 1
        counters.step += 1
        counters.images += len(images)
        return {
            "step": counters.step,
            "images": counters.images,
            "minutes": round(counters.minutes, 2),
            "curves": truth.shape[1],
            "loss": round(loss.item(), 5),
            "gradient_norm": round(norm.item(), 3) if finite else None,
            "learning_rate": rate,
            "skipped": counters.skipped,
        }

    def _save(self) -> dict[str, Any]:
        options, counters = self.options, self.counters
        errors = self.validation.errors(self.averages.network, self.device)
        score = float(np.mean(list(errors.values())))
        record = {
            "step": counters.step,
            "images": counters.images,
            "minutes": round(counters.minutes, 2),
            "validation": round(score, 4),
            "errors": {str(k): round(e, 4) for k, e in errors.items()},
        }
        card = {
            "recipe": "synthetic images made on the fly; see docs/training.md",
            "seed": options.seed,
            "images_seen": counters.images,
            "minutes": round(counters.minutes, 1),
            "started_from": self._started_from,
            "scores": {"validation_l1_px": record["validation"], "by_curves": record["errors"]},
        }
        if counters.best is None or score <= counters.best:
            counters.best = score
            save_model(options.output / "weights.safetensors", self.averages.network, card)
        save_model(options.output / "average.safetensors", self.averages.network, card)
        save_checkpoint(options.output, self.network, self.optimizer.parts, counters)
        return record


def _channels_last(network: LayeredCNN) -> LayeredCNN:
    """Lay the kernels out channels last, several times faster on a CPU (docs/training.md)."""
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        elif isinstance(module, torch.nn.Conv3d | torch.nn.ConvTranspose3d):
            module.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    return network
