"""What all readers and writers of files share: the error, checks, replacing a file in one go."""

from __future__ import annotations

import struct
import tempfile
import tokenize
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

# What the libraries below raise for damaged files: found by cutting and changing bytes.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    TypeError,
    ArithmeticError,
    LookupError,
    AssertionError,
    AttributeError,
    MemoryError,
    SyntaxError,
    tokenize.TokenError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    Image.DecompressionBombError,
)


class FileError(ValueError):
    """A file cannot be read, or cannot be written as asked; the message is one sentence."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file's path; on success the file takes the place of `path`."""
    # A folder, not mkstemp: the file itself then gets the permissions that files get here.
    with tempfile.TemporaryDirectory(prefix=".layeredcnn-", dir=path.parent) as folder:
        temporary = Path(folder, path.name)
        yield temporary
        temporary.replace(path)


def checked_ending(path: str | os.PathLike[str], endings: Sequence[str], what: str) -> Path:
    """Refuse a path whose ending is not one of `endings`."""
    path = Path(path)
    if path.suffix.lower() not in endings:
        raise FileError(f"A file of {what} ends in {' or '.join(endings)}, unlike {path}.")
    return path


def check_exists(path: Path) -> None:
    """Refuse a path that is no file."""
    if not path.exists():
        raise FileError(f"{path} does not exist.")
    if not path.is_file():
        raise FileError(f"{path} is a folder where a file is needed.")


def leading_axes(path: Path, lengths: Iterable[int]) -> tuple[int | slice, ...]:
    """Return the index that leaves out axes of length 1 before rows and columns.

    Raises FileError if more than the axis of the slices remains.
    """
    lengths = tuple(lengths)
    if len(lengths) - lengths.count(1) > 1:
        axes = " x ".join(map(str, lengths))
        raise FileError(f"{path} holds {axes} images: save one image or one stack of slices.")
    return tuple(0 if n == 1 else slice(None) for n in lengths)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file as a whole or not at all."""
    with replacing(Path(path)) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def brief(error: BaseException) -> str:
    """Say in a few words what a library complained of."""
    text = " ".join(str(error).split()).rstrip(".")
    if "imagecodecs" in text:
        return f"{text}; install that with pip, or save the file uncompressed"
    return f"{text[:200]}" if text else type(error).__name__
