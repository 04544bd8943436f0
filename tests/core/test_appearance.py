from __future__ import annotations

import itertools

import pytest
import torch

from napari_layeredcnn.core.appearance import (
    LIMIT,
    WEIGHT,
    Appearance,
    last_features,
    weigh_columns,
)
from napari_layeredcnn.core.network import Configuration, LayeredCNN

H, W = 12, 6


def label(*curves: int, batch: int = 1) -> torch.Tensor:
    """Label of a column (B, K+1, H) with the regions between these rows."""
    rows = torch.arange(H)
    edges = [0, *curves, H]
    regions = [(rows >= a) & (rows < b) for a, b in itertools.pairwise(edges)]
    return (2.0 * torch.stack(regions) - 1).expand(batch, -1, -1)


def features(channels: int = 4, seed: int = 0) -> torch.Tensor:
    return torch.randn((1, channels, H, W), generator=torch.Generator().manual_seed(seed))


def test_pixels_belong_where_pixels_looked_like_them():
    image = features(channels=32)  # of so many the mean distance is never far from 1
    image[:, :16, :5] += 9
    image[:, :16, 8:] -= 9
    appearance = Appearance([image], H, W)
    for x in range(3):
        appearance.follow(x, label(5, 8))
    weighed = appearance.weigh(3, torch.zeros(1, 3, H))
    assert weighed.argmax(1).tolist() == [[0] * 5 + [1] * 3 + [2] * 4]


@pytest.mark.parametrize("scale", [1, 100])
def test_appearance_has_a_small_say(scale):
    image = scale * features()
    image[:, :, 5:] += 50 * scale
    appearance = Appearance([image], H, W)
    appearance.follow(0, label(5))
    weighed = appearance.weigh(1, torch.zeros(1, 2, H))
    assert weighed.max() <= 0
    assert weighed.min() >= -WEIGHT / 2 * LIMIT - 1e-6


def test_what_looks_like_none_of_the_regions_tells_nothing():
    image = torch.linspace(0, 1, H).reshape(1, 1, H, 1).repeat(1, 1, 1, W)
    image[:, :, 5:] += 1
    image[:, :, :, 1] = 1e4
    appearance = Appearance([image], H, W)
    appearance.follow(0, label(5))
    logits = torch.randn(1, 2, H)
    probabilities = torch.softmax(appearance.weigh(1, logits), 1)
    torch.testing.assert_close(probabilities, torch.softmax(logits, 1), atol=1e-2, rtol=0)


def test_image_without_differences_changes_nothing():
    appearance = Appearance([torch.full((1, 3, H, W), 7.0)], H, W)
    appearance.follow(0, label(3, 8))
    logits = torch.randn(1, 3, H)
    probabilities = torch.softmax(appearance.weigh(1, logits), 1)
    torch.testing.assert_close(probabilities, torch.softmax(logits, 1))


def test_region_that_was_not_there_is_neither_better_nor_worse_than_on_average():
    image = features()
    appearance = Appearance([image], H, W)
    appearance.follow(0, label(6, 6))  # no pixel between the curves
    weighed = appearance.weigh(1, torch.zeros(1, 3, H))
    torch.testing.assert_close(weighed[:, 1], torch.full((1, H), -WEIGHT / 2 * LIMIT / (1 + LIMIT)))


def test_finer_and_coarser_features_are_laid_over_each_other():
    coarse = torch.zeros(1, 2, H // 2 + 1, W // 2 + 1)  # padded to the network's stride
    coarse[:, :, 3:] = 1
    fine = torch.zeros(1, 1, H + 2, W + 2)
    fine[:, :, H:] = 99  # padding, which is not looked at
    appearance = Appearance([fine, coarse], H, W)
    appearance.follow(0, label(6))
    (winners,) = appearance.weigh(1, torch.zeros(1, 2, H)).argmax(1).tolist()
    assert winners[:5] == [0] * 5
    assert winners[7:] == [1] * 5  # between them the coarse features change


def test_runs_on_one_image_share_its_features():
    image = features()
    logits = torch.randn(2, 2, H)
    shared, own = Appearance([image], H, W), Appearance([image.repeat(2, 1, 1, 1)], H, W)
    both = torch.cat([label(3), label(7)])
    for appearance in (shared, own):
        appearance.follow(0, both)
    torch.testing.assert_close(shared.weigh(1, logits), own.weigh(1, logits))


def test_all_columns_at_once_are_what_they_are_one_by_one():
    image = [features(3, seed=1), features(2, seed=2)[..., : H // 2, : W // 2]]
    labels = torch.stack([label(x + 1, x + 1, x + 5) for x in range(W)], -1)
    logits = torch.randn(1, 4, H, W)
    at_once = weigh_columns(image, labels, logits)
    torch.testing.assert_close(at_once[..., 0], logits[..., 0])
    appearance = Appearance(image, H, W)
    for x in range(1, W):
        appearance.follow(x - 1, labels[..., x - 1])
        torch.testing.assert_close(at_once[..., x], appearance.weigh(x, logits[..., x]))


def test_features_learn_to_tell_regions_apart():
    image = features().requires_grad_()
    labels = label(5).unsqueeze(-1).repeat(1, 1, 1, W)
    optimizer = torch.optim.SGD([image], lr=20)
    losses = []
    for _ in range(20):
        weighed = weigh_columns([image], labels, torch.zeros(1, 2, H, W))
        loss = torch.nn.functional.cross_entropy(weighed[..., 1:], labels[..., 1:].argmax(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_networks_with_one_level_have_one_feature_map():
    network = LayeredCNN(Configuration((8,), blocks=1)).eval()
    chosen = last_features(network, network.encode_image(torch.zeros(1, 1, H, W)))
    assert [tuple(each.shape) for each in chosen] == [(1, 8, H, W)]
