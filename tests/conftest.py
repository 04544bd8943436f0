"""For all tests: a real screen for Qt, nothing saved in the person's settings, no thread left."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

if sys.platform == "linux":
    # The canvas stays blank on the offscreen platform; pytest-xvfb starts a screen for xcb.
    os.environ.pop("QT_QPA_PLATFORM", None)


@pytest.fixture
def no_thread_left():
    """Fail if a Python thread or a napari worker that the test started is still alive after it.

    napari's viewer fixture checks for widgets only.
    """
    before = set(threading.enumerate())
    yield
    from superqt.utils import WorkerBase

    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        threads = [t for t in threading.enumerate() if t not in before and _is_ours(t)]
        if not threads and not WorkerBase._worker_set:
            return
        time.sleep(0.02)
    pytest.fail(f"left running: threads {threads}, workers {set(WorkerBase._worker_set)}")


def _is_ours(thread: threading.Thread) -> bool:
    # Qt's pool keeps its idle threads for reuse; Python knows them as dummies.
    return not isinstance(thread, threading._DummyThread)
