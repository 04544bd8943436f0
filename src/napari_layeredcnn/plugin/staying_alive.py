"""Bring torch, which is large, into a napari whose window is to stay alive meanwhile.

Python's lock is held while a library is loaded and while garbage is looked for, and the window
stands still for as long: a fifth of a second each, and much longer if the disk is cold.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path


def bring_torch() -> None:
    """Import torch in a worker thread, in short steps as far as Python lets us.

    Garbage is looked for in what is new only, so that all that napari holds is not looked
    through twice on the way. Then it is time for a ``gc.collect()``, in the GUI's thread: there
    is more than a quarter more than before, and Python would soon come to it itself.

    Examples
    --------
    >>> bring_torch()
    >>> "torch" in sys.modules
    True
    """
    if "torch" in sys.modules:
        return
    _load_libraries()
    gc.freeze()
    try:
        import_module("torch")
    finally:
        gc.unfreeze()


def _load_libraries() -> None:
    """Have torch's largest library in memory before Python asks for it.

    The loader holds Python's lock in an ``import``, but not if it is called through ctypes. Where
    that does not work nothing is lost; on Windows torch does so itself.
    """
    ending = {"linux": "so", "darwin": "dylib"}.get(sys.platform)
    found = find_spec("torch")
    if ending is None or found is None or found.origin is None:
        return
    folder = Path(found.origin).parent / "lib"
    with suppress(OSError, AttributeError):
        load = ctypes.CDLL(None).dlopen
        load.argtypes, load.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
        # In torch's own order: the first makes the libraries that it needs known to all others.
        for name, mode in (("torch_global_deps", os.RTLD_GLOBAL), ("torch_cpu", os.RTLD_LOCAL)):
            load(os.fsencode(folder / f"lib{name}.{ending}"), os.RTLD_NOW | mode)
