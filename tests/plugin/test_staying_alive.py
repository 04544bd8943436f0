"""Torch comes into a running viewer in short steps."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import gc, sys
from napari_layeredcnn.plugin import staying_alive

staying_alive._load_libraries()
assert "torch" not in sys.modules
maps = open("/proc/self/maps").read()
assert "libtorch_cpu" in maps, "the library is not loaded yet"
assert "libtorch_python" not in maps
staying_alive.bring_torch()
assert gc.get_freeze_count() == 0
import torch
assert float(torch.ones(3).sum()) == 3
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_library_is_loaded_first_and_torch_works():
    """In a Python of its own: here torch is imported already."""
    subprocess.run([sys.executable, "-W", "error", "-c", CODE], check=True, timeout=120)
