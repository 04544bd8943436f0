from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_layeredcnn.core.completion import (
    complete,
    iter_complete,
)
from napari_layeredcnn.core.decoder import CompletionError, choose_device
from napari_layeredcnn.core.decoding import decode
from napari_layeredcnn.core.network import Configuration
from napari_layeredcnn.core.scaling import ImageError, scale_intensities
from napari_layeredcnn.core.seeds import Seed, SeedError
from napari_layeredcnn.core.weights import Model


@pytest.fixture(scope="module")
def model(random_network):
    """Small and random: what is tested here holds for any weights."""
    return Model(random_network(Configuration((6, 8), 1), torch.float32), {}, "random")


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 255, (100, 90), dtype=np.uint8)


def _seed(columns, heights=(30, 37, 44), width=90):
    curves = np.full((len(heights), width), np.nan, np.float32)
    for column in columns:
        curves[:, column] = np.array(heights) + 0.01 * column
    return curves


@pytest.mark.parametrize("columns", [[0], [89], [40], [3, 4, 5, 60], [10, 30, 31, 70, 89]])
def test_given_columns_come_out_as_they_went_in_and_all_others_are_filled(image, model, columns):
    seed = _seed(columns)
    completion = complete(image, seed, model=model)
    assert np.array_equal(completion.curves[:, columns], seed[:, columns])
    assert not np.isnan(completion.curves).any()
    assert not np.isnan(completion.uncertainty).any()
    assert (completion.uncertainty[:, columns] == 0).all()
    assert (np.diff(completion.curves, axis=0) >= 0).all()
    assert completion.curves.min() >= 0
    assert completion.curves.max() <= 100
    assert completion.curves.dtype == completion.uncertainty.dtype == np.float32
    assert completion.grid.rows == 100  # regions of 7 pixels stay as they are


@pytest.mark.parametrize(
    ("direction", "reached"),
    [("right", range(30, 90)), ("left", range(61)), ("horizontal", range(90))],
)
def test_directions(image, model, direction, reached):
    completion = complete(image, _seed([30, 60]), model=model, direction=direction)
    filled = ~np.isnan(completion.curves).any(axis=0)
    assert np.flatnonzero(filled).tolist() == list(reached)
    labels = completion.labels()
    assert (labels[:, ~filled] == 0).all()
    assert (labels[:, filled] > 0).all()


def test_left_is_right_of_the_mirrored_image(image, model):
    left = complete(image, _seed([89]), model=model, direction="left")
    mirrored = complete(image[:, ::-1], _seed([89])[:, ::-1], model=model, direction="right")
    np.testing.assert_array_equal(left.curves, mirrored.curves[:, ::-1])
    np.testing.assert_array_equal(left.uncertainty, mirrored.uncertainty[:, ::-1])


@pytest.mark.parametrize(
    ("vertical", "horizontal"), [("down", "right"), ("up", "left"), ("vertical", "horizontal")]
)
def test_vertical_is_horizontal_of_the_transposed_image(image, model, vertical, horizontal):
    seed = Seed(_seed([40]), (5, 9, 2, 7), 100)
    down = complete(image.T, seed, model=model, direction=vertical)
    right = complete(image, seed, model=model, direction=horizontal)
    np.testing.assert_array_equal(down.curves, right.curves)
    np.testing.assert_array_equal(down.labels(), right.labels().T)
    assert down.labels().shape == image.T.shape
    assert set(np.unique(right.labels())) - {0} <= {5, 9, 2, 7}


def test_at_the_networks_own_resolution_it_is_the_decoders_run(image, model):
    seed = _seed([0])
    completion = complete(image, seed, model=model, thorough=False)
    tensor = torch.from_numpy(scale_intensities(image))[None, None]
    columns = list(decode(model.network, tensor, torch.from_numpy(seed)[None]))
    curves = torch.stack([c.curves[0] for c in columns], 1).numpy()
    np.testing.assert_allclose(completion.curves[:, 1:], curves, atol=1e-5)


@pytest.mark.parametrize("thickness", [None, 6, 30])
def test_columns_come_while_they_are_computed(image, model, thickness):
    seed = _seed([20, 70])
    steps = iter_complete(image, seed, model=model, region_thickness=thickness)
    shown = np.full_like(seed, np.nan)
    done = []
    while True:
        try:
            columns = next(steps)
        except StopIteration as stop:
            completion = stop.value
            break
        shown[:, columns.start : columns.stop] = columns.curves
        done.append(columns.done)
        assert columns.done <= columns.total
    np.testing.assert_array_equal(shown, completion.curves)
    assert done == sorted(done)
    assert done[-1] == columns.total


def test_same_input_same_output(image, model):
    first, second = (complete(image, _seed([10, 50]), model=model) for _ in range(2))
    assert first.curves.tobytes() == second.curves.tobytes()
    assert first.uncertainty.tobytes() == second.uncertainty.tobytes()


def test_a_coarser_working_grid_gives_curves_at_full_resolution(model):
    image = np.random.default_rng(0).normal(size=(300, 500)).astype(np.float32)
    completion = complete(image, _seed([0], (90, 111, 132), 500), model=model)
    assert (completion.grid.rows, completion.grid.columns) == (100, 167)
    assert completion.curves.shape == (3, 500)
    assert completion.labels().shape == (300, 500)


def test_between_two_places_each_curve_goes_over_from_one_run_to_the_other(image, model):
    # What thorough runs have been made into is looked at once more, and moved by that.
    quick = {"model": model, "thorough": False}
    both = complete(image, _seed([10, 50]), **quick)
    right = complete(image, _seed([10]), direction="right", **quick)
    left = complete(image, _seed([50]), direction="left", **quick)
    between = slice(11, 50)
    disagreement = np.abs(right.curves - left.curves)[:, between]
    assert disagreement.max() > 1
    from_right, from_left = (
        np.isclose(both.curves, run.curves)[:, between] for run in (right, left)
    )
    of_the_curve_above = np.isclose(both.curves[1:], both.curves[:-1])[:, between]
    assert (from_right | from_left)[0].all()
    assert (from_right | from_left)[1:][~of_the_curve_above].all()
    # Right of where a curve goes over it is never of the run to the right again.
    only_left = np.maximum.accumulate(from_left & ~from_right, axis=1)
    assert not (only_left[0] & from_right[0] & ~from_left[0]).any()
    kept = np.where(from_right, right.uncertainty[:, between], left.uncertainty[:, between])
    added = (both.uncertainty[:, between] - kept)[from_right ^ from_left]
    assert added.min() > -1e-4
    assert (added <= disagreement[from_right ^ from_left] / 2 + 1e-4).all()
    assert added.max() > 0.1


def test_colors_and_left_out_columns_are_told(model):
    image = np.random.default_rng(0).integers(0, 255, (100, 90, 3), dtype=np.uint8)
    seed = Seed(_seed([3]), (1, 2, 3, 4), 100, skipped_columns=2)
    notes = complete(image, seed, model=model).notes
    assert notes[0] == "the colors were turned into luminance"
    assert notes[1].startswith("2 labelled columns were left out")


def test_large_and_negative_ids(image, model):
    ids = (2**40, -1, 7, 0)
    labels = complete(image, Seed(_seed([3]), ids, 100), model=model).labels()
    assert labels.dtype == np.int64
    assert set(np.unique(labels)) <= set(ids)
    assert labels[0, 3] == 2**40
    assert labels[-1, 3] == 0


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"image": np.zeros((100, 90))}, ImageError, "constant"),
        ({"image": np.full((100, 90), np.nan)}, ImageError, "NaN"),
        ({"image": np.eye(100)}, CompletionError, "seed is for 100 x 90 pixels.* has 100 x 100"),
        ({"direction": "sideways"}, CompletionError, "no direction 'sideways'; choose one of"),
        ({"direction": "down"}, CompletionError, "transposed for this direction has 90 x 100"),
        ({"device": "abacus"}, CompletionError, "'abacus' was asked for"),
        ({"region_thickness": -1}, ValueError, "positive number"),
        ({"seed": np.full((2, 90), np.nan)}, SeedError, "no column"),
        ({"model": "nonesuch"}, ValueError, "no model 'nonesuch'"),
    ],
)
def test_what_cannot_be_completed(image, model, change, error, words):
    arguments = {"image": image, "seed": Seed(_seed([3]), (1, 2, 3, 4), 100), "model": model}
    arguments |= change
    with pytest.raises(error, match=words):
        complete(arguments.pop("image"), arguments.pop("seed"), **arguments)


def test_the_cpu_is_always_there():
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in ("cpu", "cuda", "mps")


def test_narrow_and_low_images(model):
    image = np.random.default_rng(0).normal(size=(8, 1))
    assert complete(image, np.array([[3.0]]), model=model).curves.tolist() == [[3.0]]
    image = np.random.default_rng(0).normal(size=(1, 9))
    completion = complete(image, np.array([[0.5] + [np.nan] * 8]), model=model)
    assert completion.labels().shape == (1, 9)
