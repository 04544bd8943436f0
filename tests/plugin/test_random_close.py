"""A viewer closed, or the dock taken out, at a random moment of a run: nothing is left behind.

The moments are drawn from a seed, so that a failure comes again.
"""

from __future__ import annotations

import gc
import time
from weakref import ref

import numpy as np
import pytest
from hands import click, dock
from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QApplication
from superqt.utils import WorkerBase

from napari_layeredcnn.sample import LABELLED_SLICE

pytestmark = pytest.mark.usefixtures("no_thread_left")

#: Seconds that a column of the stand-in takes; it has 256 in each of the three slices.
COLUMN = 0.002
#: The viewer is closed after so many seconds at most, or twice that if the run is canceled before.
LATEST, LATEST_REAL = 2.5, 4.0


@pytest.fixture
def slow_fake(fake, monkeypatch):
    """The stand-in, taking its time for every column."""
    from napari_layeredcnn.core import completion

    def slowly(*given, **settings):
        steps = fake(*given, **settings)
        try:
            while True:
                time.sleep(COLUMN)
                try:
                    step = next(steps)
                except StopIteration as end:
                    return end.value
                yield step
        finally:
            steps.close()

    monkeypatch.setattr(completion, "iter_complete", slowly)
    return fake


def test_closed_during_a_run(viewers, qtbot, slow_fake):
    close_at_random(viewers, qtbot, 0, LATEST)


def test_closed_during_a_run_of_the_real_network(viewers, qtbot):
    close_at_random(viewers, qtbot, 17, LATEST_REAL)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 17))
def test_closed_during_a_run_many_times(viewers, qtbot, slow_fake, seed):
    close_at_random(viewers, qtbot, seed, LATEST)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [18, 19])
def test_closed_during_a_run_of_the_real_network_again(viewers, qtbot, seed):
    close_at_random(viewers, qtbot, seed, LATEST_REAL)


@pytest.fixture
def viewers(make_napari_viewer):
    """Makes a shown viewer; the fixture `viewer` would hold on to the one that it made."""

    def make():
        viewer = make_napari_viewer(show=True)
        viewer.window._qt_window.resize(1200, 800)
        return viewer

    return make


def close_at_random(make, qtbot, seed: int, latest: float) -> None:
    """Start a run with what a person may have ticked, and close at a random moment."""
    random = np.random.default_rng(seed)
    windows = set(QApplication.topLevelWidgets())
    with qtbot.captureExceptions() as errors:
        watched = run_and_close(make, qtbot, random, latest)
        qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=20_000)
        tidy_up(qtbot)
    assert not errors
    assert not [name for name, one in watched.items() if one() is not None]
    assert not [w for w in set(QApplication.topLevelWidgets()) - windows if w.isVisible()]


def run_and_close(make, qtbot, random: np.random.Generator, latest: float) -> dict[str, ref]:
    """Return what must be gone soon."""
    viewer = make()
    viewer.open_sample("napari-layeredcnn", "layered_stack")
    partial = viewer.layers["partial labels"]
    partial.data[5] = partial.data[20] = partial.data[LABELLED_SLICE]
    widget = dock(viewer)
    widget._slices.value = str(random.choice(["labelled", "stack"]))
    widget._on_cancel.value = str(random.choice(["keep", "restore"]))
    for tick in (widget._uncertainty_tick, widget._paths_tick, widget._surfaces_tick):
        tick.setChecked(bool(random.integers(2)))
    click(qtbot, widget, "Segment Layers")
    if random.integers(3) == 0:
        qtbot.wait(int(1000 * random.uniform(0, latest)))
        widget.cancel()
    qtbot.wait(int(1000 * random.uniform(0, latest)))
    if random.integers(4) == 0:  # the dock first
        viewer.window.remove_dock_widget(widget)
        qtbot.wait(int(1000 * random.uniform(0, 0.1)))
    watched = {"viewer": ref(viewer), "widget": ref(widget), "labels": ref(partial)}
    viewer.close()
    return watched


def tidy_up(qtbot) -> None:
    """Let Qt delete what is to be deleted, and Python what nobody holds."""
    for _ in range(3):
        qtbot.wait(30)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
