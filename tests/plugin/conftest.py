"""A viewer with the sample in it, and a stand-in for the network."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari import settings

from napari_layeredcnn.core import (
    around,  # noqa: F401  # takes `iter_complete` when it is imported: the real one, not the fake
    completion,
    regions,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_layeredcnn.core.completion import CompletedColumns, Completion
    from napari_layeredcnn.core.seeds import Seed

sys.path.insert(0, str(Path(__file__).parent))  # `hands`: pytest's importlib mode adds no paths


@dataclass
class FakeCompletion:
    """Stands in for `iter_complete`: continues the mean of the seed flatly, column by column.

    It waits for `gate` before the column `hold_at`; `error` is raised after ten columns.
    """

    gate: threading.Event = field(default_factory=threading.Event)
    hold_at: int = 0
    error: Exception | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    columns: int = 0
    closed: int = 0

    def __call__(
        self, image: np.ndarray, seed: Seed, *, direction: str = "horizontal", **settings: Any
    ) -> Generator[CompletedColumns, None, Completion]:
        self.calls.append({"image": image.copy(), "seed": seed, "direction": direction, **settings})
        mean = np.nanmean(seed.curves, axis=1, keepdims=True)
        flat = np.where(np.isnan(seed.curves), mean, seed.curves).astype(np.float32)
        try:
            for x in range(seed.width):
                if x == self.hold_at:
                    self.gate.wait()
                if self.error is not None and x == 10:
                    raise self.error
                self.columns += 1
                yield completion.CompletedColumns(x, x + 1, flat[:, x : x + 1], x + 1, seed.width)
        finally:
            self.closed += 1
        transposed = direction in ("down", "up", "vertical")
        return _Flat(flat, seed, transposed)


@dataclass
class _Flat:
    curves: np.ndarray
    seed: Seed
    transposed: bool
    notes: tuple[str, ...] = ("a note of the library",)

    @property
    def uncertainty(self) -> np.ndarray:
        return np.where(np.isnan(self.seed.curves), 1, 0).astype(np.float32)

    def labels(self, dtype: Any = None) -> np.ndarray:
        labels = regions.regions_from_curves(self.curves, self.seed.height, self.seed.region_ids)
        labels = labels.astype(dtype)
        return labels.T if self.transposed else labels


@pytest.fixture(autouse=True)
def own_settings(monkeypatch, tmp_path):
    """An empty folder for preferences: a person's own ones do not reach the tests."""
    if hasattr(settings, "_clear_plugin_settings_cache"):  # not in older napari
        monkeypatch.setattr(settings, "_CFG_PATH", str(tmp_path / "settings.yaml"))
        settings._clear_plugin_settings_cache()
        yield
        settings._clear_plugin_settings_cache()
    else:
        yield


@pytest.fixture
def fake(monkeypatch):
    """The stand-in, in the place of the library's `iter_complete`; its gate is open."""
    stand_in = FakeCompletion()
    stand_in.gate.set()
    monkeypatch.setattr(completion, "iter_complete", stand_in)
    yield stand_in
    stand_in.gate.set()


@pytest.fixture
def viewer(make_napari_viewer, qtbot):
    """A shown viewer with room for docks, on the real plugin manager."""
    viewer = make_napari_viewer(show=True)
    viewer.window._qt_window.resize(1200, 800)
    return viewer
