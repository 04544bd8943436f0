"""Generators that yield their progress and return a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

Step = TypeVar("Step")
Other = TypeVar("Other")
Result = TypeVar("Result")


def finish(steps: Generator[Any, None, Result]) -> Result:
    """Run a generator to its end.

    Parameters
    ----------
    steps : generator
        What it yields is dropped.

    Returns
    -------
    object
        What it returns.

    Examples
    --------
    >>> def counting():
    ...     yield 1
    ...     return "done"
    >>> finish(counting())
    'done'
    """
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]


def relay(
    steps: Generator[Step, None, Result], turn: Callable[[Step], Other]
) -> Generator[Other, None, Result]:
    """Like ``yield from``, but each step is turned into something else.

    Parameters
    ----------
    steps : generator
        Closed with this one.
    turn : callable
        From what it yields to what is yielded.

    Yields
    ------
    object
        What ``turn`` returns for each step.

    Returns
    -------
    object
        What ``steps`` returns.

    Examples
    --------
    >>> def counting():
    ...     yield 1
    ...     return "done"
    >>> list(relay(counting(), str)), finish(relay(counting(), str))
    (['1'], 'done')
    """
    try:
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            yield turn(step)
    finally:
        steps.close()
