from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_layeredcnn.training.alternatives import PathSettings, flat_line, shortest_path

SOFT = PathSettings(smoothing=2.0, step=0.1)


def image_of(curves, height=40, rng=None):
    """Draw regions of 0, 100, 200... and a little noise."""
    rows = np.arange(height)[:, None] + 0.5
    image = 100.0 * (curves[:, None] <= rows).sum(0)
    return image if rng is None else image + rng.normal(0, 5, image.shape)


def seed_of(curves, columns):
    seed = np.full_like(curves, np.nan)
    seed[..., columns] = curves[..., columns]
    return seed


def test_the_flat_line_goes_on_from_the_nearest_given_column():
    curves = np.arange(10, dtype=np.float32)[None, None]
    found = flat_line(np.zeros((1, 20, 10)), seed_of(curves, [2, 3, 7]))
    np.testing.assert_array_equal(found[0, 0], [2, 2, 2, 3, 3, 3, 7, 7, 7, 7])


def test_the_flat_line_needs_a_start():
    with pytest.raises(ValueError, match="no given column"):
        flat_line(np.zeros((1, 20, 10)), np.full((1, 1, 10), np.nan, np.float32))


@pytest.mark.parametrize("n", [1, 4])
def test_the_shortest_path_follows_clear_edges(n):
    x = np.arange(100)
    curves = np.stack([10 + 3 * np.sin(x / 12), 27 + 4 * np.cos(x / 15)]).astype(np.float32)
    batch = np.stack([curves, curves[:, ::-1] + 1])
    rng = np.random.default_rng(0)
    images = np.stack([image_of(c, rng=rng) for c in batch])
    found = shortest_path(images, seed_of(batch, np.arange(n)), SOFT)
    assert np.abs(found - batch).max() < 1.6
    np.testing.assert_array_equal(found[..., :n], batch[..., :n])


def test_each_image_of_a_batch_is_on_its_own():
    rng = np.random.default_rng(1)
    images = rng.normal(size=(3, 30, 25))
    seeds = np.full((3, 2, 25), np.nan, np.float32)
    seeds[..., 0] = [8, 20]
    together = shortest_path(images, seeds)
    for i in range(3):
        np.testing.assert_array_equal(
            shortest_path(images[i : i + 1], seeds[i : i + 1])[0], together[i]
        )


def test_an_edge_of_the_other_sign_is_not_followed():
    """A bright band: its upper edge goes on, and its lower one, both of another sign, is nearer."""
    image = np.zeros((1, 30, 40))
    image[0, 10:14, :20] = 1  # steps up at row 10
    image[0, 6:10, 20:] = 1  # steps down at row 10, up at row 6
    seed = np.full((1, 1, 40), np.nan, np.float32)
    seed[..., 0] = 10
    settings = replace(SOFT, smoothing=1)
    signed = shortest_path(image, seed, settings)[0, 0]
    either = shortest_path(image, seed, replace(settings, signed=False))[0, 0]
    assert signed[-1] == 6
    assert either[-1] == 10


def test_images_may_be_given_to_different_columns():
    x = np.arange(60)
    curves = np.stack([15 + 4 * np.sin(x / 9), 20 + 3 * np.cos(x / 11)])[:, None]
    curves = curves.astype(np.float32)
    images = np.stack([image_of(c) for c in curves])
    seeds = seed_of(curves, [0])
    seeds[1, :, :30] = curves[1, :, :30]
    found = shortest_path(images, seeds, SOFT)
    assert np.abs(found - curves).max() < 1.6
    np.testing.assert_array_equal(found[1, :, :30], curves[1, :, :30])


def test_paths_are_in_order_and_inside():
    rng = np.random.default_rng(3)
    images = rng.normal(size=(2, 16, 40))
    seeds = np.full((2, 3, 40), np.nan, np.float32)
    seeds[..., 0] = [0, 7, 16]
    found = shortest_path(images, seeds)
    assert (np.diff(found, axis=1) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= 16


def test_a_constant_image_gives_the_flat_line():
    seeds = np.full((1, 2, 20), np.nan, np.float32)
    seeds[..., 0] = [3, 9]
    found = shortest_path(np.full((1, 16, 20), 7, np.uint8), seeds)
    np.testing.assert_array_equal(found, flat_line(np.zeros((1, 16, 20)), seeds))


@pytest.mark.parametrize("columns", [[], [1], [0, 2]])
def test_the_shortest_path_needs_the_first_columns(columns):
    seeds = seed_of(np.ones((1, 1, 10), np.float32), columns)
    with pytest.raises(ValueError, match="first columns"):
        shortest_path(np.zeros((1, 8, 10)), seeds)
