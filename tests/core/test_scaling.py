from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.core.scaling import ImageError, scale_intensities, to_grayscale


@pytest.mark.parametrize(
    "dtype", ["uint8", "int16", "uint16", "int64", "float16", "float64", "bool"]
)
def test_any_dtype_fills_the_range(dtype):
    image = np.arange(200).reshape(10, 20).astype(dtype)
    scaled = scale_intensities(to_grayscale(image)[0])
    assert scaled.dtype == np.float32
    assert (scaled.min(), scaled.max()) == (-1, 1)


def test_scaling_is_the_same_for_brighter_and_stronger_images():
    image = np.random.default_rng(0).normal(size=(30, 40))
    np.testing.assert_allclose(
        scale_intensities(1000 + 7 * image), scale_intensities(image), atol=1e-5
    )


def test_a_few_hot_pixels_do_not_flatten_the_rest():
    image = np.random.default_rng(0).uniform(0, 1, (100, 100))
    image[0, :3] = 1e6
    assert scale_intensities(image)[1:].std() > 0.5


def test_luminance():
    gray, had_colors = to_grayscale(np.array([[[255, 0, 0], [0, 255, 0]]], dtype=np.uint8))
    assert had_colors
    np.testing.assert_allclose(gray, [[255 * 0.2125, 255 * 0.7154]], rtol=1e-6)
    with_alpha = np.dstack([np.tile(np.arange(3.0)[:, None, None], (1, 4, 3)), np.zeros((3, 4))])
    np.testing.assert_allclose(to_grayscale(with_alpha)[0], [[0] * 4, [1] * 4, [2] * 4], rtol=1e-4)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((0, 5)), "empty"),
        (np.full((4, 5), 7), "constant, all pixels are 7"),
        (np.array([[0.0, np.nan], [1.0, np.inf]]), "2 NaN or infinite pixels, the first at row 0"),
        (np.zeros((2, 3, 5)), r"\(2, 3, 5\)"),
        (np.zeros(5), r"\(5,\)"),
        (np.array([["a", "b"]]), "dtype"),
        (np.array([[1j, 2j]]), "complex"),
    ],
)
def test_images_that_cannot_be_used(image, words):
    with pytest.raises(ImageError, match=words):
        to_grayscale(image)
