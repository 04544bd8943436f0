from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_layeredcnn.core.candidates import Candidates
from napari_layeredcnn.core.choosing import Limits, choose
from napari_layeredcnn.training.cases import Case
from napari_layeredcnn.training.evaluate_auto import (
    SEEDED,
    AutoScore,
    Finder,
    auto_json,
    auto_means,
    evaluate_auto,
)

H, W = 30, 20
TRUTH = np.repeat(np.array([[10.0], [20.0]], np.float32), W, axis=1)


def found(heights, costs):
    curves = np.repeat(np.array(heights, np.float32)[:, None], W, axis=1)
    return Candidates(
        curves=curves.reshape(-1, W),
        uncertainty=np.zeros((len(heights), W), np.float32),
        costs=np.array(costs, np.float32),
        members=np.ones(len(heights), int),
        chosen=(),
        height=H,
        transposed=False,
        model_name="",
        grid=None,
    )


def flat(image, seed):
    """Continue the first given column; the seed's columns are noted in `flat.columns`."""
    flat.columns.append(list(seed.columns))
    return np.repeat(seed.curves[:, seed.columns[:1]], seed.width, axis=1)


@pytest.fixture(autouse=True)
def _fresh():
    flat.columns = []


def scores_of(candidates, limits=(0.5, 0.7, 1.0), columns=None):
    case = Case("group", "a", np.zeros((H, W)), TRUTH)

    def find(image, k):
        count, _ = choose(candidates.costs, k, Limits(*limits))
        return replace(candidates, chosen=tuple(range(count)))

    return list(evaluate_auto([case], {"method": Finder(find, columns)}, flat))


def test_number_given_and_unknown():
    seeded, given, unknown = scores_of(found([20, 10, 15], [0.1, 0.6, 0.65]))
    assert (seeded.method, seeded.ari, seeded.n_found) == (SEEDED, 1, 2)
    assert (given.method, given.number_given, given.n_found, given.ari) == ("method", True, 2, 1)
    assert (unknown.number_given, unknown.n_found) == (False, 1)
    # Two of three equal regions taken for one: the index of this by pairs of pixels.
    assert unknown.ari == pytest.approx(0.5706, abs=1e-3)


def test_nothing_found_scores_nothing():
    for candidates in (found([], []), found([10, 20], [0.8, 0.9])):
        _, given, unknown = scores_of(candidates)
        assert (given.n_found, given.ari, unknown.n_found, unknown.ari) == (0, 0, 0, 0)


def test_fewer_candidates_than_curves():
    _, given, unknown = scores_of(found([10], [0.1]))
    assert given.n_found == unknown.n_found == 1
    assert given.ari == unknown.ari


def test_layers_are_looked_for_with_their_number_and_without():
    asked = []

    def find(image, k):
        asked.append(k)
        return found([10, 20], [0.1, 0.2])

    case = Case("group", "a", np.zeros((H, W)), TRUTH)
    list(evaluate_auto([case], {"method": Finder(find)}, flat))
    assert asked == [2, None]


def test_seeds_are_given_where_the_method_says():
    scores_of(found([10, 20], [0.1, 0.2]), columns=[7, 8])
    assert flat.columns == [[0], [7, 8], [7, 8]]


def test_first_column_does_not_count_where_it_is_given():
    truth = TRUTH.copy()
    truth[:, 0] = [1, 2]
    case = Case("group", "a", np.zeros((H, W)), truth)
    wrong = list(evaluate_auto([case], {}, lambda image, seed: TRUTH))
    assert wrong[0].ari == 1


def test_means_and_json():
    scores = [
        AutoScore(group, name, "m", given, 2, n, ari)
        for group, name, given, n, ari in [
            ("b", "1", False, 2, 0.2),
            ("a", "1", False, 2, 1.0),
            ("b", "2", False, 3, 0.6),
            ("b", "1", True, 2, 0.8),
        ]
    ]
    first, second, third = auto_means(scores)
    assert (first.group, first.n, first.n_found, first.right_number) == ("b", 2, 2.5, 0.5)
    assert first.ari == pytest.approx(0.4)
    assert (second.group, second.n) == ("a", 1)
    assert (third.group, third.number_given) == ("b", True)
    document = json.loads(json.dumps(auto_json(scores, model="x")))
    assert document["settings"] == {"model": "x"}
    assert [len(document[key]) for key in ("means", "images")] == [3, 4]
