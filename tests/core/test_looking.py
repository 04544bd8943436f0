"""The last look: all columns at once like one after the other, and curves kept where they begin."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_layeredcnn.core import looking
from napari_layeredcnn.core.decoder import Decoder
from napari_layeredcnn.core.decoding import decode
from napari_layeredcnn.core.looking import COLUMNS, KEPT, kept_in_place, seen_from_both_sides
from napari_layeredcnn.core.network import Configuration
from napari_layeredcnn.core.sharpening import render, sharpen
from napari_layeredcnn.core.steps import finish
from napari_layeredcnn.core.weights import load_model

HEIGHT, WIDTH = 20, 19  # padded to the network's stride


@pytest.fixture(scope="module")
def network(random_network):
    return random_network(Configuration((6, 8), 1), torch.float32)


@pytest.fixture
def image():
    return torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (1, 1, HEIGHT, WIDTH))).float()


@pytest.fixture
def curves():
    rows = np.random.default_rng(1).uniform(0, HEIGHT, (1, 3, WIDTH))
    return torch.from_numpy(np.sort(rows, axis=1)).float()


def column_by_column(network, image, curves):
    """What the decoding loop says of columns 1 and on, all of them given: (1, K+1, H, W - 1)."""
    run = decode(network, image, curves, start=1)
    return torch.softmax(torch.stack([column.logits for column in run], 3), 1)


def look(network, image, curves):
    return finish(seen_from_both_sides(network, image, curves))


def test_all_columns_at_once_are_like_one_after_the_other(network, image, curves):
    left = column_by_column(network, image, curves)
    right = column_by_column(network, image.flip(-1), curves.flip(-1)).flip(-1)
    both = (left[..., :-1] + right[..., 1:]) / 2
    expected = sharpen(torch.cat([right[..., :1], both, left[..., -1:]], 3))[0]
    found = look(network, image, curves)
    assert (found - curves).abs().max() > 0.1
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("columns", [2, 4, 16, 64])
def test_in_pieces_the_network_says_the_same(network, image, curves, columns):
    label = (2 * render(curves, HEIGHT) - 1).unsqueeze(1)
    with torch.inference_mode():
        features = network.encode_image(image)
        pieces = list(network.columns_in_pieces(label, features, columns))
        assert len(pieces) == -(-WIDTH // columns)
        torch.testing.assert_close(torch.cat(pieces, -1), network(image, label), atol=1e-5, rtol=0)


def test_it_may_be_stopped_after_some_columns(network, monkeypatch):
    monkeypatch.setattr(looking, "AT_ONCE", 8)
    steps = seen_from_both_sides(network, torch.zeros(1, 1, 8, 20), torch.full((1, 1, 20), 4.0))
    assert len(list(steps)) == 3


def test_mirrored_it_is_the_same(network, image, curves):
    found = look(network, image, curves)
    mirrored = look(network, image.flip(-1), curves.flip(-1))
    torch.testing.assert_close(mirrored.flip(-1), found, atol=1e-4, rtol=0)


def test_a_curve_beside_its_edge_is_seen_nearer_to_it():
    rng = np.random.default_rng(0)
    image = np.where(np.arange(64)[:, None] < 30, -0.5, 0.5) + rng.normal(0, 0.1, (64, 96))
    drawn = np.full((1, 96), 31.0, np.float32)
    decoder = Decoder(load_model().network, "cpu")
    seen = finish(decoder.look(image.astype(np.float32)[:, ::-1], drawn))
    assert seen.dtype == np.float32
    assert np.abs(seen - 30).max() < 1
    assert np.abs(seen - 30).mean() < 0.5


def test_where_curves_begin_they_stay_in_part():
    before = np.full((2, 1, COLUMNS + 6), 10, np.float32)
    after = before + 1
    after[..., COLUMNS:] += 5  # not asked
    found = kept_in_place(before, after, 64)
    np.testing.assert_allclose(found, after - KEPT, atol=1e-5)
    assert found.dtype == np.float32


def test_labelled_at_both_ends_they_stay_in_part_at_both():
    before = np.full((2, 1, 3 * COLUMNS + 1), 10, np.float32)
    after = before + 1
    after[..., -COLUMNS:] -= 3
    found = kept_in_place(before, after, 64, at_both_ends=True)
    np.testing.assert_allclose((found - after)[..., 0], -KEPT, atol=1e-5)
    np.testing.assert_allclose((found - after)[..., -1], 2 * KEPT, atol=1e-5)
    between = (found - after)[..., (3 * COLUMNS) // 2]
    np.testing.assert_allclose(between, KEPT / 2, atol=1e-5)


@given(
    arrays(np.float32, (3, 20), elements=st.floats(0, 30, width=32)),
    arrays(np.float32, (3, 20), elements=st.floats(0, 30, width=32)),
    st.booleans(),
)
def test_curves_stay_in_order_and_within_the_image(before, after, at_both_ends):
    before, after = np.sort(before, axis=0), np.sort(after, axis=0)
    found = kept_in_place(before, after, 30, at_both_ends=at_both_ends)
    assert (np.diff(found, axis=0) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= 30
    same = kept_in_place(before, before, 30, at_both_ends=at_both_ends)
    np.testing.assert_allclose(same, before, atol=1e-5)
