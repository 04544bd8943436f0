"""Batches: what is left is parted anew, what is finished or running stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from napari_layeredcnn.core.stack_partition import Partition, partition


def test_partition():
    assert partition([4, 5, 9], 2) == ((4, 5), (9,))
    assert partition([], 2) == ()


@given(st.integers(1, 30), st.integers(2, 8), st.data())
def test_halving_loses_and_doubles_no_slice(count, size, data):
    work = Partition(partition(range(count), size))
    batches = st.sets(st.sampled_from(work.batches))
    work.finished, running = data.draw(batches), data.draw(batches)
    left = [batch for batch in work.left if batch not in running]
    if not left:
        return
    stay = work.finished | running
    work.halve(left[0], running)
    assert sorted(i for batch in work.batches for i in batch) == list(range(count))
    assert stay <= set(work.batches)
    assert all(len(b) <= (len(left[0]) + 1) // 2 for b in set(work.batches) - stay)
    assert work.done + sum(map(len, work.left)) == work.total == count
