from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_layeredcnn.core.measure_labels import segmentation_from_labels
from napari_layeredcnn.core.regions import curves_from_regions, regions_from_curves


@given(arrays(np.int64, (2, 3, 9), elements=st.integers(0, 12)))
def test_curves_come_back(heights):
    curves = np.sort(heights, axis=1).astype(np.float32)
    curves[0, :, 0] = 2, 5, 8  # all regions, in their order
    labels = regions_from_curves(curves, 12, [7, 3, 9, 4])
    found = segmentation_from_labels(labels)
    assert found.region_ids == (7, 3, 9, 4)
    np.testing.assert_array_equal(found.curves, curves)
    assert found.height == 12
    for image, one in zip(labels, found.stack, strict=True):
        np.testing.assert_array_equal(one, curves_from_regions(image, [7, 3, 9, 4]))
    turned = segmentation_from_labels(labels.swapaxes(1, 2), transposed=True)
    np.testing.assert_array_equal(turned.curves, curves)
    assert (turned.height, turned.transposed) == (12, True)


def test_unlabelled_pixels_around_are_background_and_between_are_gaps():
    labels = np.zeros((10, 6), np.uint8)
    labels[3:5], labels[5:8] = 1, 2
    labels[4, 2] = 0  # a hole
    labels[:, 3] = 0  # nothing
    labels[:3, 5] = 1  # up to the border
    found = segmentation_from_labels(labels, names={1: "skin", 0: "unused"})
    assert found.region_ids == (0, 1, 2, 0)
    assert found.names == ("background above", "skin", "Region 2", "background below")
    expected = np.array([[3, 3, np.nan, np.nan, 3, 0], [5] * 6, [8] * 6], float)
    expected[:, [2, 3]] = np.nan
    np.testing.assert_array_equal(found.curves, expected)
    one = segmentation_from_labels((labels == 2).astype(int))
    assert one.names == ("background above", "Region 1", "background below")


def test_zero_is_a_region_if_it_is_said_to_be():
    labels = np.array([[0, 0], [0, 4], [4, 4]])
    found = segmentation_from_labels(labels, region_ids=(0, 4))
    assert (found.names, found.curves.tolist()) == (("background", "Region 4"), [[2, 1]])


def test_the_order_is_found_though_no_column_has_all_regions():
    labels = np.array([[[1, 1], [3, 1], [3, 8], [2, 2]], [[1, 3], [1, 3], [8, 3], [8, 2]]])
    # 3 and 8 never share a column: the one that begins higher comes first.
    found = segmentation_from_labels(labels)
    assert found.region_ids == (1, 3, 8, 2)
    np.testing.assert_array_equal(found.stack[0], [[1, 2], [3, 2], [3, 3]])
    with pytest.raises(ValueError, match="no column shows each"):
        curves_from_regions(labels[0])


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (np.zeros((4, 4), int), "no column is labelled"),
        (np.ones((4, 4), int), "no column is labelled"),
        (np.array([[1, 2], [2, 1]]), r"regions \[1, 2\] lie on each other in different orders"),
        (np.array([[1], [2], [1]]), "different orders"),
        (np.ones((4, 4)), "integers"),
        (np.ones((2, 2, 4, 4), int), "shape"),
    ],
)
def test_what_cannot_be_read_is_refused(labels, match):
    with pytest.raises(ValueError, match=match):
        segmentation_from_labels(labels)


def test_slices_are_read_one_by_one():
    class Slices:
        """Like a file: no more than a slice at a time."""

        shape, dtype = (3, 4, 5), np.dtype(np.uint8)

        def __getitem__(self, index):
            assert isinstance(index, int)
            return np.repeat([[1], [1], [2 + index % 2], [2 + index % 2]], 5, axis=1)

    found = segmentation_from_labels(Slices())
    assert found.region_ids == (1, 2, 3)
    np.testing.assert_array_equal(found.stack[:, :, 0], [[2, 4], [2, 2], [2, 4]])
