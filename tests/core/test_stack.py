"""Whole stacks: a batch gives what one by one gives; memory, order, labels of a slice's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from napari_layeredcnn.core import anchoring
from napari_layeredcnn.core.completion import complete
from napari_layeredcnn.core.decoder import CompletionError, Decoder
from napari_layeredcnn.core.network import LayeredCNN
from napari_layeredcnn.core.scaling import ImageError
from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.core.stack import complete_stack, iter_complete_stack
from napari_layeredcnn.core.stack_review import slices_between
from napari_layeredcnn.core.stack_seeds import StackSeeds
from napari_layeredcnn.core.weights import Model, load_model
from napari_layeredcnn.core.working import REGION_THICKNESS

SHAPE = (4, 80, 40)


@pytest.fixture(scope="module")
def model():
    return load_model()


@pytest.fixture(scope="module")
def stack():
    """Slices of noise that hold the same values: each alone is scaled as all together."""
    image = gaussian_filter(np.random.default_rng(0).normal(size=SHAPE[1:]), (3, 1))
    return np.stack([image, image[::-1], image[:, ::-1], image[::-1, ::-1]]).astype(np.float32)


def _seed(columns, heights=(30.5, 43.25), width=SHAPE[2], height=SHAPE[1]):
    curves = np.full((len(heights), width), np.nan)
    curves[:, columns] = np.array(heights)[:, None]
    return Seed(curves, (5, 9, 2), height)


def _same_for_all(seed, count=SHAPE[0]):
    return StackSeeds((seed,) * count, np.zeros(count, np.float32), tuple(range(count)), (0,))


@pytest.mark.parametrize(
    ("direction", "columns"),
    [("horizontal", [8, 30]), ("right", [0]), ("left", [12, 13]), ("down", [64])],
)
def test_a_batch_gives_what_complete_gives_slice_by_slice(
    model, stack, direction, columns, monkeypatch
):
    monkeypatch.setattr(anchoring, "SHARE", 0.0)  # slices of a stack are not anchored
    vertical = direction == "down"
    seed = _seed(columns, (12, 22), 80, 40) if vertical else _seed(columns)
    settings = {"model": model, "direction": direction, "region_thickness": REGION_THICKNESS}
    batch = complete_stack(stack, _same_for_all(seed), batch=4, **settings)
    alone = [complete(image, seed, **settings, thorough=False) for image in stack]
    assert batch.batches == ((0, 1, 2, 3),)
    assert batch.grid == alone[0].grid
    curves = np.stack([one.curves for one in alone])
    np.testing.assert_array_equal(np.isnan(batch.curves), np.isnan(curves))
    reached = ~np.isnan(curves)
    assert (np.abs(batch.curves - curves)[reached] < 0.01).mean() >= 0.999
    uncertainty = np.stack([one.uncertainty for one in alone])
    np.testing.assert_allclose(batch.uncertainty, uncertainty, atol=0.02)
    assert batch.labels().shape == stack.shape
    assert (batch.labels() == np.stack([one.labels() for one in alone])).mean() > 0.999


def test_the_same_partition_gives_the_same_bits(model, stack):
    seeds = {1: _seed([3])}
    whole, again = (complete_stack(stack, seeds, model=model, batch=2) for _ in range(2))
    assert whole.batches == ((0, 1), (2, 3))
    assert whole.curves.tobytes() == again.curves.tobytes()
    assert whole.uncertainty.tobytes() == again.uncertainty.tobytes()
    rest = complete_stack(stack, seeds, model=model, batch=2, slices=[2, 3])
    assert rest.curves[2:].tobytes() == whole.curves[2:].tobytes()
    assert np.isnan(rest.curves[:2]).all()


def test_slices_come_in_order_and_labelled_ones_keep_their_labels(model, stack):
    own = _seed([3, 12])
    settings = {"model": model, "region_thickness": REGION_THICKNESS}
    done = list(iter_complete_stack(stack, {1: own}, batch=3, slices=[3, 0, 1, 2], **settings))
    assert [one.index for one in done] == [3, 0, 1, 2]
    assert [one.batch for one in done] == [(3, 0, 1)] * 3 + [(2,)]
    assert [(one.done, one.total) for one in done] == [(i, 4) for i in (1, 2, 3, 4)]
    labelled = done[2].completion
    np.testing.assert_array_equal(labelled.curves[:, own.columns], own.curves[:, own.columns])
    assert (labelled.uncertainty[:, own.columns] == 0).all()
    assert done[2].seed_uncertainty == 0 < done[0].seed_uncertainty
    made = 12  # the seed column, a little away from the border
    unsure = done[0].completion.uncertainty[:, made]
    np.testing.assert_allclose(unsure, done[0].seed_uncertainty, rtol=1e-6)


def test_out_of_memory_halves_the_batch_and_goes_on(model, stack, monkeypatch):
    sizes = []
    decode = Decoder.decode

    def small(self, images, curves, **options):
        sizes.append(len(images))
        if len(images) > 1:
            error = torch.OutOfMemoryError if len(sizes) == 1 else RuntimeError
            raise error("CUDA out of memory. Tried to allocate 2.00 GiB")
        return decode(self, images, curves, **options)

    seeds = _same_for_all(_seed([0]))
    expected = complete_stack(stack, seeds, model=model, batch=1)
    monkeypatch.setattr(Decoder, "decode", small)
    completion = complete_stack(stack, seeds, model=model, batch=4)
    assert sizes == [4, 2, 1, 1, 1, 1]
    assert completion.batches == expected.batches == ((0,), (1,), (2,), (3,))
    np.testing.assert_array_equal(completion.curves, expected.curves)


def test_when_one_slice_is_too_much_it_says_so(model, stack, monkeypatch):
    def none(self, images, curves, **options):
        raise MemoryError("no")

    monkeypatch.setattr(Decoder, "decode", none)
    with pytest.raises(CompletionError, match="single slice needs more memory"):
        complete_stack(stack, _same_for_all(_seed([0])), model=model)


def test_another_error_is_not_taken_for_lack_of_memory(model, stack, monkeypatch):
    def broken(self, images, curves, **options):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(Decoder, "decode", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        complete_stack(stack, _same_for_all(_seed([0])), model=model)


def test_the_batch_follows_the_memory(model, stack):
    cost = Decoder(model.network, "cpu").bytes_per_image(80, 40, 3)
    seeds = _same_for_all(_seed([0]))
    settings = {"model": model, "region_thickness": REGION_THICKNESS}
    steps = iter_complete_stack(stack, seeds, memory=3 * cost + 1, **settings)
    assert next(steps).batch == (0, 1, 2)
    with pytest.raises(CompletionError, match=r"one slice needs about 11 MB.*give more"):
        next(iter_complete_stack(stack, seeds, memory=cost - 1, **settings))


def test_a_second_labelled_slice_mends_its_part_only(model, stack):
    first = complete_stack(stack, {0: _seed([3])}, model=model)
    between = slices_between(first.labelled, 3, len(stack))
    assert between == range(1, 4)
    seeds = {0: _seed([3]), 3: _seed([3], (20, 50))}
    mended = complete_stack(stack, seeds, model=model, slices=between[1:], previous=first)
    np.testing.assert_array_equal(mended.curves[:2], first.curves[:2])
    np.testing.assert_array_equal(mended.uncertainty[:2], first.uncertainty[:2])
    assert mended.curves[3, :, 3].tolist() == [20, 50]
    assert mended.labelled == (0, 3)
    with pytest.raises(CompletionError, match="result of the same stack"):
        complete_stack(stack[:3], {0: _seed([3])}, model=model, previous=first)


def test_uncertain_slices_are_told(model, stack):
    completion = complete_stack(stack, {1: _seed([3])}, model=model, direction="right")
    told = completion.slice_uncertainty
    assert told.shape == (4,)
    np.testing.assert_allclose(told, np.nanmean(completion.uncertainty, axis=(1, 2)), rtol=1e-5)
    part = complete_stack(stack, {1: _seed([3])}, model=model, slices=[1])
    assert np.isnan(part.slice_uncertainty).tolist() == [True, False, True, True]


def test_colors_other_types_and_one_slice(model, stack):
    colors = np.repeat(np.uint8(100 + 20 * stack[:1])[..., None], 3, axis=3)
    completion = complete_stack(colors, {0: _seed([3])}, model=model)
    gray = complete_stack(np.uint8(100 + 20 * stack[:1]), {0: _seed([3])}, model=model)
    np.testing.assert_allclose(completion.curves, gray.curves, atol=0.01)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"stack": np.zeros((80, 40))}, CompletionError, "choose the axis of the slices"),
        ({"stack": np.zeros(SHAPE)}, ImageError, "constant, all pixels are 0"),
        ({"stack": np.full(SHAPE, np.nan)}, ImageError, "NaN"),
        ({"stack": np.zeros((0, 80, 40))}, ImageError, "empty"),
        ({"stack": np.zeros(SHAPE, complex)}, ImageError, "dtype is complex128"),
        ({"seeds": {}}, CompletionError, "no slice is labelled"),
        ({"seeds": {7: _seed([3])}}, CompletionError, "seed for slice 7.*slices 0 to 3"),
        ({"seeds": {0: _seed([3], width=30)}}, CompletionError, "for 80 x 30 pixels"),
        (
            {"seeds": {0: _seed([3]), 2: Seed(_seed([3]).curves, (1, 2, 3), 80)}},
            CompletionError,
            "slice 2 has the regions",
        ),
        ({"seeds": _same_for_all(_seed([3]), 3)}, CompletionError, "seeds for 3 slices"),
        ({"direction": "sideways"}, CompletionError, "no direction 'sideways'"),
        ({"across": "over"}, CompletionError, "no way across slices 'over'"),
        ({"batch": 0}, CompletionError, "not 0"),
        ({"slices": [4]}, CompletionError, "no slice 4"),
    ],
)
def test_what_cannot_be_completed(model, stack, change, error, words):
    arguments = {"stack": stack, "seeds": {0: _seed([3])}, "model": model} | change
    with pytest.raises(error, match=words):
        complete_stack(arguments.pop("stack"), arguments.pop("seeds"), **arguments)


def test_a_broken_slice_is_named_and_the_finished_ones_are_kept(model, stack):
    broken = stack.copy()
    broken[2, 5, 5] = np.inf
    steps = iter_complete_stack(broken, _same_for_all(_seed([0])), model=model, batch=1)
    assert [next(steps).index, next(steps).index] == [0, 1]
    with pytest.raises(ImageError, match="slice 2 holds NaN or infinite"):
        next(steps)


class _Lazy:
    """An array that is not NumPy's, as of dask or zarr."""

    def __init__(self, array):
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key):
        return self._array[key]


def test_an_array_that_is_read_piece_by_piece(model, stack):
    seeds = {1: _seed([3])}
    lazy = complete_stack(_Lazy(stack), seeds, model=model)
    np.testing.assert_array_equal(lazy.curves, complete_stack(stack, seeds, model=model).curves)


def test_untrained_networks_are_batched_alike(stack):
    torch.manual_seed(0)
    model = Model(LayeredCNN("compact").eval(), {}, "own")
    seeds = _same_for_all(_seed([0]))
    curves = [complete_stack(stack, seeds, model=model, batch=b).curves for b in (1, 4)]
    assert (np.abs(curves[0] - curves[1]) < 0.01).mean() >= 0.999


def test_free_memory_is_told_in_bytes(model):
    assert 2**24 < Decoder(model.network, "cpu").free_memory() < 2**50
