from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_layeredcnn.training.alternatives_search import cheapest_paths, last_given


@pytest.mark.parametrize("most", [1, 2])
def test_no_path_is_cheaper(most):
    rng = np.random.default_rng(most)
    costs = rng.uniform(size=(12, 5, 6))
    columns, rows = rng.integers(0, 3, 12), rng.integers(0, 5, 12)
    steps = rng.uniform(0, 0.4, (12, 6, 2 * most + 1))
    found = cheapest_paths(costs, columns, rows, steps)
    for n in range(12):
        first = columns[n]

        def price(path, n=n, first=first):
            moves = np.diff(path)
            here = np.arange(first + 1, 6)
            return costs[n, path[1:], here].sum() + steps[n, here, moves + most].sum()

        best = min(
            price(path)
            for moves in product(range(-most, most + 1), repeat=5 - first)
            if (path := rows[n] + np.cumsum([0, *moves])).min() >= 0 and path.max() < 5
        )
        assert (found[n, : first + 1] == rows[n]).all()
        assert price(found[n, first:]) == pytest.approx(best)


def test_the_last_given_column_is_that_of_each():
    seeds = np.full((3, 2, 6), np.nan)
    for seed, n in zip(seeds, (1, 4, 6), strict=True):
        seed[:, :n] = 3
    np.testing.assert_array_equal(last_given(seeds), [0, 3, 5])


@pytest.mark.parametrize("columns", [[], [1], [0, 2]])
def test_given_columns_must_be_the_first_ones(columns):
    seeds = np.full((1, 1, 6), np.nan)
    seeds[..., columns] = 3
    with pytest.raises(ValueError, match="first columns"):
        last_given(seeds)


def test_a_column_with_some_curves_only_is_said():
    seeds = np.full((1, 2, 6), np.nan)
    seeds[..., 0] = 3
    seeds[0, 0, 1] = 3
    with pytest.raises(ValueError, match="first columns"):
        last_given(seeds)
