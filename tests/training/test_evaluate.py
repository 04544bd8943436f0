from __future__ import annotations

import json
import os
from math import comb
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_layeredcnn.training.alternatives import flat_line
from napari_layeredcnn.training.cases import Case, read_cases
from napari_layeredcnn.training.evaluate import adjusted_rand_index, evaluate, means, to_json

H, W = 20, 12


def cases_of(*curves, group="group"):
    return [
        Case(group, f"image {i}", np.zeros((H, W), np.uint8), np.asarray(c, np.float32))
        for i, c in enumerate(curves)
    ]


def slow_index(a, b):
    """Count every pair of pixels, as Hubert and Arabie define it."""
    a, b = a.ravel().tolist(), b.ravel().tolist()
    pairs = [(i, j) for i in range(len(a)) for j in range(i)]
    same_a = [a[i] == a[j] for i, j in pairs]
    same_b = [b[i] == b[j] for i, j in pairs]
    both = sum(x and y for x, y in zip(same_a, same_b, strict=True))
    chance = sum(same_a) * sum(same_b) / comb(len(a), 2)
    most = (sum(same_a) + sum(same_b)) / 2
    return 1.0 if most == chance else (both - chance) / (most - chance)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_index_counts_pairs(data):
    shape = (data.draw(st.integers(2, 5)), data.draw(st.integers(1, 4)))
    a, b = (data.draw(arrays(int, shape, elements=st.integers(0, 3))) for _ in range(2))
    assert adjusted_rand_index(a, b) == pytest.approx(slow_index(a, b), abs=1e-12)


def test_the_index_does_not_care_for_names_but_for_shapes():
    a = np.array([0, 0, 1, 2, 2])
    assert adjusted_rand_index(a, np.array([5, 0, 9])[a]) == 1.0
    with pytest.raises(ValueError, match="cannot be compared"):
        adjusted_rand_index(a, a[1:])


def test_known_errors():
    truth = np.full((2, W), [[5.0], [12.0]])

    def off(images, seeds):
        curves = np.repeat(seeds[..., :1], W, -1)
        curves[:, 1, 1:] += np.where(np.arange(1, W) % 2, 1.5, 0.5)
        return curves

    (score,) = evaluate(cases_of(truth), {"off": off})
    assert score.l1 == pytest.approx((6 * 1.5 + 5 * 0.5) / 11 / 2)
    assert score.within_1px == pytest.approx((11 + 5) / 22)
    assert score.within_2px == 1.0
    assert 0.8 < score.ari < 1
    np.testing.assert_array_equal(score.curves[0], truth[0])


def test_given_columns_are_left_out_unless_asked():
    ramp = np.arange(W, dtype=float)[None]
    for n in (1, 4):
        (left_out,) = evaluate(cases_of(ramp), {"flat": flat_line}, labelled_columns=[n])
        (counted,) = evaluate(
            cases_of(ramp), {"flat": flat_line}, labelled_columns=[n], include_given=True
        )
        assert left_out.l1 == pytest.approx((W - n + 1) / 2)
        assert counted.l1 == pytest.approx(left_out.l1 * (W - n) / W)


def test_methods_see_only_the_given_columns():
    truths = np.random.default_rng(0).uniform(0, H, (5, 1, W))
    seen = []

    def spy(images, seeds):
        seen.append((images.shape, seeds.shape))
        n = int(np.isfinite(seeds[0, 0]).sum())
        assert np.isfinite(seeds[..., :n]).all()
        assert np.isnan(seeds[..., n:]).all()
        seeds[...] = 0  # must not reach the next method
        return seeds

    scores = list(
        evaluate(cases_of(*truths), {"a": spy, "b": spy}, labelled_columns=[1, 4], batch=2)
    )
    assert seen == [((b, H, W), (b, 1, W)) for b in (2, 2, 1) for _ in range(4)]
    assert len(scores) == 5 * 4
    assert {(s.name, s.method, s.labelled_columns) for s in scores} == {
        (f"image {i}", m, n) for i in range(5) for m in "ab" for n in (1, 4)
    }


def test_means_are_by_group_method_and_given_columns():
    low, high = np.full((1, W), 5.0), np.full((1, W), 9.0)
    cases = cases_of(low, high, group="a") + cases_of(low, group="b")
    methods = {
        "right": flat_line,
        "five": lambda images, seeds: np.where(np.isnan(seeds), 5, seeds),
    }
    found = {(m.group, m.method): (m.n, m.l1) for m in means(evaluate(cases, methods))}
    assert found == {
        ("a", "right"): (2, 0.0),
        ("a", "five"): (2, 2.0),
        ("b", "right"): (1, 0.0),
        ("b", "five"): (1, 0.0),
    }


def test_json_holds_every_image():
    scores = list(evaluate(cases_of(np.full((1, W), 5.0)), {"flat": flat_line}))
    result = json.loads(json.dumps(to_json(scores, model="none")))
    assert result["settings"] == {"model": "none"}
    assert result["means"][0]["n"] == 1
    assert result["images"] == [
        {
            "group": "group",
            "name": "image 0",
            "labelled_columns": 1,
            "method": "flat",
            "l1": 0.0,
            "ari": 1.0,
            "within_1px": 1.0,
            "within_2px": 1.0,
        }
    ]


@pytest.mark.parametrize("n", [0, W])
def test_some_columns_must_be_given_and_some_not(n):
    with pytest.raises(ValueError, match="ask for 1 to 11"):
        list(evaluate(cases_of(np.full((1, W), 5.0)), {"flat": flat_line}, labelled_columns=[n]))


@pytest.mark.parametrize(
    "predict", [lambda images, seeds: seeds, lambda images, seeds: seeds[..., 1:] * 0]
)
def test_a_method_that_fails_is_not_scored(predict):
    with pytest.raises(ValueError, match="returned no finite curves"):
        list(evaluate(cases_of(np.full((1, W), 5.0)), {"bad": predict}))


class TestReading:
    def test_many_images_in_a_file(self, tmp_path):
        folder = tmp_path / "made"
        folder.mkdir()
        for k in (1, 2):
            np.savez(
                folder / f"curves_{k}.npz",
                images=np.zeros((3, H, W), np.uint8),
                curves=np.full((3, k, W), 4.0),
            )
        cases = read_cases(folder)
        assert [c.group for c in cases] == ["made K = 1"] * 3 + ["made K = 2"] * 3
        assert [c.name for c in cases[:3]] == ["curves_1[0]", "curves_1[1]", "curves_1[2]"]
        assert cases[3].curves.shape == (2, W)
        assert cases[3].curves.dtype == np.float32

    def test_one_image_in_a_file(self, tmp_path):
        for name in ("skin__a", "skin__b", "leaf__a"):
            np.savez(tmp_path / f"{name}.npz", image=np.zeros((H, W)), curves=np.ones((1, W)))
        assert [(c.group, c.name) for c in read_cases(tmp_path)] == [
            ("leaf", "a"),
            ("skin", "a"),
            ("skin", "b"),
        ]

    @pytest.mark.parametrize(
        "arrays",
        [
            {},
            {"image": np.zeros((H, W))},
            {"image": np.zeros((H, W)), "curves": np.zeros((1, W + 1))},
            {"images": np.zeros((2, H, W)), "curves": np.zeros((3, 1, W))},
            {"images": np.zeros((H, W)), "curves": np.zeros((1, W))},
        ],
    )
    def test_other_contents_are_refused(self, tmp_path, arrays):
        np.savez(tmp_path / "a.npz", **arrays)
        with pytest.raises(ValueError, match="does not hold images"):
            read_cases(tmp_path)

    def test_columns_without_curves_are_refused(self, tmp_path):
        np.savez(tmp_path / "a.npz", image=np.zeros((H, W)), curves=np.full((1, W), np.nan))
        with pytest.raises(ValueError, match="trim them"):
            read_cases(tmp_path / "a.npz")

    def test_damaged_missing_and_empty(self, tmp_path):
        with pytest.raises(ValueError, match=r"holds no \.npz"):
            read_cases(tmp_path)
        with pytest.raises(ValueError, match="does not exist"):
            read_cases(tmp_path / "none")
        (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 and no more")
        with pytest.raises(ValueError, match=r"not an \.npz file"):
            read_cases(tmp_path)


DATA = os.environ.get("LAYEREDCNN_DATA")


@pytest.mark.skipif(not DATA, reason="LAYEREDCNN_DATA names no folder of evaluation data")
def test_the_flat_line_has_the_figures_that_came_with_the_data():
    expected = {
        "synthetic_test K = 1": (11.19, 0.449),
        "synthetic_test K = 2": (5.80, 0.648),
        "synthetic_test K = 5": (2.41, 0.782),
        "retina_oct": (14.4, 0.538),
        "leaf_microct": (2.4, 0.760),
        "muscle_ultrasound": (1.8, 0.802),
    }
    cases = [
        c for name in ("synthetic_test", "real_protocol") for c in read_cases(Path(DATA, name))
    ]
    # Those figures count the given column, whose error is zero.
    scores = evaluate(cases, {"flat": flat_line}, include_given=True)
    found = {m.group: (m.l1, m.ari) for m in means(scores)}
    for group, (l1, ari) in expected.items():
        assert found[group][0] == pytest.approx(l1, abs=0.05)
        assert found[group][1] == pytest.approx(ari, abs=0.0006)
