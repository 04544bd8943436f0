"""What a stack run does and leaves alone, without a window."""

from __future__ import annotations

from threading import Event

import dask.array
import numpy as np
import pytest
from napari.components import ViewerModel
from stacks import STACK, FakeStack, H, S, W, painted

from napari_layeredcnn import slices_between
from napari_layeredcnn.plugin import results, stack_request
from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.layer_checks import Chosen
from napari_layeredcnn.plugin.planes import RequestError
from napari_layeredcnn.plugin.request import make_request
from napari_layeredcnn.plugin.run import Run
from napari_layeredcnn.plugin.stack_memory import sources
from napari_layeredcnn.plugin.stack_worker import complete_stack_request

RESULT = "p completed"
WHOLE = Choices(slices="stack")


class Desk:
    """A viewer without a window, and the stand-in for the library."""

    def __init__(self, fake: FakeStack) -> None:
        self.fake = fake
        self.viewer = ViewerModel()
        self.results = results.ResultLayers(self.viewer)
        self.locked = self.center = None

    def open(self, image, labels, **place):
        self.image = self.viewer.add_image(image, **place)
        self.labels = self.viewer.add_labels(labels, name="p")

    def request(self, choices=WHOLE):
        chosen = Chosen(self.image, self.labels, self.center, self.locked)
        return chosen, make_request(self.viewer, chosen, choices, self.results)

    def run(self, choices=WHOLE, *, keep: bool = True):
        """Run to the end; return what was said, and the result layer."""
        chosen, request = self.request(choices)
        run = Run(self.viewer, self.results, chosen, request, live=True)
        steps = complete_stack_request(request, 1, Event())
        while True:
            try:
                run.take(next(steps))
            except StopIteration as end:
                outcome = end.value
                break
        if keep:
            run.finish(outcome)
        else:
            run.write()
            run.restore()
        return outcome, run.layer

    @property
    def asked(self) -> list[int]:
        """Slices that the library was asked for last."""
        return self.fake.calls[-1]["slices"]


@pytest.fixture
def desk(monkeypatch):
    from napari_layeredcnn.core import stack

    fake = FakeStack()
    fake.gate.set()
    monkeypatch.setattr(stack, "iter_complete_stack", fake)
    return Desk(fake)


@pytest.fixture
def opened(desk):
    desk.open(STACK, painted(2))
    return desk


class TestMending:
    def test_removed_labels_count_too(self, opened):
        opened.run()
        opened.labels.data[4] = painted(4)[4]
        opened.run()
        opened.labels.data[4] = 0
        outcome, _ = opened.run()
        assert "in 3 slices (3 to 5) from 1 labelled slice" in outcome.message
        assert opened.asked == [3, 4, 5]

    def test_slices_that_a_person_has_changed_stay(self, opened):
        _, result = opened.run()
        result.data[5, 3, 7] = 3
        changed = result.data[5].copy()
        opened.labels.data[4] = painted(4)[4]
        outcome, _ = opened.run()
        assert opened.asked == [3, 4]
        assert "1 slice that you have changed or locked stay" in outcome.message
        np.testing.assert_array_equal(result.data[5], changed)
        with pytest.raises(RequestError, match="1 that you have changed or locked stay"):
            opened.run()
        opened.labels.data[5] = painted(5)[5]
        opened.run()
        assert opened.asked == [5]  # labelled after that, it is done again

    def test_locked_columns_keep_their_slices(self, opened):
        opened.run()
        opened.locked = opened.viewer.add_shapes([[[5, 0, 3], [5, 0, 9], [5, 9, 9], [5, 9, 3]]])
        opened.labels.data[4] = painted(4)[4]
        opened.run()
        assert opened.asked == [3, 4]

    def test_past_the_cap_comes_a_new_layer_with_all_of_it(self, opened, monkeypatch):
        monkeypatch.setattr(results, "UNDO_BYTES", 1000)
        _, first = opened.run()
        before = first.data.copy()
        opened.labels.data[4] = painted(4)[4]
        opened.fake.lower = 2
        _, copied = opened.run()
        assert copied is not first
        np.testing.assert_array_equal(first.data, before)
        np.testing.assert_array_equal(copied.data[:3], before[:3])
        assert (copied.data[3:] != before[3:]).any(axis=(1, 2)).all()
        # Put back, such a layer goes again, and the one before is mended the next time.
        after = copied.data.copy()
        opened.labels.data[5] = painted(5)[5]
        opened.fake.lower = 4
        _, third = opened.run(keep=False)
        assert third not in opened.viewer.layers
        np.testing.assert_array_equal(copied.data, after)
        opened.run()
        assert opened.asked == [5]

    @pytest.mark.parametrize(
        "choices", [Choices(slices="stack", direction="right"), Choices(slices="stack", model="x")]
    )
    def test_other_settings_begin_anew(self, opened, choices):
        opened.run()
        _, request = opened.request(choices)
        assert not request.stack.mends
        assert len(request.slices) == S

    def test_what_was_done_before_counts_after_undo(self, opened):
        _, result = opened.run()
        opened.labels.data[4] = painted(4)[4]
        opened.fake.lower = 3
        opened.run()
        result.undo()
        opened.run()
        assert opened.asked == [3, 4, 5]

    @pytest.mark.parametrize("new", range(8))
    @pytest.mark.parametrize("labelled", [(2,), (0, 5), (1, 3, 6), (0, 7)])
    def test_as_many_as_the_library_says(self, labelled, new):
        before = {i: 1 for i in labelled}
        now = {**before, new: 2}
        todo = [i for i in range(8) if sources(i, before) != sources(i, now)]
        assert todo == list(slices_between(labelled, new, 8))


class TestRange:
    def test_is_filled_from_slices_beside_it_and_the_rest_follows(self, opened):
        outcome, result = opened.run(Choices(slices="range", first=3, last=4))
        assert "in 2 slices (3 to 4) from 1 labelled slice" in outcome.message
        assert np.flatnonzero(result.data.any(axis=(1, 2))).tolist() == [3, 4]
        assert list(opened.fake.calls[0]["seeds"]) == [2]
        opened.run()
        assert opened.asked == [0, 1, 2, 5]

    def test_of_labelled_slices_is_done_slice_by_slice(self, opened):
        opened.labels.data[3] = painted(3)[3]
        _, request = opened.request(Choices(slices="range", first=2, last=3))
        assert request.stack is None
        assert [part.number for part in request.slices] == [2, 3]

    def test_about_a_center_takes_labelled_slices(self, opened):
        opened.center = opened.viewer.add_points([[2, 20, 20]])
        _, request = opened.request(Choices(slices="range", last=4, direction="around"))
        assert request.stack is None
        assert [part.number for part in request.slices] == [2]


class TestMistakes:
    def test_about_a_center(self, opened):
        opened.center = opened.viewer.add_points([[2, 20, 20]])
        with pytest.raises(RequestError, match="About a center every slice needs strokes of its"):
            opened.run(Choices(slices="stack", direction="around"))

    def test_nothing_labelled(self, opened):
        opened.labels.data[:] = 0
        with pytest.raises(RequestError, match="None of the chosen slices has labels: paint"):
            opened.run()

    def test_a_range_into_the_partial_labels(self, opened):
        with pytest.raises(RequestError, match="in a new layer only"):
            opened.run(Choices(slices="range", last=4, into_partial=True))

    def test_labels_of_one_slice(self, desk):
        desk.open(STACK, painted(2)[2])
        with pytest.raises(RequestError, match='"p" has no slices along the chosen axis'):
            desk.run()

    def test_what_is_wrong_in_a_slice_is_told_with_its_number(self, opened):
        opened.labels.data[4] = painted(4)[4] == 1
        outcome, layer = opened.run()
        assert outcome.message.startswith("Slice 4: 1 is the only label")
        assert not outcome.completed
        assert not opened.fake.calls
        assert not layer.data.any()


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_a_rolled_viewer(desk, order):
    back = np.argsort(order)
    desk.open(np.transpose(STACK, back), np.transpose(painted(2), back).copy())
    desk.viewer.dims.order = order
    _, layer = desk.run()
    stack = desk.fake.calls[0]["stack"]
    assert stack.shape == STACK.shape
    np.testing.assert_array_equal(stack[3], STACK[3])
    np.testing.assert_array_equal(stack[:, :, 5:9], STACK[:, :, 5:9])
    np.testing.assert_array_equal(stack[:, 5:9], STACK[:, 5:9])
    result = np.transpose(layer.data, order)
    assert result.all()
    heights = (result == 1).sum(axis=1)
    np.testing.assert_array_equal(np.diff(heights, axis=0), 1)  # one lower in every slice


def test_upright_layers(desk):
    desk.open(STACK.swapaxes(1, 2), painted(2).swapaxes(1, 2).copy())
    _, result = desk.run(Choices(slices="stack", direction="vertical"))
    assert desk.fake.calls[0]["seeds"][2].height == H
    assert result.data.all()
    assert (np.diff(result.data.astype(int), axis=2) >= 0).all()


def test_colors(desk):
    desk.image = desk.viewer.add_image(np.stack([STACK] * 3, axis=-1), rgb=True)
    desk.labels = desk.viewer.add_labels(painted(2), name="p")
    desk.run()
    assert desk.fake.calls[0]["stack"].shape == (S, H, W, 3)
    assert desk.fake.calls[0]["stack"][1].shape == (H, W, 3)


def test_a_dask_image_is_read_by_the_worker_slice_by_slice(desk):
    read = []

    def block(part):
        read.append(part.shape)
        return part

    with dask.config.set(scheduler="synchronous"):
        lazy = dask.array.from_array(STACK, chunks=(1, H, W)).map_blocks(
            block, dtype=STACK.dtype, meta=np.empty((0, 0, 0), STACK.dtype)
        )
        desk.open(lazy, painted(2), contrast_limits=(0, 255))
        read.clear()
        desk.request()
        assert not read
        desk.run()
        assert read == [(1, H, W)] * S


def test_paths_in_one_slice(opened):
    paths = [[[2, row, 4], [2, row, 12]] for row in (14, 30)]
    opened.labels = opened.viewer.add_shapes(paths, shape_type="path", name="lines")
    outcome, result = opened.run()
    assert "in 6 slices (0 to 5) from 1 labelled slice" in outcome.message
    np.testing.assert_allclose(opened.fake.calls[0]["seeds"][2].curves[:, 4], [14.5, 30.5])
    assert result.data.all()
    opened.labels.data = [*opened.labels.data, *(np.add(path, [2, 0, 0]) for path in paths)]
    opened.run()
    assert opened.asked == [3, 4, 5]


def test_a_batch_is_about_a_second_and_always_the_same():
    assert [stack_request.batch_of((64, n), WHOLE) for n in (64, 256, 700, 5000)] == [8, 8, 2, 1]
    turned = Choices(slices="stack", direction="vertical")
    assert stack_request.batch_of((700, 64), turned) == 2
    assert stack_request.batch_of((64, 256), Choices(device="cuda")) == 64
