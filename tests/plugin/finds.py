"""Candidates made by hand for the tests, and a stand-in for the search."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.candidates import Candidates
from napari_layeredcnn.core.search import FindProgress
from napari_layeredcnn.core.working import WorkingGrid

if TYPE_CHECKING:
    from collections.abc import Generator

H, W = 60, 100
IMAGE = np.random.default_rng(3).integers(0, 255, (H, W), np.uint8)
STACK = np.random.default_rng(4).integers(0, 255, (5, H, W), np.uint8)


def candidates(
    *levels: tuple[float, float],
    chosen: tuple[int, ...] = (0, 1),
    shape: tuple[int, int] = (H, W),
    transposed: bool = False,
    notes: tuple[str, ...] = (),
) -> Candidates:
    """Candidates (height, cost) that rise by 0.02 px a column; surest in column 40."""
    height, width = shape[::-1] if transposed else shape
    rising = 0.02 * np.arange(width, dtype=np.float32)
    curves = np.float32([y for y, _ in levels])[:, None] + rising
    blur = np.ones_like(curves)
    blur[:, 38:43] = 0.1
    return Candidates(
        curves, blur, np.float32([cost for _, cost in levels]), np.full(len(levels), 7), chosen,
        height, transposed, "fake", WorkingGrid(height, width, height, width), notes,
    )  # fmt: skip


THREE = candidates((20, 0.1), (40, 0.2), (30, 0.9))
NOTHING = candidates(
    (20, 2.0), chosen=(), notes=("no layers found: the surest candidate costs 2.00",)
)


@dataclass
class FakeSearch:
    """Stands in for both searches: finds `found` after ten steps.

    It waits for `gate` before the step `hold_at`; `error` is raised at the fifth step.
    """

    found: Any = THREE
    gate: threading.Event = field(default_factory=threading.Event)
    hold_at: int = 0
    error: Exception | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    closed: int = 0

    def __call__(
        self, image: Any, k: int | None = None, **settings: Any
    ) -> Generator[FindProgress, None, Any]:
        self.calls.append({"image": image, "k": k, **settings})
        try:
            for i in range(10):
                if i == self.hold_at:
                    self.gate.wait()
                if self.error is not None and i == 5:
                    raise self.error
                yield FindProgress(i + 1, 10)
        finally:
            self.closed += 1
        return self.found
