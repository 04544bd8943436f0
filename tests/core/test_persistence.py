from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from napari_layeredcnn.core import persistence
from napari_layeredcnn.core.decoding import decode
from napari_layeredcnn.core.persistence import COLUMNS, HOLD, Persistence
from napari_layeredcnn.core.weights import load_model

#: A tenth of the probability in every row: the share p lies above the edge 10 p.
EVEN = (torch.arange(10) + 0.5).div(10).expand(2, 2, 10)
MIDDLE = torch.full((2, 2), 5.0)


def corrected(moved: tuple[int, int], to: float) -> Persistence:
    """After a column in which one curve of one image was moved from the middle."""
    held = Persistence(MIDDLE)
    chosen = MIDDLE.clone()
    chosen[moved] = to
    held.follow(MIDDLE, chosen)
    return held


def test_a_corrected_curve_stays_within_its_share_of_the_probability():
    found = corrected((1, 0), to=2.0).hold(MIDDLE, EVEN)
    expected = MIDDLE.clone()
    expected[1, 0] = 10 * (0.5 - HOLD / 2)
    torch.testing.assert_close(found, expected)
    expected[1] = torch.tensor([5.0, 10 * (0.5 + HOLD / 2)])
    torch.testing.assert_close(corrected((1, 1), to=9.0).hold(MIDDLE, EVEN), expected)


def test_within_that_share_it_stays_where_it_is():
    torch.testing.assert_close(
        corrected((0, 1), to=6.2).hold(MIDDLE, EVEN), torch.tensor([[5, 6.2], [5, 5]])
    )


def test_holding_fades():
    held = corrected((0, 0), to=1.0)
    said = MIDDLE.clone()
    said[0, 0] = 1.0  # the network agrees from here on, and then no longer
    for _ in range(4):
        held.follow(said, said)
    found = held.hold(MIDDLE, EVEN)[0, 0].item()
    assert found == pytest.approx(10 * (0.5 - HOLD * math.exp(-4 / COLUMNS) / 2))
    for _ in range(40):
        held.follow(said, said)
    assert held.hold(MIDDLE, EVEN) is MIDDLE


def test_a_clear_boundary_is_not_held():
    step = (torch.arange(10) >= 5).float().expand(2, 2, 10)
    found = corrected((0, 0), to=1.0).hold(MIDDLE, step)
    assert (found - MIDDLE).abs().max() <= 0.5  # within the pixel of the step


def test_small_moves_are_no_corrections():
    held = corrected((0, 0), to=5.9)
    assert held.hold(MIDDLE, EVEN) is MIDDLE


def test_curves_stay_in_order():
    said = torch.tensor([[3.0, 4.0]])
    held = Persistence(said)
    held.follow(said, torch.tensor([[8.0, 8.5]]))
    held.follow(said, torch.tensor([[8.0, 4.5]]))  # only the upper one is held now, below the other
    found = held.hold(said, EVEN[:1])
    assert (found.diff(dim=1) >= 0).all()


@pytest.fixture
def noise():
    rng = np.random.default_rng(3)
    return torch.from_numpy(rng.uniform(-1, 1, (1, 1, 40, 32)).astype(np.float32))


def run(image, to: float | None = None):
    """A run of the bundled network from row 20; column 10 is given at another row."""
    seed = torch.full((1, 1, 32), torch.nan)
    seed[..., 0] = 20
    if to is not None:
        seed[..., 10] = to
    return torch.stack([c.curves[0, 0] for c in decode(load_model().network, image, seed)])


def test_a_correction_lasts_longer_than_without(noise, monkeypatch):
    free = run(noise)
    to = float(free[9]) + 4
    held = run(noise, to)
    monkeypatch.setattr(persistence, "HOLD", 0.0)
    not_held = run(noise, to)
    assert torch.equal(held[:9], free[:9])
    assert torch.equal(not_held[:9], free[:9])
    after = slice(10, 18)
    assert (held[after] - to).abs().mean() < (not_held[after] - to).abs().mean() - 0.25


def test_resumed_behind_a_correction_it_is_the_same(noise):
    whole = run(noise, 26.0)
    seed = torch.full((1, 1, 32), torch.nan)
    seed[0, 0, 0] = 20
    seed[0, 0, 1:15] = whole[:14]
    again = [c.curves[0, 0] for c in decode(load_model().network, noise, seed)]
    torch.testing.assert_close(torch.stack(again), whole[14:], atol=1e-3, rtol=0)
