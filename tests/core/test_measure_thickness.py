from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import brentq

from napari_layeredcnn.core.measure_thickness import perpendicular_thickness, vertical_thickness

X = np.arange(200.0)


@given(arrays(np.float64, (4, 9), elements=st.floats(0, 100)))
def test_thicknesses_add_up(heights):
    curves = np.sort(heights, axis=0)
    total = vertical_thickness(curves, across=2).sum(axis=0)
    np.testing.assert_allclose(total, 2 * (curves[-1] - curves[0]), atol=1e-9)


@pytest.mark.parametrize("degrees", [-60, -30, 0, 10, 30, 45, 70])
@pytest.mark.parametrize(("across", "along"), [(1, 1), (0.5, 2), (3.9, 0.7)])
def test_a_tilted_slab_has_its_true_thickness(degrees, across, along):
    angle, true = np.deg2rad(degrees), 8.0  # in world units, as is the angle
    upper = (300 + np.tan(angle) * X * along) / across
    lower = upper + true / np.cos(angle) / across
    found = perpendicular_thickness([upper, lower], across=across, along=along)[0]
    known = ~np.isnan(found)
    np.testing.assert_allclose(found[known], true, rtol=1e-9)
    # Normals leave the image near both ends, each after half the thickness.
    lost = 2 * abs(true / 2 * np.sin(angle)) / along
    assert abs((~known).sum() - lost) < 2.01


def test_a_ring_has_the_difference_of_its_radii():
    # Mid-line and normals are not exact here: it is no circle, halfway between two circles.
    x = X - 100
    upper, lower = (500 - np.sqrt(radius**2 - x**2) for radius in (310, 290))
    found = perpendicular_thickness([upper, lower])[0]
    assert np.nanmax(np.abs(found - 20)) < 0.005 * 20


def test_a_wedge_as_computed_by_hand():
    # Upper side level at 50, lower side at 50 + x tan(a): the mid-line has half the slope s.
    slope = np.tan(np.deg2rad(20))
    s = slope / 2
    found = perpendicular_thickness([np.full(200, 50), 50 + slope * X])[0]
    x = X[40:150]
    # Up: (x - s d, m - |d|) on y = 50 is d = m - 50 = s x. Down: s x + d = slope (x - s d).
    down = (slope - s) * x / (1 + slope * s)
    expected = np.sqrt(1 + s**2) * (s * x + down)
    np.testing.assert_allclose(found[40:150], expected, rtol=1e-6)


@pytest.mark.parametrize(("across", "along"), [(1, 1), (2, 0.5), (0.5, 1)])
def test_a_sine_as_found_by_bisection(across, along):
    thick = 12.0

    def line(x, offset=0.0):
        return 60 + 15 * np.sin(2 * np.pi * x / (100 * along)) + offset

    world = X * along
    curves = np.stack([line(world, -thick / 2), line(world, thick / 2)]) / across
    found = perpendicular_thickness(curves, across=across, along=along)[0]
    for i in range(30, 170, 7):
        slope = 15 * 2 * np.pi / (100 * along) * np.cos(2 * np.pi * i / 100)
        ends = []
        for side in (-1, 1):
            # The first root: where it goes further is for the other sides of the sine.
            steps = side * np.linspace(0, 3 * thick, 3000)
            apart = line(world[i]) + steps - line(world[i] - slope * steps, side * thick / 2)
            first = np.flatnonzero(apart * side >= 0)[0]
            ends.append(
                brentq(
                    lambda d, i=i, slope=slope, side=side: (
                        line(world[i]) + d - line(world[i] - slope * d, side * thick / 2)
                    ),
                    steps[first - 1],
                    steps[first],
                )
            )
        true = np.hypot(1, slope) * (ends[1] - ends[0])
        assert found[i] == pytest.approx(true, rel=0.005)


def test_normals_stop_at_gaps_and_where_there_is_nothing():
    upper = 5 + 0.75 * X
    curves = np.stack([upper, upper + 10])
    curves[:, 100:110] = np.nan
    found = perpendicular_thickness(curves)[0]
    assert np.isnan(found[100:110]).all()
    assert np.isnan(found[[0, 1, 98, 99, 110, 111, 198, 199]]).all()
    np.testing.assert_allclose(found[[3, 96, 113, 196]], 8)
    assert np.isnan(perpendicular_thickness(np.full((3, 20), np.nan))).all()
    lonely = np.full((2, 20), np.nan)
    lonely[:, 7] = 1, 4
    assert np.isnan(perpendicular_thickness(lonely)).all()


@given(
    arrays(np.float32, (3, 40), elements=st.floats(0, 60, width=32)),
    st.sampled_from([0.25, 2, 1024]),
)
def test_scaling_the_world_scales_the_thickness(heights, factor):
    # By powers of two, which change no digit: rough curves may meet their normals just so.
    curves = np.sort(heights, axis=0)
    one = perpendicular_thickness(curves)
    scaled = perpendicular_thickness(curves, across=factor, along=factor)
    np.testing.assert_array_equal(scaled, one * factor)


def test_stacks_are_measured_slice_by_slice():
    rng = np.random.default_rng(0)
    stack = np.sort(np.cumsum(rng.normal(size=(5, 3, 60)), axis=-1) + 50, axis=1)
    whole = perpendicular_thickness(stack, along=0.5)
    for one, curves in zip(whole, stack, strict=True):
        np.testing.assert_allclose(one, perpendicular_thickness(curves, along=0.5), rtol=1e-9)


def test_the_first_meeting_counts_as_walked_by_hand():
    """The slow way: every normal cut with every piece of the curves."""
    rng = np.random.default_rng(1)
    curves = np.sort(np.cumsum(rng.normal(0, 0.8, (2, 80)), axis=-1), axis=0)
    curves[1] += 3
    found = perpendicular_thickness(curves, along=0.7)[0]
    middle = curves.mean(axis=0)
    for i in range(80):
        near = np.arange(max(0, i - 7), min(80, i + 8))
        slope = np.polyfit(near * 0.7, middle[near], 1)[0]
        ends = [_nearest(curve, middle[i], i, slope, 0.7) for curve in curves]
        expected = np.nan if None in ends else sum(ends) * np.hypot(1, slope)
        np.testing.assert_allclose(found[i], expected, rtol=1e-6)


def _nearest(curve, start, i, slope, along):
    """Vertical distance to the nearest crossing of the normal with any piece of the curve."""
    side = np.sign(curve[i] - start)
    distances = []
    for j in range(len(curve) - 1):
        # The normal is x = i along - slope d, y = start + d.
        x0, x1 = j * along, (j + 1) * along
        rise = (curve[j + 1] - curve[j]) / along
        d = (curve[j] + rise * (i * along - x0) - start) / (1 + rise * slope)
        x = i * along - slope * d
        if x0 - 1e-9 <= x <= x1 + 1e-9 and d * side >= 0:
            distances.append(abs(d))
    return min(distances, default=None)


@pytest.mark.parametrize("window", [1, 4])
def test_a_window_is_odd(window):
    with pytest.raises(ValueError, match="odd number"):
        perpendicular_thickness([[1, 2], [3, 4]], window=window)
