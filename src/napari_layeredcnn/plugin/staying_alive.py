"""What a worker does so that the window stays alive beside it.

Python's lock is held while a library is loaded and while garbage is collected, and the window
stands still for as long: a fifth of a second for torch's library if the disk is warm, and as much
for all that napari and torch together have in memory.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def short_collections() -> Iterator[None]:
    """Let garbage be looked for only in what is new, until the end of the block.

    What was there before is looked through again after it. For as long as another block ends
    inside of this one, collections are as long as ever; nothing else is lost then.

    Examples
    --------
    >>> with short_collections():
    ...     gc.get_freeze_count() > 0
    True
    >>> gc.get_freeze_count()
    0
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def bring_torch() -> None:
    """Import torch, having its largest library loaded without Python's lock.

    The loader holds the lock in an ``import``, but not if it is called through ctypes. Where that
    does not work nothing is lost; on Windows torch does so itself.
    """
    if "torch" not in sys.modules:
        _load_libraries()
        import_module("torch")


def _load_libraries() -> None:
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
