from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.core.measure_shape import lengths, residuals, roughness, slopes

X = np.arange(400.0)


def test_a_sine_has_its_known_roughness_and_length():
    sine = 40 + 5 * np.sin(2 * np.pi * X / 100)
    ra, rq = roughness(residuals(sine[None], 0))
    assert ra[0] == pytest.approx(2 / np.pi * 5, rel=0.005)
    assert rq[0] == pytest.approx(5 / np.sqrt(2), rel=0.005)
    fine = np.linspace(0, 399, 400_001)
    true = np.hypot(np.diff(fine), np.diff(5 * np.sin(2 * np.pi * fine / 100))).sum()
    length, straight = lengths(sine[None], 1.0)
    assert length[0] == pytest.approx(true, rel=0.001)
    assert straight[0] == pytest.approx(np.hypot(399, sine[-1] - sine[0]))


@pytest.mark.parametrize("degree", [0, 1, 2, 5, 12])
def test_a_polynomial_leaves_nothing_of_itself(degree):
    rng = np.random.default_rng(degree)
    curves = np.polynomial.chebyshev.chebval(X / 200 - 1, rng.normal(size=(degree + 1, 3)))
    curves[0, 50:90] = np.nan
    curves[2, 40:] = np.nan
    left = residuals(curves, degree)
    np.testing.assert_array_equal(np.isnan(left), np.isnan(curves))
    assert np.nanmax(np.abs(left)) < 1e-9
    if degree:
        assert np.nanmax(np.abs(residuals(curves, degree - 1)[1])) > 1e-3


def test_residuals_are_those_of_polyfit():
    rng = np.random.default_rng(0)
    curve = rng.normal(size=400).cumsum()
    curve[rng.random(400) < 0.2] = np.nan
    known = ~np.isnan(curve)
    for degree in (1, 3):
        expected = curve - np.polyval(np.polyfit(X[known], curve[known], degree), X)
        np.testing.assert_allclose(residuals(curve[None], degree)[0], expected, atol=1e-9)


def test_too_few_points_have_no_roughness():
    curve = np.full((1, 10), np.nan)
    curve[0, [2, 7]] = 1, 5
    assert np.isnan(residuals(curve, 1)).all()
    assert np.isnan(roughness(residuals(curve, 1))).all()
    np.testing.assert_allclose(residuals(curve, 0)[0, [2, 7]], [-2, 2])
    with pytest.raises(ValueError, match="0 or more"):
        residuals(curve, -1)


def test_a_tilted_curve_is_straight():
    tilted = np.tan(np.deg2rad(30)) * X
    length, straight = lengths(tilted[None], 1.0)
    assert length[0] == pytest.approx(399 / np.cos(np.deg2rad(30)))
    assert length[0] / straight[0] == pytest.approx(1)
    assert np.rad2deg(np.arctan(slopes(tilted[None], 1.0)[0])) == pytest.approx(30)
    assert slopes(-tilted[None] * 2, 0.5)[0] == pytest.approx(-4 * np.tan(np.deg2rad(30)))


def test_pieces_are_measured_one_by_one():
    curve = np.array([[np.nan, 0, 1, np.nan, 9, np.nan, 5, 4, 3], [0, 0, 0, 0, 0, 0, 0, 0, np.nan]])
    length, straight = lengths(curve, 1.0)
    np.testing.assert_allclose(length, [3 * np.sqrt(2), 7])
    np.testing.assert_allclose(straight, length)
    nothing = np.full((1, 5), np.nan)
    assert [a[0] for a in lengths(nothing, 1.0)] == [0, 0]
    assert np.isnan(slopes(nothing, 1.0))
