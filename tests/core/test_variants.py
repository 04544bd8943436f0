"""Curves of several runs: the ones between even regions, whatever the order of the runs."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_layeredcnn.core.completion import complete, iter_complete
from napari_layeredcnn.core.decoder import Decoder
from napari_layeredcnn.core.looking import KEPT
from napari_layeredcnn.core.network import Configuration
from napari_layeredcnn.core.runs import Runs
from napari_layeredcnn.core.variants import DISAGREEMENT, VARIANTS, settled, unvaried, varied
from napari_layeredcnn.core.weights import Model

HEIGHT, WIDTH = 24, 16
NOTHING = np.zeros((2, 0), np.float32)


def layers(*rows):
    """Features of an image whose layers begin in these rows: (W, H, 2)."""
    belongs = np.searchsorted(rows, np.arange(HEIGHT), side="right")
    values = np.float32([[0, 1], [2, 0], [1, 3], [4, 1]])[belongs]
    return torch.from_numpy(values).repeat(WIDTH, 1, 1)


def flat(*runs):
    return np.repeat(np.float32(runs)[:, :, None], WIDTH, axis=2)


def left(pixels, curves):
    """Share of the variance that is left within regions, pixel by pixel; curves between rows."""
    pixels = pixels.numpy().astype(float)
    edges = np.concatenate([0 * curves[:1], curves, 0 * curves[:1] + HEIGHT])
    rows = np.arange(HEIGHT)[None]
    regions = [pixels[(rows >= a[:, None]) & (rows < b[:, None])] for a, b in pairwise(edges)]
    within = sum(((r - r.mean(axis=0)) ** 2).sum(axis=0) for r in regions if r.size)
    return (within / ((pixels - pixels.mean(axis=(0, 1))) ** 2).sum(axis=(0, 1))).mean()


@given(
    arrays(np.float32, (2, 5, 4), elements=st.floats(-1, 1, width=32)),
    arrays(np.float32, (2, 3, 4), elements=st.floats(0, 5, width=32) | st.just(np.nan)),
)
def test_curves_come_back_from_the_variants(images, curves):
    variants, there = varied(images, curves)
    assert variants.shape == (VARIANTS, *images.shape)
    np.testing.assert_array_equal(variants[3], -images[:, ::-1])
    back, blur = unvaried(there, there, height=5)
    np.testing.assert_allclose(back, np.stack([curves] * VARIANTS), atol=1e-5)
    np.testing.assert_array_equal(blur[3], there[3, :, ::-1])


def test_each_curve_is_taken_from_the_run_that_has_it():
    pixels, runs = layers(8, 16), flat((8, 12), (4, 16), (3, 20))
    found, uncertainty = settled(pixels, NOTHING, runs, np.full_like(runs, 0.5))
    np.testing.assert_array_equal(found[:, 0], [8, 16])
    distance = np.median(np.abs(runs - found), axis=0)
    np.testing.assert_allclose(uncertainty, 0.5 + DISAGREEMENT * distance)


def test_what_evenness_cannot_tell_apart_is_averaged():
    runs = flat((7.8, 16), (8.4, 16.3), (8.1, 20))
    uncertainty = np.zeros_like(runs)
    uncertainty[:2, 1] = 0.4
    uncertainty[2, 1] = 9  # of the run that is not taken there
    found, blur = settled(layers(8, 16), NOTHING, runs, uncertainty)
    np.testing.assert_allclose(found[:, 0], [8.1, 16.15], atol=1e-5)  # medians
    assert blur[1, 0] == pytest.approx(0.4 + DISAGREEMENT * 0.15, abs=1e-5)


def test_where_nothing_is_more_even_the_first_run_stays():
    runs = flat((5, 9), (11, 17), (2, 20))
    found, _ = settled(torch.zeros(WIDTH, HEIGHT, 3), NOTHING, runs, np.zeros_like(runs))
    np.testing.assert_array_equal(found, runs[0])


def test_labelled_columns_tell_what_regions_look_like():
    """Above and below a line the first columns look different; behind them only one run does."""
    pixels = torch.zeros(WIDTH, HEIGHT, 1)
    pixels[:8, 8:], pixels[8:, 12:] = 1, 1
    runs = np.full((2, 1, WIDTH - 8), [[[8.0]], [[12.0]]], np.float32)
    for given_rows in (8, 12):
        labelled = np.full((1, 8), given_rows, np.float32)
        found, _ = settled(pixels, labelled, runs, np.zeros_like(runs))
        assert found[0, 0] == 12
    pixels[8:, 8:12] = 2  # a layer of its own, more like what is below
    found, _ = settled(pixels, np.full((1, 8), 8, np.float32), runs, np.zeros_like(runs))
    assert found[0, 0] == 8


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(2, 5))
def test_never_less_even_than_any_run_and_in_order(seed, n_curves, n_runs):
    rng = np.random.default_rng(seed)
    pixels = torch.from_numpy(rng.normal(size=(WIDTH, HEIGHT, 2)).astype(np.float32))
    rows = np.sort(
        rng.permuted(np.tile(np.arange(2, HEIGHT, 2), (n_runs, 1)), axis=1)[:, :n_curves]
    )
    runs = flat(*rows)
    found, _ = settled(pixels, np.zeros((n_curves, 0), np.float32), runs, np.zeros_like(runs))
    assert (np.diff(found, axis=0) >= 0).all()
    assert all(found[k, 0] in rows[:, k] for k in range(n_curves))
    assert left(pixels, found) <= min(left(pixels, run) for run in runs) + 1e-5


class Losing:
    """Follows a step of the image down to column 9, but loses it as the image is.

    Looked at once more, it is a pixel further down in the last columns.
    """

    def decode(self, images, curves, *, by_appearance):
        for x in range(1, WIDTH):
            column = curves[:, :, 0].copy()
            column[0] += max(0, x - 9)
            yield x, column, np.full_like(column, 0.5)

    def features(self, images):
        return torch.from_numpy(images.transpose(2, 0, 1)[..., None].copy())

    def look(self, image, curves):
        assert image.shape == (HEIGHT, curves.shape[-1])
        np.testing.assert_array_equal(curves, np.full_like(curves, 8))
        yield
        return curves + (np.arange(curves.shape[-1]) >= 8)


@pytest.mark.parametrize("shape", [(), (3,)])
def test_runs_show_one_and_end_with_what_is_settled_and_looked_at(shape):
    image = np.where(np.arange(HEIGHT) < 8, -1, 1).astype(np.float32)
    images = np.broadcast_to(image[:, None], (*shape, HEIGHT, WIDTH))
    seed = np.full((*shape, 1, WIDTH), np.nan, np.float32)
    seed[..., 0] = 8
    runs = Runs(Losing(), images, seed, thorough=True)
    seen = [
        (start, stop, done, runs.curves[..., start:stop].copy())
        for start, stop, done, total in runs.run(forward=True, backward=False)
    ]
    looks = [(1, 1)] * int(np.prod(shape))  # one for each image of a batch; may be stopped there
    columns = [(x, x + 1) for x in range(1, 15)]
    assert [(start, stop) for start, stop, *_ in seen] == [*columns, *looks, (1, WIDTH)]
    assert [done for start, stop, done, _ in seen if stop > start] == list(range(1, WIDTH))
    first = seen[13][3].reshape(-1)  # of a batch, the first image's
    assert first[0] == 8 + 5
    expected = np.full(WIDTH, 8.0)
    expected[8:] += 1
    expected[1:] -= KEPT / 2  # half of the columns by which it is kept in place
    np.testing.assert_allclose(runs.curves, np.broadcast_to(expected, seed.shape), atol=1e-5)
    assert not np.isnan(runs.uncertainty).any()


@pytest.mark.parametrize("shape", [(), (2,)])
def test_between_two_labelled_places_there_is_one_look_at_what_was_joined(shape):
    image = np.where(np.arange(HEIGHT) < 8, -1, 1).astype(np.float32)
    images = np.broadcast_to(image[:, None], (*shape, HEIGHT, WIDTH))
    seed = np.full((*shape, 1, WIDTH), np.nan, np.float32)
    seed[..., [0, -1]] = 8
    runs = Runs(Losing(), images, seed, thorough=True)
    seen = [(start, stop) for start, stop, *_ in runs.run(forward=True, backward=True)]
    gap = (1, WIDTH - 1)
    looks = [(1, 1)] * int(np.prod(shape))
    assert seen[-len(looks) - 2 :] == [gap, *looks, gap]
    assert [(start, stop) for start, stop in seen if start == stop] == looks
    expected = np.full(WIDTH, 8.0)
    expected[8:-1] += 1
    expected[1:-1] -= KEPT / 2
    np.testing.assert_allclose(runs.curves, np.broadcast_to(expected, seed.shape), atol=1e-5)
    # Labelled in two places, but run in one way only, the run is looked at by itself.
    runs = Runs(Losing(), images, seed, thorough=True)
    seen = [(start, stop) for start, stop, *_ in runs.run(forward=True, backward=False)]
    assert [(start, stop) for start, stop in seen if start == stop] == looks


@pytest.fixture(scope="module")
def model(random_network):
    return Model(random_network(Configuration((6, 8), 1), torch.float32), {}, "random")


@pytest.fixture
def image():
    return np.random.default_rng(0).normal(size=(64, 48)).astype(np.float32)


def not_looking(decoder, image, curves):
    """What the last look sees depends on how the image is turned; what it is given does not."""
    yield
    return curves


@pytest.mark.parametrize("columns", [[0], [20, 21]])
def test_turned_or_in_negative_the_same_is_settled(image, model, columns, monkeypatch):
    monkeypatch.setattr(Decoder, "look", not_looking)
    seed = np.full((1, 48), np.nan)
    seed[:, columns] = 30
    found = complete(image, seed, model=model)
    negative = complete(-image, seed, model=model)
    np.testing.assert_allclose(negative.curves, found.curves, atol=1e-3)
    turned = complete(image[::-1], 64 - seed, model=model)
    np.testing.assert_allclose(64 - turned.curves, found.curves, atol=1e-3)
    np.testing.assert_allclose(turned.uncertainty, found.uncertainty, atol=1e-3)
    assert (
        np.abs(complete(image, seed, model=model, thorough=False).curves - found.curves).max() > 0
    )


def test_until_its_end_a_thorough_run_shows_the_image_as_it_is(image, model):
    seed = np.full((2, 48), np.nan)
    seed[:, 0] = 20, 40
    shown = np.full_like(seed, np.nan)
    for columns in iter_complete(image, seed, model=model):
        if columns.done < columns.total:
            shown[:, columns.start : columns.stop] = columns.curves
    quick = complete(image, seed, model=model, thorough=False).curves
    seen = ~np.isnan(shown)
    assert seen.sum() >= 2 * 40
    np.testing.assert_allclose(shown[seen], quick[seen], atol=1e-3)
