"""Small stacks with known curves for the tests, and a stand-in for the completion of stacks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.completion import Completion
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.core.stack_run import CompletedSlice
from napari_layeredcnn.core.working import WorkingGrid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_layeredcnn.core.seeds import Seed

S, H, W = 6, 48, 64
#: Two curves that move down by half a pixel from slice to slice.
CURVES = np.stack(
    [
        [14 + 2 * np.sin(np.arange(W) / 9) + z / 2, 30 + np.cos(np.arange(W) / 7) + z / 2]
        for z in range(S)
    ]
).astype(np.float32)
REGIONS = regions_from_curves(CURVES, H, (1, 2, 3)).astype(np.uint8)
STACK = (
    np.array([0, 40, 190, 90])[REGIONS] + np.random.default_rng(5).normal(0, 5, REGIONS.shape)
).astype(np.uint8)


def painted(*slices: int, columns: Sequence[int] = (30, 31), regions: Any = REGIONS) -> np.ndarray:
    """Partial labels with two columns painted in these slices."""
    labels = np.zeros_like(regions)
    for z in slices:
        labels[z][:, list(columns)] = regions[z][:, list(columns)]
    return labels


@dataclass
class FakeStack:
    """Stands in for `iter_complete_stack`: flat curves, one pixel lower in every slice.

    All are `lower` by so many pixels more. It waits for `gate` before the batch in which slice
    `hold_at` is, and raises `error` there.
    """

    gate: threading.Event = field(default_factory=threading.Event)
    hold_at: int | None = None
    error: Exception | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    waits: threading.Event = field(default_factory=threading.Event)
    lower: int = 0

    def __call__(
        self,
        stack: Any,
        seeds: Mapping[int, Seed],
        *,
        batch: int,
        slices: Sequence[int],
        direction: str,
        **settings: Any,
    ) -> Iterator[CompletedSlice]:
        self.calls.append(
            {"stack": stack, "seeds": dict(seeds), "batch": batch, "slices": list(slices)}
            | {"direction": direction, **settings}
        )
        seed = next(iter(seeds.values()))
        heights = seed.curves[:, seed.columns[0]]
        column = int(seed.columns[0])
        for part in (tuple(slices[i : i + batch]) for i in range(0, len(slices), batch)):
            if self.hold_at in part:
                self.waits.set()
                self.gate.wait()
                if self.error is not None:
                    raise self.error
            for index in part:
                np.asarray(stack[index])
            for index in part:
                curves = np.repeat(heights[:, None] + index + self.lower, seed.width, axis=1)
                unsure = np.full(curves.shape, 0.5 + index / 10)
                unsure[:, column] = np.float32(0.25)
                completion = Completion(
                    curves.astype(np.float32), unsure.astype(np.float32), seed.region_ids,
                    seed.height, direction == "vertical", "fake", WorkingGrid(H, W, H, W),
                )  # fmt: skip
                self.done.append(index)
                done = len(self.done)
                yield CompletedSlice(index, completion, 0.25, part, done, len(slices))
