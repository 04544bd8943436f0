"""What the commands share: where they print, how errors look, options that several have."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator


class Device(StrEnum):
    """Where the network runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME_OR_FILE",
        help="A bundled model's name, or a .safetensors file. Default: the bundled one.",
        show_default=False,
    ),
]
DeviceOption = Annotated[
    Device,
    typer.Option("--device", help="Where the network runs; auto takes a GPU if there is one."),
]


def say(text: str) -> None:
    """Print a line of the result, as it is."""
    Console(soft_wrap=True).print(text, markup=False, highlight=False)


def progress_console() -> Console:
    """Give the console for progress: stderr, and nothing at all where nobody is looking."""
    console = Console(stderr=True)
    console.quiet = not console.is_terminal
    return console


@contextmanager
def errors_in_one_sentence() -> Iterator[None]:
    """Turn wrong input into one line on stderr and exit code 1.

    Our own errors are `ValueError`; what the system refuses is `OSError`.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        text = " ".join(str(error).split()) or type(error).__name__
        text = text if text.endswith((".", "!", "?")) else f"{text}."
        Console(stderr=True, soft_wrap=True).print(f"Error: {text}", markup=False, highlight=False)
        raise typer.Exit(1) from error
