"""Slices along any axis of any array, read like a stack."""

from __future__ import annotations

from itertools import permutations
from threading import Event

import numpy as np
import pytest
import zarr

from napari_layeredcnn.plugin.planes import Plane
from napari_layeredcnn.plugin.stack_view import StackView, Stopped

DATA = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
KEYS = [
    (slice(None), slice(None), slice(1, 3)),
    (slice(None), slice(0, 2)),
    (slice(1, 2),),
]


@pytest.mark.parametrize("axes", list(permutations(range(4), 3)))
@pytest.mark.parametrize("colors", [False, True])
def test_as_the_array_turned_by_numpy(axes, colors):
    (fixed,) = set(range(4)) - set(axes)
    data = np.stack([DATA, DATA + 1000, DATA + 2000], axis=-1) if colors else DATA
    axis, rows, columns = axes
    index = [0, 0, 0, 0]
    index[fixed] = 1
    index[rows] = index[columns] = None
    view = StackView(data, Plane(tuple(index), rows, columns), axis)
    whole = np.take(data, 1, axis=fixed)
    order = np.argsort(np.argsort(axes))
    whole = whole.transpose(*order, *range(3, whole.ndim))
    assert view.shape == whole.shape
    for key in (0, slice(None), *KEYS):
        np.testing.assert_array_equal(view[key], whole[key])


def test_zarr():
    array = zarr.array(DATA, chunks=(1, 1, 4, 5))
    view = StackView(array, Plane((1, 0, None, None), 3, 2), 1)
    np.testing.assert_array_equal(view[2], DATA[1, 2].T)
    np.testing.assert_array_equal(view[:, :, 1:3], DATA[1].swapaxes(1, 2)[:, :, 1:3])


def test_nothing_is_read_after_cancel():
    cancel = Event()
    view = StackView(DATA[0], Plane((0, None, None), 1, 2), 0, cancel)
    view[0]
    cancel.set()
    with pytest.raises(Stopped):
        view[1]
