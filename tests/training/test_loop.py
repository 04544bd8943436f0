from __future__ import annotations

import functools
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_layeredcnn.core import network as network_module
from napari_layeredcnn.core.decoding import decode
from napari_layeredcnn.core.network import Configuration, LayeredCNN
from napari_layeredcnn.core.sharpening import render
from napari_layeredcnn.core.weights import load_model
from napari_layeredcnn.training import loop, validation
from napari_layeredcnn.training.batches import BatchSize, batches, make_batch
from napari_layeredcnn.training.loop import TrainingOptions, train
from napari_layeredcnn.training.loss import DISTANCE, column_loss
from napari_layeredcnn.training.own_outputs import column_logits
from napari_layeredcnn.training.schedule import Schedule
from napari_layeredcnn.training.state import Averages
from napari_layeredcnn.training.textures import TextureBank


@pytest.fixture
def tiny(monkeypatch):
    """A configuration and sizes with which a step takes milliseconds."""
    monkeypatch.setitem(network_module.CONFIGURATIONS, "tiny", Configuration((4, 6), 1))
    monkeypatch.setattr(
        Schedule, "batch_size", lambda self, index: BatchSize(3, 16, 24, 1 + index % 3)
    )
    monkeypatch.setattr(validation, "SIZES", (BatchSize(2, 16, 16, 1), BatchSize(2, 16, 16, 2)))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield "tiny"
    torch.set_num_threads(threads)


def _options(tmp_path, steps, **others):
    plan = Schedule(steps=steps, minutes=None, batch=1, warmup=3)
    return TrainingOptions(tmp_path / "run", plan, configuration="tiny", **others)


def _records(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.mark.usefixtures("tiny")
def test_a_training_leaves_weights_that_load_a_log_and_a_checkpoint(tmp_path):
    weights = train(_options(tmp_path, 25))
    model = load_model(weights)
    assert model.network.configuration == Configuration((4, 6), 1)
    records = _records(tmp_path / "run")
    assert records[0]["step"] == 25
    assert records[0]["images_per_second"] > 0
    assert records[0]["images"] == model.card["images_seen"]
    assert set(records[-1]["errors"]) == {"1", "2"}
    assert model.card["scores"]["validation_l1_px"] == records[-1]["validation"]


@pytest.mark.usefixtures("tiny")
def test_stopped_and_resumed_is_the_same_as_not_stopped(tmp_path, monkeypatch):
    whole = replace(_options(tmp_path, 9), output=tmp_path / "whole", save_minutes=1e9)
    train(whole)
    stopped = replace(whole, output=tmp_path / "stopped", save_minutes=0)
    run = loop._Training(stopped)
    stopped.output.mkdir()
    for record in run.run():  # with save_minutes=0 a checkpoint follows every step
        if record["step"] == 5 and "validation" in record:
            break
    train(replace(stopped, resume=True))
    for name in ("raw.safetensors", "average.safetensors", "optimizer.safetensors"):
        left, right = (_load(tmp_path / folder / name) for folder in ("whole", "stopped"))
        assert left.keys() == right.keys()
        for key in left:
            assert torch.equal(left[key], right[key]), (name, key)


@pytest.mark.usefixtures("tiny")
def test_loss_falls(tmp_path):
    training = loop._Training(_options(tmp_path, 10_000))
    batch = make_batch(0, 0, BatchSize(4, 16, 24, 2), TextureBank())
    losses = [training._step(batch)["loss"] for _ in range(60)]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.usefixtures("tiny")
def test_trained_weights_go_on_with_what_comes_last(tmp_path):
    first = train(_options(tmp_path, 3))
    plan = Schedule(steps=4, minutes=None, batch=1, warmup=3, fresh=False)
    again = replace(_options(tmp_path, 4), output=tmp_path / "more", schedule=plan)
    training = loop._Training(replace(again, start_from=first))
    means = {k: v.clone() for k, v in training.network.named_buffers() if "running" in k}
    again.output.mkdir()
    records = list(training.run())
    # What the weights had to be better than comes first.
    assert records[0]["images"] == 0
    assert "validation" in records[0]
    score = load_model(again.output / "weights.safetensors").card["scores"]["validation_l1_px"]
    assert score <= records[0]["validation"]
    card, parent = (load_model(f).card for f in (again.output / "average.safetensors", first))
    assert card["started_from"] == {
        "name": "weights",
        "hash": parent["hash"],
        "images_seen": parent["images_seen"],
        "started_from": None,
    }
    assert str(tmp_path) not in str(card)  # nobody's folders in a file that is passed on
    for name, buffer in training.network.named_buffers():
        assert name not in means or torch.equal(buffer, means[name]), name
    draws = [plan.own_outputs(np.random.default_rng(i), 0.0) for i in range(40)]
    assert {None, 0, 1, 2, 3} == set(draws)
    assert not plan.normalizes_by_batch(0.0)
    assert Schedule(steps=4, minutes=None).normalizes_by_batch(0.0)
    assert not Schedule(steps=4, minutes=None).normalizes_by_batch(0.9)


@pytest.mark.usefixtures("tiny")
def test_trained_weights_can_go_on_with_a_wider_image_stack(tmp_path, monkeypatch):
    wider = Configuration((4, 6), 1, image_widths=(6, 6))
    monkeypatch.setitem(network_module.CONFIGURATIONS, "wider", wider)
    # The network begins with the same output; appearance looks at the new channels, too.
    alone = functools.partial(decode, by_appearance=False)
    monkeypatch.setattr(validation, "decode", alone)
    first = train(_options(tmp_path, 3))
    plan = Schedule(steps=2, minutes=None, batch=1, warmup=3, fresh=False)
    options = TrainingOptions(tmp_path / "more", plan, "wider", start_from=first)
    train(options)
    model = load_model(tmp_path / "more" / "average.safetensors")
    assert model.network.configuration == wider
    assert model.card["started_from"]["hash"] == load_model(first).card["hash"]
    begun = _records(tmp_path / "more")[0]["validation"]
    assert begun == pytest.approx(_records(tmp_path / "run")[-1]["validation"], abs=1e-3)
    with pytest.raises(ValueError, match="only the image stack can be widened"):
        train(replace(options, configuration="paper"))


@pytest.mark.usefixtures("tiny")
def test_recipes_to_compare_with(tmp_path, monkeypatch):
    plan = Schedule(steps=10, minutes=None, own=False)
    assert {plan.own_outputs(np.random.default_rng(i), 0.9) for i in range(40)} == {0}
    given = []
    monkeypatch.setattr(
        loop,
        "column_logits",
        lambda network, images, seen, **how: (
            given.append(seen) or column_logits(network, images, seen, **how)
        ),
    )
    batch = make_batch(0, 0, BatchSize(4, 16, 24, 2), TextureBank())
    for warping, expected in ((False, batch.curves), (True, batch.warped)):
        options = replace(_options(tmp_path, 10), schedule=replace(plan, warping=warping))
        loop._Training(options)._step(batch)
        np.testing.assert_array_equal(given[-1].numpy(), expected)


def test_the_loss_knows_how_far_off_a_curve_is():
    truth = torch.full((1, 1, 2), 10.0)
    at = [-50 + 100 * render(torch.full((1, 1, 2), y), 32) for y in (10.0, 11.0, 13.0)]
    right, near, far = (float(column_loss(logits, truth, truth)) for logits in at)
    # One row in 32 is wrong by 100 nats, or three are; the curve is off by 1 or 3 px.
    assert right == pytest.approx(0, abs=1e-6)
    assert near == pytest.approx(100 / 32 + DISTANCE, rel=1e-5)
    assert far == pytest.approx(3 * (100 / 32 + DISTANCE), rel=1e-5)


def test_columns_behind_a_lost_curve_count_less():
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(1, 3, 32, 24, generator=generator)
    truth = torch.full((1, 2, 24), 10.0)
    truth[:, 1] = 20
    every = torch.stack(
        [
            column_loss(logits[..., x - 1 : x + 1], *2 * (truth[..., x - 1 : x + 1],))
            for x in range(1, 24)
        ]
    ).view(1, 23)
    torch.testing.assert_close(column_loss(logits, truth, truth), every.mean())
    seen = truth.clone()
    seen[:, 1, 11] += 32 / 3 / 2  # half a mean thickness
    weights = torch.ones(1, 23)
    weights[0, 11] = 0.5
    expected = (every * weights).sum() / weights.sum()
    torch.testing.assert_close(column_loss(logits, truth, seen), expected)


@pytest.mark.parametrize("fresh", [True, False])
def test_every_number_of_curves_is_logged(fresh):
    plan = Schedule(steps=100, minutes=None, fresh=fresh)
    steps = range(loop.LOG_EVERY - 1, 40 * loop.LOG_EVERY, loop.LOG_EVERY)
    logged = {plan.batch_size(i).n_curves for i in steps}
    assert logged == {plan.batch_size(i).n_curves for i in range(100)}


@pytest.mark.usefixtures("tiny")
def test_steps_without_finite_gradients_are_left_out_and_counted(tmp_path, monkeypatch):
    training = loop._Training(_options(tmp_path, 10))
    before = {k: v.clone() for k, v in training.network.named_parameters()}
    batch = make_batch(0, 0, BatchSize(2, 16, 16, 1), TextureBank())
    batch.images[:] = np.nan
    record = training._step(batch)
    assert record["skipped"] == 1
    assert record["gradient_norm"] is None
    for name, value in training.network.named_parameters():
        assert torch.equal(value, before[name])


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("passes", [0, 2, None])
@pytest.mark.parametrize("by_appearance", [0, 1])
def test_every_way_of_own_outputs_trains(tmp_path, monkeypatch, passes, by_appearance):
    monkeypatch.setattr(loop, "BY_APPEARANCE", by_appearance)
    monkeypatch.setattr(Schedule, "own_outputs", lambda *_: passes)
    training = loop._Training(_options(tmp_path, 10))
    batch = make_batch(0, 0, BatchSize(2, 16, 24, 2), TextureBank())
    before = training.network.head1.weight.clone()
    record = training._step(batch)
    assert np.isfinite(record["gradient_norm"])
    assert not torch.equal(training.network.head1.weight, before)


def test_resuming_without_a_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint in .*run"):
        train(replace(_options(tmp_path, 2, resume=True), configuration="compact"))


def test_batches_do_not_depend_on_the_workers():
    size = BatchSize(2, 16, 24, 2)
    streams = [batches(5, 3, lambda i: size, textures=None, exclude=(), workers=n) for n in (0, 2)]
    for _ in range(4):
        here, there = (next(stream) for stream in streams)
        assert np.array_equal(here.images, there.images)
        assert np.array_equal(here.curves, there.curves)
        assert np.array_equal(here.warped, there.warped)
    for stream in streams:
        stream.close()


def test_batch_is_scaled_and_warped():
    batch = make_batch(1, 2, BatchSize(4, 32, 64, 3), TextureBank())
    assert batch.images.shape == (4, 32, 64)
    assert batch.curves.shape == batch.warped.shape == (4, 3, 64)
    assert np.abs(batch.images).max() <= 1
    distance = np.abs(batch.warped - batch.curves)
    assert 0.3 < distance.mean() < 2


@pytest.mark.parametrize("fresh", [True, False])
def test_sizes_stay_within_the_voxels_and_the_memory_that_backward_passes_respect(fresh):
    plan = Schedule(steps=100, minutes=None, batch=8, fresh=fresh)
    sizes = [plan.batch_size(i) for i in range(48)]
    for size in sizes:
        voxels = size.images * size.height * size.width * (size.n_curves + 1)
        assert 0.7 < voxels / (8 * 4 * 64 * 128) < 1.3
        assert size.height <= 96
        assert size.height * size.width <= 64 * 128
    assert {size.n_curves for size in sizes} == {1, 2, 3, 4, 5, 7, 9}


def test_learning_rate_rises_then_falls_to_a_hundredth():
    plan = Schedule(steps=1000, minutes=None, learning_rate=0.1, warmup=100)
    rates = [plan.rate(i, plan.progress(i, 0)) for i in range(1001)]
    assert rates[0] == pytest.approx(0.001, rel=0.01)
    assert 95 <= int(np.argmax(rates)) <= 105
    assert rates[-1] == pytest.approx(0.001)
    assert plan.progress(2000, 0) == 1
    assert Schedule(steps=None, minutes=10).progress(0, 5) == 0.5


def test_averages_follow_the_weights():
    torch.manual_seed(0)
    network = LayeredCNN(Configuration((4, 6), 1))
    averages = Averages(network, decay=0.5)
    start = network.head1.weight.detach().clone()
    with torch.no_grad():
        network.head1.weight += 1
    averages.update(network, step=1000)
    torch.testing.assert_close(averages.network.head1.weight.detach(), start + 0.5)


def _load(path):
    from safetensors.torch import load_file

    return load_file(path)


def test_training_needs_little(tmp_path):
    """Of the packages that we depend on, a training loads only those that a cluster has."""
    program = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"napari", "qtpy", "magicgui", "superqt", "npe2", "typer", "rich",
                                  "matplotlib", "tifffile"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
from pathlib import Path
from napari_layeredcnn.training.loop import TrainingOptions, train
from napari_layeredcnn.training.own_outputs import column_logits
from napari_layeredcnn.training.schedule import Schedule
from napari_layeredcnn.training import validation
from napari_layeredcnn.training.batches import BatchSize
validation.SIZES = (BatchSize(1, 32, 32, 1),)
print(train(TrainingOptions(Path(sys.argv[1]), Schedule(1, None, batch=1))))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert load_model(done.stdout.strip()).card["images_seen"] > 0
