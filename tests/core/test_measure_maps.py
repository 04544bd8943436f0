from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.core.measure_maps import height_map, thickness_map
from napari_layeredcnn.core.measure_segmentation import Segmentation

X = np.arange(60.0)


def stack(**options):
    upper = 5 + 0.75 * X
    curves = np.stack([[upper, upper + 10 + s] for s in range(3)])
    return Segmentation(curves, **options)


def test_thickness_of_each_slice_and_column():
    found = thickness_map(stack(scale=(7, 2, 2), unit="um", names=("a", "b", "c")), 1)
    np.testing.assert_array_equal(found.values, np.repeat([[20], [22], [24]], 60, axis=1))
    assert found.values.dtype == np.float32
    assert (found.name, found.unit, found.scale) == ("thickness of b", "um", (7, 2))
    assert found.axes == ("z", "x")
    found = thickness_map(stack(), 1, perpendicular=True)
    np.testing.assert_allclose(found.values[:, 30], [8, 8.8, 9.6], rtol=1e-6)
    assert np.isnan(found.values[:, 0]).all()
    assert found.name == "perpendicular thickness of Region 2"


def test_height_of_a_curve_and_missing_slices():
    found = height_map(stack(slices=[2, 3, 5], transposed=True, scale=(7, 1, 3), unit="um"), 1)
    assert (found.first_slice, found.scale, found.axes) == (2, (7, 1), ("z", "y"))
    assert found.values.shape == (4, 60)
    assert np.isnan(found.values[2]).all()
    np.testing.assert_allclose(found.values[3], 3 * (17 + 0.75 * X))


def test_what_is_too_uncertain_is_left_empty():
    doubt = np.zeros((3, 2, 60))
    doubt[1, 0, 20:30] = 5
    found = stack(uncertainty=doubt)
    vague = np.zeros((3, 60), bool)
    vague[1, 20:30] = True
    np.testing.assert_array_equal(
        np.isnan(thickness_map(found, 1, max_uncertainty=4).values), vague
    )
    np.testing.assert_array_equal(np.isnan(height_map(found, 0, max_uncertainty=4).values), vague)
    assert not np.isnan(height_map(found, 1, max_uncertainty=4).values).any()
    assert not np.isnan(thickness_map(found, 1, max_uncertainty=5).values).any()
    with pytest.raises(ValueError, match="no uncertainty is known"):
        thickness_map(stack(), 1, max_uncertainty=4)


def test_what_has_no_map():
    with pytest.raises(ValueError, match="single image"):
        thickness_map(Segmentation([[1, 2], [3, 4]]), 1)
    with pytest.raises(ValueError, match="distance of the slices"):
        thickness_map(stack(scale=(2, 2), unit="um"), 1)
    with pytest.raises(ValueError, match="no region 3: they are 0 to 2"):
        thickness_map(stack(), 3)
    with pytest.raises(ValueError, match="no curve -1"):
        height_map(stack(), -1)
