r"""Measure whether the window stays alive while the dock completes a stack.

A real viewer, the real network, live columns, "All slices with labels"; the slider follows the
run, so that every column is drawn. A turn is the time from one tick of a 1 ms timer of the event
loop to the next: so long a click or a key would have had to wait. Needs a display, and one core
beside the one that computes::

    taskset -c 0,1 xvfb-run -a -s "-screen 0 1400x1000x24" \
        python benchmarks/event_loop.py --json event_loop.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before anything is imported that asks for them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["NAPARI_CONFIG"] = str(Path(tempfile.mkdtemp()) / "settings.yaml")

import napari
import numpy as np
from qtpy.QtCore import QEventLoop, Qt, QTimer

from napari_layeredcnn.sample import sample_stack

if TYPE_CHECKING:
    from collections.abc import Callable

#: What is promised: 99 % of the turns are shorter, and none is longer, ms.
MOST_OF_THEM, NONE_LONGER = 50.0, 250.0
SCALE = 2  # the sample stack is 24 x 128 x 256
#: Columns painted in every slice, of 512.
STROKES = (100, 108, 400, 408)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=24)
    parser.add_argument("--ticks", action="store_true", help="with uncertainty, curves, surfaces")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--longest", type=int, default=5, help="how many long turns to list")
    arguments = parser.parse_args()
    figures = measure(arguments.slices, ticks=arguments.ticks, longest=arguments.longest)
    print_figures(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))
    sys.exit(not figures["kept"])


def measure(n_slices: int, *, ticks: bool, longest: int) -> dict[str, Any]:
    """Complete a stack in a viewer; return the figures."""
    viewer = napari.Viewer()
    viewer.window._qt_window.resize(1200, 800)
    stack, labels = stack_and_strokes(n_slices)
    viewer.add_image(stack, name="stack", colormap="gray")
    viewer.add_labels(labels, name="strokes")
    viewer.dims.set_current_step(0, 0)
    _, dock = viewer.window.add_plugin_dock_widget("napari-layeredcnn", "Segment Layers")
    dock._slices.value = "labelled"
    if ticks:
        for tick in (dock._uncertainty_tick, dock._paths_tick, dock._surfaces_tick):
            tick.setChecked(True)
    watch = Watch(viewer, dock)
    wait_for(lambda: watch.turns > 500)  # the window is drawn, nothing happens any longer
    watch.begin()
    begun = time.perf_counter()
    # Within the loop, as a person's click is.
    QTimer.singleShot(0, dock._start_button.click)
    wait_for(lambda: dock.running)
    wait_for(lambda: not dock.running)
    computed = time.perf_counter() - begun
    # What is drawn beside the result comes after it.
    still = watch.turns
    wait_for(lambda: watch.turns > still + 500 and not dock._showing._overlays.busy)
    message = dock._message.text()
    turns = watch.end()
    lengths = np.array([length for length, _ in turns])
    most, highest = float(np.percentile(lengths, 99)), float(lengths.max())
    viewer.close()
    return {
        "machine": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "load_before": os.getloadavg()[0],
        "shape": list(stack.shape),
        "layers_beside": ticks,
        "message": message,
        "seconds": computed,
        "turns": len(lengths),
        "p50_ms": float(np.percentile(lengths, 50)),
        "p99_ms": most,
        "max_ms": highest,
        "turns_over_50_ms": int((lengths > MOST_OF_THEM).sum()),
        "share_of_time_in_them": float(lengths[lengths > MOST_OF_THEM].sum() / lengths.sum()),
        "longest": [
            {"ms": length, "at": at} for length, at in sorted(turns, reverse=True)[:longest]
        ],
        "kept": most < MOST_OF_THEM and highest < NONE_LONGER,
    }


class Watch:
    """Notes how long every turn of the event loop takes, and follows the run with the slider."""

    def __init__(self, viewer: napari.Viewer, dock: Any) -> None:
        self._viewer = viewer
        self._dock = dock
        self._turns: list[tuple[float, str]] = []
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(1)

    @property
    def turns(self) -> int:
        """How many there were."""
        return len(self._turns)

    def begin(self) -> None:
        """Forget what was before."""
        self._turns.clear()

    def end(self) -> list[tuple[float, str]]:
        """Stop; return the length of every turn, ms, and what the dock said then."""
        self._timer.stop()
        return self._turns

    def _tick(self) -> None:
        now = time.perf_counter()
        self._turns.append((1000 * (now - self._last), self._dock._message.text()))
        self._last = now
        progress = self._dock._progress
        if self._dock.running and progress is not None:
            self._viewer.dims.set_current_step(0, progress.at)


def stack_and_strokes(n_slices: int) -> tuple[np.ndarray, np.ndarray]:
    """The sample stack, twice as large in both directions, with strokes on every slice."""
    stack, curves, _ = sample_stack()
    stack = stack[:n_slices].repeat(SCALE, axis=1).repeat(SCALE, axis=2)
    curves = SCALE * curves[:n_slices].repeat(SCALE, axis=2)
    rows = np.arange(stack.shape[1])[:, None] + 0.5
    labels = np.zeros(stack.shape, np.uint8)
    for first, stop in zip(STROKES[::2], STROKES[1::2], strict=True):
        for labelled, own in zip(labels, curves, strict=True):
            regions = sum((rows > curve for curve in own[:, None, first:stop]), np.ones((), int))
            labelled[:, first:stop] = regions
    return stack, labels


def wait_for(condition: Callable[[], bool], minutes: float = 60) -> None:
    """Run the event loop until something is so."""
    end = time.monotonic() + 60 * minutes
    loop, check = QEventLoop(), QTimer()  # if the application's own loop ends, so does the run
    check.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > end else None)
    check.start(20)
    loop.exec()
    check.stop()
    if time.monotonic() > end:
        raise TimeoutError("this takes too long")


def print_figures(figures: dict[str, Any]) -> None:
    n, height, width = figures["shape"]
    beside = ", with uncertainty, curves and surfaces" if figures["layers_beside"] else ""
    print(f"{n} slices of {height}x{width}{beside}: {figures['seconds']:.0f} s")
    print(figures["message"])
    print(
        f"{figures['turns']} turns: median {figures['p50_ms']:.1f} ms, 99 % under "
        f"{figures['p99_ms']:.1f} ms, the longest {figures['max_ms']:.0f} ms; over "
        f"{MOST_OF_THEM:.0f} ms {figures['turns_over_50_ms']}, in them "
        f"{100 * figures['share_of_time_in_them']:.1f} % of the time"
    )
    for turn in figures["longest"]:
        print(f"  {turn['ms']:6.0f} ms  {turn['at']}")
    print("kept" if figures["kept"] else "NOT kept", "what is promised")


if __name__ == "__main__":
    main()
