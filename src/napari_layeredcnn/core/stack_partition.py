"""How the slices of a stack are parted into batches, and which of these are finished."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Batch = tuple[int, ...]
Batches = tuple[Batch, ...]


def partition(slices: Sequence[int], batch: int) -> Batches:
    """Part slices into batches, in their order.

    Parameters
    ----------
    slices : sequence of int
        Indices.
    batch : int
        Slices in a batch; the last one may have fewer.

    Returns
    -------
    tuple of tuple of int
        The batches.

    Examples
    --------
    >>> partition(range(5), 2)
    ((0, 1), (2, 3), (4,))
    """
    return tuple(tuple(slices[i : i + batch]) for i in range(0, len(slices), batch))


@dataclass
class Partition:
    """Batches to do and done: the same ones again give the same bits.

    Parameters
    ----------
    batches : tuple of tuple of int
        All of them; each slice once.
    finished : set of tuple of int
        Those that are finished.

    Examples
    --------
    >>> work = Partition(partition(range(7), 3), {(0, 1, 2)})
    >>> work.halve((3, 4, 5))
    >>> work.batches, work.left
    (((0, 1, 2), (3, 4), (5, 6)), [(3, 4), (5, 6)])
    """

    batches: Batches
    finished: set[Batch] = field(default_factory=set)

    @property
    def left(self) -> list[Batch]:
        """Batches to do, in their order."""
        return [batch for batch in self.batches if batch not in self.finished]

    @property
    def done(self) -> int:
        """Number of slices done."""
        return sum(map(len, self.finished))

    @property
    def total(self) -> int:
        """Number of slices done and to do."""
        return sum(map(len, self.batches))

    def part_again(self, size: int, running: Collection[Batch] = ()) -> None:
        """Part what is left into batches of another size.

        Parameters
        ----------
        size : int
            Slices in a batch.
        running : collection of tuple of int
            Batches that are being computed: they stay.
        """
        stay = self.finished.union(running)
        again = [i for batch in self.batches if batch not in stay for i in batch]
        self.batches = (*(b for b in self.batches if b in stay), *partition(again, size))

    def halve(self, batch: Batch, running: Collection[Batch] = ()) -> None:
        """Part what is left into halves of a batch that was too large.

        Parameters
        ----------
        batch : tuple of int
            Which one.
        running : collection of tuple of int
            Batches that are being computed: they stay.
        """
        self.part_again((len(batch) + 1) // 2, running)
