"""Slices are the same whatever the array, little is read at once, and what is broken is named."""

from __future__ import annotations

import dask.array
import numpy as np
import pytest
import zarr

from napari_layeredcnn.core import slices as module
from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.scaling import ImageError
from napari_layeredcnn.core.slices import Slices


@pytest.fixture
def stack():
    return np.random.default_rng(0).integers(0, 4000, (7, 12, 10)).astype(np.uint16)


class _Counting:
    """An array that notes how many bytes were read at once."""

    def __init__(self, array):
        self._array, self.read = array, []
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key):
        part = self._array[key]
        self.read.append(self._array[key[0]].nbytes)  # whole slices: chunks may be so
        return part


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("colors", [False, True])
def test_dask_zarr_and_lists_give_what_numpy_gives(stack, tmp_path, transposed, colors):
    if colors:
        stack = np.stack([stack, stack // 2, stack // 3], axis=-1)
    chunks = (3, 5, 4, 2)[: stack.ndim]
    arrays = [
        dask.array.from_array(stack, chunks=chunks),
        zarr.create_array(tmp_path / "a.zarr", data=stack, chunks=chunks),
        list(stack),
    ]
    expected = Slices(stack, transposed=transposed)
    strip = np.stack(list(expected.strip(2, 6)))
    whole = np.stack(list(expected.images(range(7))))
    np.testing.assert_array_equal(strip, whole[:, :, 2:6])
    assert whole.min() == -1
    assert whole.max() == 1
    for array in arrays:
        slices = Slices(array, transposed=transposed)
        assert slices.scaling == expected.scaling
        np.testing.assert_array_equal(np.stack(list(slices.strip(2, 6))), strip)
        np.testing.assert_array_equal(np.stack(list(slices.images([5, 6, 0]))), whole[[5, 6, 0]])
        np.testing.assert_array_equal(slices[3], whole[3])


def test_no_more_is_read_at_once_than_is_allowed(stack, monkeypatch):
    monkeypatch.setattr(module, "READ_AT_ONCE", 3 * stack[0].nbytes)
    counting = _Counting(stack)
    slices = Slices(counting)
    strip = list(slices.strip(0, 4))
    images = list(slices.images(range(7)))
    assert len(strip) == len(images) == 7
    assert max(counting.read) == 3 * stack[0].nbytes
    assert len(counting.read) == 9  # the range, the strip and the slices; by 3, 3 and 1 each


def test_a_large_stack_is_looked_at_in_places_only(stack, monkeypatch):
    monkeypatch.setattr(module, "LOOKED_AT", stack.size // 8)
    thinned = stack[::2, ::2, ::2]
    expected = tuple(np.percentile(thinned, [0.5, 99.5]))
    assert Slices(stack).scaling.range == pytest.approx(expected)
    assert Slices(stack, range_=(0, 10)).scaling.range == (0, 10)


@pytest.mark.parametrize("index", [0, 4])
def test_a_broken_chunk_is_named(stack, tmp_path, index):
    array = zarr.create_array(tmp_path / "a.zarr", data=stack, chunks=(1, 12, 10))
    (tmp_path / "a.zarr" / "c" / str(index) / "0" / "0").write_bytes(b"no chunk of zarr")
    with pytest.raises(ImageError, match=rf"slice {index} of the stack cannot be read.*mend"):
        Slices(array)


def test_slices_of_different_shapes(stack):
    with pytest.raises(CompletionError, match=r"slice 2 has the shape \(12, 9\), but slice 0 has"):
        Slices([stack[0], stack[1], stack[2, :, :9]])
    with pytest.raises(ImageError, match="empty"):
        Slices([])


def test_a_slice_has_a_digest_of_its_own(stack):
    digests = {Slices(stack).digest(i) for i in range(7)}
    assert len(digests) == 7
    assert Slices(stack.astype(np.int32)).digest(0) in digests
