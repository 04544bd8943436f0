from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.training.alternatives import flat_line, shortest_path


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
    found = shortest_path(images, seed_of(batch, np.arange(n)))
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


def test_the_path_is_the_cheapest_of_all():
    """Compare with a search through every path of a small image."""
    from itertools import product

    from napari_layeredcnn.training import alternatives

    rng = np.random.default_rng(2)
    for _ in range(20):
        cost = rng.uniform(size=(1, 5, 6))
        start = int(rng.integers(5))
        (path,) = alternatives._cheapest_rows(cost, np.array([[start]]))[0]
        best = np.inf
        for steps in product((-1, 0, 1), repeat=5):
            rows = start + np.cumsum(steps)
            if rows.min() >= 0 and rows.max() < 5:
                price = cost[0, rows, np.arange(1, 6)].sum() + 0.1 * np.abs(steps).sum()
                best = min(best, price)
        rows = path.astype(int)
        found = cost[0, rows[1:], np.arange(1, 6)].sum() + 0.1 * np.abs(np.diff(rows)).sum()
        assert rows[0] == start
        assert found == pytest.approx(best)


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
