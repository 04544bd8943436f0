from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.core.measure_segmentation import Segmentation

CURVES = np.array([[2.0, 3, np.nan], [4, 3, np.nan]])


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"curves": [1.0, 2]}, r"have \(2,\)"),
        ({"curves": np.zeros((0, 5))}, "shape"),
        ({"curves": [[2.0, 5], [2, 4]]}, "curve 1 lies above its predecessor in column 1"),
        ({"curves": [CURVES, CURVES[::-1]]}, "column 0 of slice 1"),
        ({"region_ids": (1, 2)}, "part 3 regions, but there are 2 ids"),
        ({"names": ("a", "b", "c", "d")}, "4 names"),
        ({"uncertainty": CURVES[:1]}, "shape"),
        ({"slices": [0]}, "numbers of slices"),
        ({"curves": [CURVES, CURVES], "slices": [1, 0]}, r"rising, but these are \[1, 0\]"),
        ({"scale": (1,)}, "size of a pixel"),
        ({"scale": (1, 0)}, "size of a pixel"),
        ({"scale": (1, np.nan, 1)}, "size of a pixel"),
    ],
)
def test_what_does_not_fit_is_refused(wrong, match):
    with pytest.raises(ValueError, match=match):
        Segmentation(**{"curves": CURVES, **wrong})


def test_names_come_from_ids():
    one = Segmentation(CURVES, region_ids=(0, 300, 5))
    assert one.names == ("background", "Region 300", "Region 5")
    assert one.curve_names == ("background / Region 300", "Region 300 / Region 5")
    assert Segmentation(CURVES, names=("a", "b", "c")).curve_names == ("a / b", "b / c")


def test_the_size_of_a_pixel_follows_the_direction_of_the_curves():
    assert Segmentation(CURVES).size == (1, 1, 1)
    assert Segmentation(CURVES, scale=(2, 3)).size == (2, 3, None)
    assert Segmentation(CURVES, scale=(7, 2, 3), transposed=True).size == (3, 2, 7)


def test_the_curves_given_stay_as_they_are():
    given = CURVES.copy()
    one = Segmentation(given)
    assert one.stack.shape == (1, 2, 3)
    np.testing.assert_array_equal(given, CURVES)
