from __future__ import annotations

import numpy as np
import pytest

from napari_layeredcnn.core import around
from napari_layeredcnn.core.around import complete_around, iter_complete_around
from napari_layeredcnn.core.completion import CompletedColumns, Completion
from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.network import Configuration
from napari_layeredcnn.core.polar import PolarError
from napari_layeredcnn.core.polar_seed import seed_around
from napari_layeredcnn.core.scaling import ImageError
from napari_layeredcnn.core.weights import Model
from napari_layeredcnn.core.working import working_grid

SHAPE, MIDDLE = (110, 130), (53.2, 66.9)


@pytest.fixture(scope="module")
def model(random_network):
    """Small and random: what is tested with it holds for any weights."""
    import torch

    return Model(random_network(Configuration((6, 8), 1), torch.float32), {}, "random")


def _truth():
    """Region ids 1, 2, 3: inside a circle, up to an ellipse, outside."""
    rows, columns = np.indices(SHAPE)
    y, x = rows - MIDDLE[0], columns - MIDDLE[1]
    return (1 + (np.hypot(y, x) >= 20).astype(int) + (np.hypot(y / 36, x / 46) >= 1)).astype(int)


def _image(noise=0.1):
    rng = np.random.default_rng(0)
    return np.array([0.1, 0.8, 0.35])[_truth() - 1] + rng.normal(0, noise, SHAPE)


def _painted(angles, center=MIDDLE, width=1.5):
    rows, columns = np.indices(SHAPE)
    y, x = rows - center[0], columns - center[1]
    mask = np.zeros(SHAPE, bool)
    for angle in np.deg2rad(angles):
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        mask |= (along >= 0) & (np.abs(across) <= width)
    return _truth() * mask


def _drain(steps):
    parts = []
    while True:
        try:
            parts.append(next(steps))
        except StopIteration as stop:
            return parts, stop.value


def _all_steps(completion):
    """Steps from each ray to the next one, the last to the first among them."""
    closed = np.concatenate([completion.curves, completion.curves[:, :1]], axis=1)
    return np.abs(np.diff(closed))


@pytest.mark.parametrize(
    ("angles", "start_angle", "thickness"),
    [
        ([0], 0, None),
        ([77], 0, 10.0),
        ([300], 299, 40.0),
        ([10, 130, 250], 60, 40.0),
        ([90, 270], 90, 10.0),
    ],
)
def test_labelled_rays_are_kept_and_all_others_filled(model, angles, start_angle, thickness):
    labels = _painted(angles)
    seed = seed_around(labels, MIDDLE, start_angle=start_angle)
    steps = iter_complete_around(_image(), seed, model=model, region_thickness=thickness)
    parts, completion = _drain(steps)
    given, columns = seed.seed.curves, seed.seed.columns
    np.testing.assert_array_equal(completion.curves[:, columns], given[:, columns])
    assert (completion.uncertainty[:, columns] == 0).all()
    assert completion.curves.shape == completion.uncertainty.shape == given.shape
    assert not np.isnan(completion.curves).any()
    assert not np.isnan(completion.uncertainty).any()
    assert (np.diff(completion.curves, axis=0) >= -1e-4).all()
    assert 0 <= completion.curves.min() <= completion.curves.max() <= completion.grid.rows
    shown = np.full_like(given, np.nan)
    for part in parts:
        assert 0 <= part.start < part.stop <= completion.grid.columns
        shown[:, part.start : part.stop] = part.curves
    missing = np.isnan(given).any(axis=0)
    np.testing.assert_array_equal(shown[:, missing], completion.curves[:, missing])
    shares = [part.done / part.total for part in parts]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def _drifting(image, seed, *, direction, region_thickness, **_):
    """Stand-in for a network that goes astray: to the right it drifts outwards, to the left not."""
    curves = seed.curves.copy()
    order = range(seed.width) if direction == "right" else range(seed.width - 1, -1, -1)
    for x in order:
        if np.isnan(curves[0, x]):
            before = curves[:, x - 1] + 0.1 if direction == "right" else curves[:, x + 1]
            curves[:, x] = np.minimum(before, seed.height)
            yield CompletedColumns(x, x + 1, curves[:, x : x + 1], 1, 1)
    grid = working_grid(seed.curves, seed.height, region_thickness)
    zero = np.zeros_like(curves)
    return Completion(curves, zero, seed.region_ids, seed.height, False, "drifting", grid)


@pytest.mark.parametrize("start_angle", [0, 1, 222.2, 359])
@pytest.mark.parametrize("angles", [[0], [123], [5, 185], [20, 100, 340]])
def test_the_ends_meet_even_where_the_runs_do_not(monkeypatch, angles, start_angle):
    monkeypatch.setattr(around, "iter_complete", _drifting)
    labels = _painted(angles)
    completion = complete_around(_image(), labels, MIDDLE, start_angle=start_angle)
    columns = seed_around(labels, MIDDLE, start_angle=start_angle).seed.columns
    seam = np.setdiff1d(np.arange(completion.grid.columns), columns)
    # Both from the last labelled ray on and up to the next; within a stroke it is the person's.
    ends = _all_steps(completion)[:, seam]
    assert ends.max() <= 0.5 + 0.1 + 1e-4
    assert completion.uncertainty.max() > 5  # they were far apart, and it is told
    for path in completion.paths():
        np.testing.assert_array_equal(path[0], path[-1])


def test_the_seam_is_a_labelled_ray(model):
    labels = _painted([200])
    completion = complete_around(_image(), labels, MIDDLE, start_angle=200, model=model)
    first = seed_around(labels, MIDDLE, start_angle=200).seed.curves[:, 0]
    assert not np.isnan(first).any()
    np.testing.assert_array_equal(completion.curves[:, 0], first)
    radii = [np.hypot(*(path[[0, -1]] - MIDDLE).T) for path in completion.paths()]
    np.testing.assert_allclose(radii, np.repeat(first[:, None], 2, axis=1), atol=1e-4)


@pytest.mark.parametrize("columns", [1, 200])
def test_another_start_angle_gives_the_same_rings(model, columns):
    labels = _painted([40])
    first = complete_around(_image(), labels, MIDDLE, model=model)
    turned = complete_around(
        _image(), labels, MIDDLE, start_angle=first.grid.angles[columns], model=model
    )
    apart = np.abs(np.roll(first.curves, -columns, axis=1) - turned.curves)
    assert np.mean(apart < 0.1) > 0.99
    assert np.mean(first.labels() != turned.labels()) < 0.01


@pytest.mark.parametrize(("center", "angles"), [((58, 60), [215]), ((46, 70), [30, 170])])
def test_rings_that_anybody_can_see(center, angles):
    """The bundled network on an easy image, about centers that are off the middle."""
    labels = _painted(angles, center)
    completion = complete_around(_image(), labels, center)
    assert np.mean(completion.labels(beyond=True) != _truth()) < 0.05
    assert _all_steps(completion).max() < 6
    inner, outer = completion.paths()
    assert np.mean(np.abs(np.hypot(*(inner - MIDDLE).T) - 20)) < 2
    assert np.mean(np.abs(np.hypot(*((outer - MIDDLE) / (36, 46)).T) - 1)) < 0.05


def test_everything_labelled_comes_back(model):
    completion = complete_around(_image(), _truth(), MIDDLE, model=model)
    assert (completion.uncertainty == 0).all()
    assert np.mean(completion.labels(beyond=True) != _truth()) < 0.01


def test_labels_out_of_reach(model):
    labels = _painted([40]) * 100
    completion = complete_around(_image(), labels, MIDDLE, max_radius=50, model=model)
    rows, columns = np.indices(SHAPE)
    far = np.hypot(rows - MIDDLE[0], columns - MIDDLE[1]) >= 50
    image = completion.labels()
    assert image.dtype == np.int32
    assert (image[far] == 0).all()
    assert set(np.unique(image[~far])) <= {100, 200, 300}
    beyond = completion.labels(np.uint16, beyond=True)
    assert beyond.dtype == np.uint16
    assert (beyond[far] == 300).all()
    np.testing.assert_array_equal(beyond[~far], image[~far])


def test_colors_are_told(model):
    image = np.stack([_image()] * 3, axis=-1)
    completion = complete_around(image, _painted([0]), MIDDLE, model=model)
    assert completion.notes == ("the colors were turned into luminance",)
    assert completion.model_name == "random"


def test_a_run_may_be_stopped(model):
    steps = iter_complete_around(_image(), seed_around(_painted([0]), MIDDLE), model=model)
    next(steps)
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (
            {"image": np.eye(130)},
            PolarError,
            "labels have 110 x 130 pixels, .* image has 130 x 130",
        ),
        ({"image": np.zeros(SHAPE)}, ImageError, "constant"),
        ({"image": np.eye(130, 1), "labels": np.ones((130, 1), int)}, PolarError, "130 x 1 pixels"),
        ({"center": (200, 3)}, PolarError, "row 200 and column 3, lies outside"),
        ({"labels": np.zeros(SHAPE, int)}, PolarError, "there are no labels"),
        ({"center": (100, 10)}, PolarError, "no ray from the center"),
        ({"device": "abacus"}, CompletionError, "'abacus' was asked for"),
    ],
)
def test_what_cannot_be_completed(model, change, error, words):
    arguments = {"image": _image(), "labels": _painted([60]), "center": MIDDLE} | change
    with pytest.raises(error, match=words):
        complete_around(**arguments, model=model)
