"""What stays and what is done again when a person repaints some columns."""

from __future__ import annotations

import numpy as np
import pytest
from hands import button, click, dock, press, segment, stroke
from qtpy.QtCore import Qt

from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.plugin.continuation import ContinueError, continue_from
from napari_layeredcnn.plugin.kept import Kept, best_fit
from napari_layeredcnn.sample import LABELLED_SLICE, sample_stack

HEIGHT, WIDTH = 12, 20
IDS = (5, 2, 9)
RESULT = "partial labels completed"


def a_run(given=(4, 5), *, finished=True, known=slice(None), transposed=False) -> Kept:
    """A run with sub-pixel curves, different in every column."""
    curves = np.full((2, WIDTH), np.nan, np.float32)
    curves[:, known] = np.stack([3.25 + 0.01 * np.arange(WIDTH), np.full(WIDTH, 8.75)])[:, known]
    mask = np.zeros(WIDTH, bool)
    mask[list(given)] = True
    return Kept(curves, curves * 0 + 0.5, IDS, HEIGHT, mask, transposed, finished)


def partial_of(run: Kept) -> Seed:
    return Seed(np.where(run.given, run.curves, np.nan), run.region_ids, run.height)


def shown_of(run: Kept) -> np.ndarray:
    return regions_from_curves(run.curves, run.height, run.region_ids)


def repaint(shown: np.ndarray, *columns: int) -> np.ndarray:
    """Move the upper boundary to 6."""
    shown = shown.copy()
    for x in columns:
        shown[:6, x], shown[6:9, x] = 5, 2
    return shown


def seed_columns(direction, *columns, given=(4, 5), **how) -> list[int]:
    run = a_run(given, **how)
    found = continue_from([run], partial_of(run), repaint(shown_of(run), *columns), direction)
    kept = np.setdiff1d(found.seed.columns, columns)
    np.testing.assert_array_equal(found.seed.curves[:, kept], run.curves[:, kept])
    return found.seed.columns.tolist()


def columns(*stretches: tuple[int, int]) -> list[int]:
    return [x for start, stop in stretches for x in range(start, stop)]


@pytest.mark.parametrize(
    ("direction", "given", "repainted", "stays"),
    [
        ("right", (0, 1), (12, 13), [(0, 14)]),
        ("down", (0, 1), (12, 13), [(0, 14)]),
        ("left", (18, 19), (12, 13), [(12, 20)]),
        ("up", (18, 19), (12, 13), [(12, 20)]),
        ("horizontal", (4, 5), (12, 13), [(0, 14)]),
        ("horizontal", (15, 16), (12, 13), [(12, 20)]),
        # Between two labelled places both runs go on to the repainted columns and meet.
        ("horizontal", (4, 16), (12,), [(0, 5), (12, 13), (16, 20)]),
        ("right", (4, 16), (12,), [(0, 13), (16, 20)]),
        ("left", (4, 16), (12,), [(0, 5), (12, 20)]),
        # What is further on and depends on no repainted column stays.
        ("horizontal", (4, 16), (18,), [(0, 19)]),
        # Two places: from the first one to the second, and on from there.
        ("right", (0,), (8, 12), [(0, 9), (12, 13)]),
        # Only the repainted columns are left of what was given.
        ("horizontal", (4,), (4,), [(4, 5)]),
    ],
)
def test_what_was_passed_stays(direction, given, repainted, stays):
    transposed = direction in ("up", "down")
    assert seed_columns(direction, *repainted, given=given, transposed=transposed) == columns(
        *stays
    )


def test_a_repainted_boundary_is_where_it_was_painted_and_the_others_where_they_were():
    run = a_run()
    found = continue_from([run], partial_of(run), repaint(shown_of(run), 12), "right")
    np.testing.assert_array_equal(found.seed.curves[:, 12], [6, 8.75])
    assert found.n_repainted == 1
    np.testing.assert_array_equal(np.flatnonzero(found.given), [4, 5, 12])


def test_a_stroke_in_the_partial_labels_counts_as_repainted():
    run = a_run()
    curves = np.where(run.given, run.curves, np.nan)
    curves[:, 12] = [2, 5]
    found = continue_from([run], Seed(curves, IDS, HEIGHT), shown_of(run), "right")
    assert found.seed.columns.tolist() == columns((0, 13))
    np.testing.assert_array_equal(found.seed.curves[:, 12], [2, 5])


def test_columns_out_of_order_are_left_out():
    run = a_run()
    shown = repaint(shown_of(run), 12)
    shown[0, 13] = 9
    shown[5, 14] = 0
    found = continue_from([run], partial_of(run), shown, "right")
    assert found.seed.columns.tolist() == columns((0, 13))
    assert found.n_unreadable == 2


def test_a_canceled_run_goes_on_where_it_was():
    run = a_run(finished=False, known=slice(0, 11))
    found = continue_from([run], partial_of(run), shown_of(run), "horizontal")
    assert found.seed.columns.tolist() == columns((0, 11))
    assert found.n_repainted == 0


def test_a_canceled_run_between_two_places_begins_there_anew():
    """The run from the right has not met the one from the left yet."""
    run = a_run((4, 12), finished=False, known=slice(0, 13))
    found = continue_from([run], partial_of(run), shown_of(run), "horizontal")
    assert found.seed.columns.tolist() == [*columns((0, 5)), 12]


def test_after_undo_the_earlier_run_is_continued():
    first = a_run()
    second = Kept(first.curves + 2, *(getattr(first, n) for n in list(first.__annotations__)[1:]))
    shown = repaint(shown_of(first), 12)
    found = continue_from([first, second], partial_of(first), shown, "right")
    assert found.kept is first
    np.testing.assert_array_equal(found.seed.curves[:, 8], first.curves[:, 8])


@pytest.mark.parametrize(
    ("runs", "ids", "direction", "message"),
    [
        ([], IDS, "right", "press Segment Layers first"),
        ([a_run()], IDS, "right", "nothing was repainted"),
        ([a_run()], (5, 2, 7), "right", "show the regions 5, 2, 7, but the result 5, 2, 9"),
        ([a_run()], IDS, "down", "along the other axis"),
    ],
)
def test_nothing_to_continue(runs, ids, direction, message):
    partial = Seed(partial_of(a_run()).curves, ids, HEIGHT)
    with pytest.raises(ContinueError, match=message):
        continue_from(runs, partial, shown_of(a_run()), direction)


def test_nothing_readable_was_repainted():
    run = a_run()
    shown = shown_of(run)
    shown[0, 13] = 9
    with pytest.raises(ContinueError, match="do not stand in their order 5, 2, 9"):
        continue_from([run], partial_of(run), shown, "right")


# ------------------------------------------------------------------------ in the viewer


@pytest.fixture
def sample(viewer):
    """The first labels of the sample's slice only, and the run goes to the right."""
    stack, _, labels = sample_stack()
    labels = labels[LABELLED_SLICE].copy()
    labels[:, 128:] = 0
    viewer.add_image(stack[LABELLED_SLICE])
    viewer.add_labels(labels, name="partial labels")
    return viewer


@pytest.mark.usefixtures("no_thread_left")
class TestInTheViewer:
    def paint_column(self, qtbot, viewer, x: int) -> None:
        """Push the first boundary down by 6 rows in a few columns, with the brush."""
        result = viewer.layers[RESULT]
        viewer.layers.selection = {result}
        column = result.data[:, x]
        bottom = int(np.flatnonzero(column == column[0])[-1])
        result.mode, result.selected_label, result.brush_size = "paint", int(column[0]), 5
        stroke(qtbot, viewer, (max(bottom - 8, 2), x), (bottom + 4, x))

    def test_the_real_network_goes_on_from_a_painted_correction(self, sample, qtbot):
        widget = dock(sample)
        widget._direction.value = "right"
        assert segment(qtbot, widget).startswith("Completed")
        result = sample.layers[RESULT]
        first = result.data.copy()
        self.paint_column(qtbot, sample, 140)
        corrected = result.data.copy()
        changed = np.flatnonzero((corrected != first).any(axis=0))
        assert 1 <= len(changed) <= 7
        assert segment(qtbot, widget, "Continue from here").startswith("Continued from ")
        done = result.data.copy()
        assert set(np.unique(done[:, changed[-1] :])) == set(np.unique(first[:, 140]))
        np.testing.assert_array_equal(done[:, : changed[0]], first[:, : changed[0]])
        np.testing.assert_array_equal(done[:, 140], corrected[:, 140])
        assert (done[:, changed[-1] + 1 :] != first[:, changed[-1] + 1 :]).any()
        for state in (corrected, first):  # the whole step, then the stroke
            press(qtbot, sample, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            np.testing.assert_array_equal(result.data, state)

    def test_cancel_then_continue(self, sample, qtbot, fake):
        widget = dock(sample)
        fake.hold_at = 100
        fake.gate.clear()
        click(qtbot, widget, "Segment Layers")
        qtbot.waitUntil(lambda: widget._bar.value() == 100, timeout=10_000)
        assert not button(widget, "Continue from here").isEnabled()
        click(qtbot, widget, "Cancel")
        fake.gate.set()
        qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
        known = np.flatnonzero(sample.layers[RESULT].data.all(axis=0))
        message = segment(qtbot, widget, "Continue from here")
        assert message.startswith("Went on with the columns that were missing.")
        np.testing.assert_array_equal(fake.calls[1]["seed"].columns, known)
        assert sample.layers[RESULT].data.all()

    def test_without_a_result(self, sample, qtbot, fake):
        widget = dock(sample)
        message = segment(qtbot, widget, "Continue from here")
        assert message == "There is nothing to continue yet: press Segment Layers first."
        assert len(sample.layers) == 2
        assert not fake.calls

    def test_without_a_correction(self, sample, qtbot, fake):
        widget = dock(sample)
        segment(qtbot, widget)
        before = sample.layers[RESULT].data.copy()
        assert segment(qtbot, widget, "Continue from here").startswith("Nothing was repainted")
        np.testing.assert_array_equal(sample.layers[RESULT].data, before)


class TestBestFit:
    """Which run a slice shows."""

    def runs(self, *widths_and_heights):
        """Flat curves in the first columns; a run that fills all 8 columns is finished."""
        found = []
        for width, row in widths_and_heights:
            curves = np.full((1, 8), np.nan, np.float32)
            curves[:, :width] = row
            nothing = np.zeros(8, bool)
            found.append(Kept(curves, np.zeros_like(curves), (1, 2), 6, nothing, False, width == 8))
        return found

    def test_a_repainted_run_that_went_on_after_cancel(self):
        canceled, finished = self.runs((3, 2), (8, 2))
        pixels = finished.labels()
        pixels[:4, 5:7] = 1
        assert best_fit([canceled, finished], pixels) is finished
        assert best_fit([canceled, finished], canceled.labels()) is canceled

    def test_a_run_that_was_canceled_over_an_old_result(self):
        old, canceled = self.runs((8, 2), (3, 4))
        pixels = np.where(canceled.labels() != 0, canceled.labels(), old.labels())
        assert best_fit([old, canceled], pixels) is canceled
        assert best_fit([old, canceled], old.labels()) is old

    def test_of_equals_the_last(self):
        one, other = self.runs((8, 2), (8, 2))
        assert best_fit([one, other], one.labels()) is other

    def test_a_result_along_the_other_axis_after_undo(self):
        (one,) = self.runs((8, 2))
        curves, nothing = np.full((1, 6), 3, np.float32), np.zeros(6, bool)
        down = Kept(curves, 0 * curves, (1, 2), 8, nothing, transposed=True, finished=True)
        assert best_fit([one, down], one.labels()) is one
        seed = Seed(down.curves, (1, 2), 8)
        with pytest.raises(ContinueError, match="runs along the other axis"):
            continue_from([one, down], seed, one.labels().T, "down")
