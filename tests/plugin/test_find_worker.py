"""What a search is asked for, and what it says; the worker without a window."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest
from finds import IMAGE, NOTHING, STACK, THREE, FakeSearch
from napari.components import ViewerModel

from napari_layeredcnn.core import autoinit, autoinit_stack
from napari_layeredcnn.plugin.find_request import FindChoices, find_request
from napari_layeredcnn.plugin.find_worker import FindOutcome, search
from napari_layeredcnn.plugin.planes import RequestError


def run(request, cancel=None) -> FindOutcome:
    steps = search(request, 1, cancel or Event())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def outcome_for(data, choices=None, **settings) -> FindOutcome:
    viewer = ViewerModel()
    image = viewer.add_image(data, **settings)
    return run(find_request(viewer, image, choices or FindChoices()))


@pytest.fixture
def fake(monkeypatch):
    stand_in = FakeSearch()
    stand_in.gate.set()
    monkeypatch.setattr(autoinit, "iter_find_layers", stand_in)
    monkeypatch.setattr(autoinit_stack, "iter_find_layers_in_stack", stand_in)
    return stand_in


def test_one_slice(fake):
    viewer = ViewerModel()
    image = viewer.add_image(STACK.transpose(1, 0, 2))
    viewer.dims.order = (1, 2, 0)
    viewer.dims.set_point(1, 3)
    choices = FindChoices("shown", 2, "vertical", 4, 12.5, "compact", "cpu")
    outcome = run(find_request(viewer, image, choices))
    (call,) = fake.calls
    np.testing.assert_array_equal(call.pop("image"), STACK[3].T)
    assert call == {
        "k": 4,
        "direction": "vertical",
        "region_thickness": 12.5,
        "model": "compact",
        "device": "cpu",
    }
    assert outcome.message == "Found 2 boundaries among 3 candidates."
    (plane,) = outcome.found
    assert plane.index == (None, 3, None)


@pytest.mark.parametrize(("slices", "every"), [("clearest", None), ("every", 2)])
def test_a_stack(fake, slices, every):
    fake.found = {3: THREE, 1: THREE}
    outcome = outcome_for(STACK, FindChoices(slices, 2))
    (call,) = fake.calls
    assert call["every"] == every
    np.testing.assert_array_equal(call["image"][3], STACK[3])
    assert outcome.message == "Found 2 boundaries in 2 slices (1, 3) among 3 candidates."
    assert [plane.index[0] for plane in outcome.found] == [3, 1]


def test_colors_and_the_finest_of_many_resolutions_reach_the_search(fake):
    fake.found = {0: THREE}
    outcome_for(np.stack([STACK] * 3, axis=-1), FindChoices("every", 1), rgb=True)
    fake.found = THREE
    outcome_for([IMAGE, IMAGE[::2, ::2]], multiscale=True)
    assert fake.calls[0]["image"].shape == (5, 60, 100, 3)
    assert fake.calls[1]["image"].shape == (60, 100)


def test_no_layers_is_one_sentence(fake):
    fake.found = NOTHING
    assert outcome_for(IMAGE).message == "No layers found: the surest candidate costs 2.00."


def test_cancel_acts_between_two_steps(fake):
    viewer, cancel = ViewerModel(), Event()
    steps = search(find_request(viewer, viewer.add_image(IMAGE), FindChoices()), 1, cancel)
    assert next(steps).done == 1
    cancel.set()
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value.canceled
    assert fake.closed == 1


def test_no_image_and_3d_are_said_before_anything_starts():
    viewer = ViewerModel()
    with pytest.raises(RequestError, match="open an image first"):
        find_request(viewer, None, FindChoices())
    image = viewer.add_image(STACK)
    viewer.dims.ndisplay = 3
    with pytest.raises(RequestError, match="shows 3D"):
        find_request(viewer, image, FindChoices())


NAN = np.where(IMAGE > 250, np.nan, IMAGE)


@pytest.mark.parametrize(
    ("data", "choices", "message"),
    [
        (np.full((20, 30), 7), {}, "No layers found: the image is constant."),
        (np.full((4, 9, 9), 7), {"slices": "every"}, "No layers found: the image is constant."),
        (IMAGE[:, :1], {}, "of 64 rows, and runs need 8; choose the other direction"),
        (
            IMAGE[:1],
            {"direction": "vertical"},
            "of 64 columns, and runs need 8; choose the other direction",
        ),
        (NAN, {}, "NaN"),
        (IMAGE, {"model": "nowhere.safetensors"}, "nowhere.safetensors"),
        (IMAGE, {"device": "mps"}, "mps"),
    ],
)
def test_the_real_search_on_what_cannot_be_searched(data, choices, message):
    outcome = outcome_for(data, FindChoices(**choices))
    assert message in outcome.message
    assert outcome.message.endswith(".")
    assert not any(found.chosen for found in outcome.found.values())


def test_the_real_search_in_every_slice():
    rows = np.arange(64)[:, None] + np.linspace(0, 3, 10)
    noise = np.random.default_rng(0).normal(0, 8, (2, *rows.shape))
    stack = np.where((rows > 20) & (rows < 44), 180, 60) + noise
    outcome = outcome_for(stack, FindChoices("every", 1, n_boundaries=2))
    assert outcome.message.startswith("Found 2 boundaries in 2 slices (0, 1) among")
    for found in outcome.found.values():
        curves = found.curves[list(found.chosen)]
        truth = np.array([[20.5], [44.5]]) - rows[0]
        assert np.abs(curves - truth).mean() < 1
