from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.overlay import COLORS, draw_overlay, draw_sheet

IMAGE = np.random.default_rng(0).normal(100, 20, (64, 128))


def near(picture, color, tolerance=12):
    return (np.abs(picture.astype(int) - color) <= tolerance).all(-1)


def test_a_curve_is_drawn_where_it_runs():
    curve = np.linspace(10.25, 50.75, 128)[None]
    picture = draw_overlay(np.zeros((64, 128)), curve, scale=5)
    assert picture.shape == (320, 640, 3)
    drawn = near(picture, COLORS[0])
    columns = np.flatnonzero(drawn.any(0))
    assert columns.size == 640
    centers = np.array([np.flatnonzero(drawn[:, x]).mean() + 0.5 for x in columns])
    expected = np.interp((columns + 0.5) / 5 - 0.5, np.arange(128), curve[0]) * 5
    assert np.abs(centers - expected).max() < 0.75


def test_curves_have_different_colors_in_their_order():
    picture = draw_overlay(IMAGE, np.full((3, 128), [[10.0], [30.0], [50.0]]))
    rows = [np.flatnonzero(near(picture, c).sum(1) > 600).mean() / 5 for c in COLORS[:3]]
    np.testing.assert_allclose(rows, [9.9, 29.9, 49.9], atol=0.2)


def test_the_transposed_picture_is_the_transpose():
    curves = np.full((2, 64), [[20.0], [90.0]]) + np.sin(np.arange(64) / 5)
    options = {"seed_columns": [0, 5], "uncertainty": np.ones_like(curves), "scale": 4}
    across = draw_overlay(IMAGE.T, curves, **options)
    down = draw_overlay(IMAGE, curves, transposed=True, **options)
    np.testing.assert_array_equal(down, across.swapaxes(0, 1))


def test_seed_columns_are_marked_above_and_below():
    plain = draw_overlay(IMAGE, np.full((1, 128), 30.0), scale=5)
    marked = draw_overlay(IMAGE, np.full((1, 128), 30.0), seed_columns=[0, 100], scale=5)
    np.testing.assert_array_equal(marked[8:-8], plain)
    for row in (2, -3):
        np.testing.assert_array_equal(
            np.unique(np.flatnonzero(near(marked[row], COLORS[2])) // 5), [0, 100]
        )


def test_the_band_is_as_wide_as_the_uncertainty():
    curve, uncertainty = np.full((1, 128), 32.0), np.full((1, 128), 6.0)
    plain = draw_overlay(IMAGE * 0, curve, scale=5).astype(int)
    band = draw_overlay(IMAGE * 0, curve, uncertainty=uncertainty, scale=5).astype(int)
    changed = np.flatnonzero((band != plain).any(-1)[:, 300])
    assert (changed.min(), changed.max()) == (26 * 5, 38 * 5 - 1)


def test_the_region_above_the_first_curve_stays_gray():
    picture = draw_overlay(IMAGE, np.full((1, 128), 32.0), scale=1).astype(int)
    assert (np.ptp(picture[:28], axis=-1) == 0).all()
    assert (picture[36:, :, 0] > picture[36:, :, 2]).mean() > 0.95


def test_contrast_is_robust():
    image = np.linspace(0, 1, 64 * 128).reshape(64, 128)
    image[3, 3] = 1e9
    picture = draw_overlay(image, np.full((1, 128), 63.0), scale=1)
    assert picture[:60].max() > 200
    assert picture[:60].min() < 20


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((64, 128), np.uint8),
        np.full((64, 128), np.nan),
        IMAGE.astype(np.uint16),
        np.zeros((64, 128, 3), np.uint8),
        np.zeros((64, 128, 4), np.float32),
        IMAGE > 100,
    ],
)
def test_any_image_can_be_drawn(image):
    picture = draw_overlay(image, np.full((1, 128), 30.0), seed_columns=[0])
    assert picture.dtype == np.uint8
    assert picture.shape == (336, 640, 3)


def test_missing_columns_are_left_out():
    curve = np.full((1, 128), 30.0)
    curve[:, 40:80] = np.nan
    drawn = near(draw_overlay(IMAGE * 0, curve, uncertainty=curve * 0, scale=5), COLORS[0]).any(0)
    assert not drawn[41 * 5 : 79 * 5].any()
    assert drawn[: 39 * 5].all()
    assert drawn[81 * 5 :].all()


def test_the_truth_is_dashed():
    truth = np.full((1, 128), 20.0)
    picture = draw_overlay(IMAGE * 0, np.full((1, 128), 40.0), truth=truth, scale=5)
    white = near(picture, (255, 255, 255), 60)[95:105].any(0)
    assert 0.3 < white.mean() < 0.9


@pytest.mark.parametrize(
    ("shape", "scale"), [((64, 128), 5), ((500, 750), 1), ((3000, 10), 1), ((5000, 40), 1)]
)
def test_small_images_are_enlarged_to_look_at(shape, scale):
    picture = draw_overlay(np.zeros(shape), np.full((1, shape[1]), 3.0))
    assert picture.shape == (shape[0] * scale, shape[1] * scale, 3)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"curves": np.zeros((1, 64))}, r"curves .* shape \(K, 128\)"),
        ({"curves": np.zeros((1, 128)), "truth": np.zeros((1, 5))}, "truth"),
        ({"curves": np.zeros((1, 128)), "uncertainty": np.zeros(128)}, "uncertainty"),
        ({"curves": np.zeros((1, 128)), "scale": 0}, "scale"),
    ],
)
def test_what_does_not_fit_is_refused(options, match):
    with pytest.raises(ValueError, match=match):
        draw_overlay(IMAGE, **options)


def test_a_sheet_holds_every_picture():
    pictures = [np.full((40 + i, 60, 3), 50 * i, np.uint8) for i in range(5)]
    sheet = draw_sheet(pictures, [f"picture {i}" for i in range(5)], columns=2)
    for i in range(1, 5):
        assert near(sheet, (50 * i,) * 3, 0).sum() >= (40 + i) * 60
    assert (sheet[:, :8] == 255).all()


def test_a_sheet_needs_a_caption_each():
    with pytest.raises(ValueError, match="1 pictures, 0 captions"):
        draw_sheet([np.zeros((4, 5, 3), np.uint8)], [])
