"""What a worker tells the dock: new labels, how a run ended, and errors as whole sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_layeredcnn.core.seeds import SeedError
from napari_layeredcnn.plugin.continuation import ContinueError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.kept import Kept

    Labels = NDArray[np.integer[Any]]
    Place = tuple[slice, slice]

#: What may go wrong without being a mistake of ours. A `RuntimeError` (torch's shape errors, too
#: little GPU memory) would leave a generator worker running for ever.
EXPECTED = (ValueError, RuntimeError, MemoryError, OSError)
EVERYWHERE = (slice(None), slice(None))

_TURNED = {
    "column": "row",
    "row": "column",
    "above": "left of",
    "below": "right of",
    "top": "left",
    "bottom": "right",
}
_TURNED |= {f"{word}s": f"{_TURNED[word]}s" for word in ("column", "row")}


@dataclass(frozen=True, eq=False)
class Progress:
    """New columns of slice number `at` of run number `run`; `done` of `total` steps are made.

    `labels`, oriented as the image, belong at `where` (rows, columns). With the last step of a
    slice comes what it has left.
    """

    run: int
    at: int
    done: int
    total: int
    where: Place
    labels: Labels
    kept: Kept | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """How run number `run` ended: with a sentence; completed, canceled or failed.

    `kept` is what a canceled run has left in the slice `at`.
    """

    run: int
    message: str = ""
    completed: bool = False
    canceled: bool = False
    at: int = 0
    kept: Kept | None = None
    model: dict[str, str] | None = None


def told(error: Exception, *, transposed: bool = False) -> str:
    """Return what an error says, as a sentence in the words of the dock.

    Parameters
    ----------
    error : Exception
        Of the library, or of the system.
    transposed : bool
        Whether labels were turned before they were read, as the curves run along the rows: what
        is called a column then is a row.

    Examples
    --------
    >>> told(ValueError("no column shows label 3; choose one of these or 'auto'"))
    'No column shows label 3; choose one of these or "automatic".'
    >>> told(SeedError("in column 7 label 2 lies above label 1"), transposed=True)
    'In row 7 label 2 lies left of label 1.'
    """
    text = str(error).replace("'auto'", '"automatic"')
    if transposed and isinstance(error, SeedError | ContinueError):
        text = turned(text)
    return sentence(text) or f"Failed: {type(error).__name__}."


def turned(text: str) -> str:
    """Say of rows what was said of columns, and the other way round."""
    words = "|".join(sorted(_TURNED, key=len, reverse=True))
    return re.sub(rf"\b({words})\b", lambda found: _TURNED[found[0]], text)


def count(n: int, what: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> count(1, "column"), count(2, "column")
    ('1 column', '2 columns')
    """
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def sentence(text: str) -> str:
    """Begin with a capital and end with a stop: the library's errors and notes are clauses.

    A file's name at the beginning stays as it is.
    """
    first = text.split(" ", 1)[0].rstrip(",:;")
    text = text[:1].upper() + text[1:] if first.isalpha() else text
    return text if not text or text[-1] in ".!?…" else f"{text}."
