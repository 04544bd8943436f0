import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_layeredcnn.core.anchoring import COLUMNS, FAR, SHARE, anchoring_shift, moved
from napari_layeredcnn.core.runs import Runs

SLOPE = 0.2
HEIGHT, WIDTH = 64, 40


class Stepping:
    """Continues every curve along a slope, but from a step beside what was given."""

    def __init__(self, steps):
        self.steps = np.asarray(steps, np.float32)

    def decode(self, images, curves, *, by_appearance):
        first = int(np.isnan(curves).any((0, 1)).argmax())
        for x in range(first, curves.shape[-1]):
            column = curves[..., first - 1] + self.steps + SLOPE * (x - first + 1)
            yield x, column.astype(np.float32), np.full_like(column, 0.5, np.float32)


def run(steps, given_columns, anchored=True, width=WIDTH, **ways):
    seed = np.full((len(steps), width), np.nan, np.float32)
    seed[:, given_columns] = np.linspace(20, 40, len(steps))[:, None]
    runs = Runs(Stepping(steps), np.zeros((HEIGHT, width), np.float32), seed, anchored=anchored)
    seen = [
        (start, stop, runs.curves[:, start:stop].copy(), done, total)
        for start, stop, done, total in runs.run(**({"forward": True, "backward": False} | ways))
    ]
    return runs, seen


@given(
    st.lists(st.floats(0, 60, width=32), min_size=1, max_size=4),
    st.floats(-1, 1, width=32),
    st.floats(-FAR / 4, FAR / 4, width=32),
)
def test_a_step_is_taken_back_by_half_whatever_the_slope(label, slope, step):
    label = np.float32(label)
    run = label[:, None] + np.float32(step + slope * np.arange(1, COLUMNS + 1))
    shift = anchoring_shift(label, run)
    np.testing.assert_allclose(shift, -SHARE * step * np.exp(-((step / FAR) ** 2)), atol=1e-3)


def test_a_curve_that_has_left_is_left_alone():
    label = np.float32([30])
    far = anchoring_shift(label, np.full((1, COLUMNS), 30 + 4 * FAR, np.float32))
    assert abs(far[0]) < 1e-3


@given(st.lists(st.floats(-9, 9, width=32), min_size=3, max_size=3))
def test_moved_curves_stay_in_order_and_in_the_image(shift):
    curves = np.sort(np.random.default_rng(0).uniform(0, 20, (3, 8)), axis=0).astype(np.float32)
    found = moved(curves, np.float32(shift), 20)
    assert (np.diff(found, axis=0) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= 20


def test_a_run_keeps_to_what_was_given_by_half():
    steps = [0.8, -1.0]
    anchored, _ = run(steps, [0, 1])
    plain, _ = run(steps, [0, 1], anchored=False)
    by = (plain.curves - anchored.curves)[:, 2:]
    expected = SHARE * np.float32(steps) * np.exp(-((np.float32(steps) / FAR) ** 2))
    np.testing.assert_allclose(by, np.repeat(expected[:, None], WIDTH - 2, 1), atol=1e-4)
    np.testing.assert_array_equal(anchored.curves[:, :2], plain.curves[:, :2])
    np.testing.assert_array_equal(anchored.uncertainty, plain.uncertainty)


@pytest.mark.parametrize("columns", [[0], [WIDTH - 1], [10, 11], [3, 30]])
def test_what_was_yielded_is_what_stays(columns):
    runs, seen = run([0.8, -1.0], columns, backward=True)
    latest = np.full_like(runs.curves, np.nan)
    latest[:, columns] = runs.curves[:, columns]
    for start, stop, curves, _, _ in seen:
        latest[:, start:stop] = curves
    np.testing.assert_array_equal(latest, runs.curves)
    assert not np.isnan(runs.curves).any()
    assert [done for *_, done, _ in seen] == sorted(done for *_, done, _ in seen)
    assert {total for *_, total in seen} == {seen[-1][3]}


def test_mirrored_runs_give_mirrored_curves():
    right, _ = run([0.8, -1.0], [0])
    left, _ = run([0.8, -1.0], [WIDTH - 1], forward=False, backward=True)
    np.testing.assert_array_equal(left.curves, right.curves[:, ::-1])
    np.testing.assert_array_equal(left.uncertainty, right.uncertainty[:, ::-1])


def test_too_few_columns_tell_nothing():
    width = COLUMNS  # one is given
    anchored, seen = run([0.8], [0], width=width)
    plain, _ = run([0.8], [0], anchored=False, width=width)
    np.testing.assert_array_equal(anchored.curves, plain.curves)
    assert [(start, stop) for start, stop, *_ in seen] == [(x, x + 1) for x in range(1, width)]
