"""Stacks on a local cluster: the same result as here, also when a worker is killed."""

from __future__ import annotations

import itertools
import os
import signal
import sys

import dask.array
import numpy as np
import pytest
import torch
import zarr
from distributed import Client, LocalCluster

from napari_layeredcnn.core import stack_cluster
from napari_layeredcnn.core.decoder import CompletionError, Decoder
from napari_layeredcnn.core.scaling import ImageError
from napari_layeredcnn.core.slices import Slices
from napari_layeredcnn.core.stack import complete_stack, iter_complete_stack
from napari_layeredcnn.core.stack_file import open_stack_file
from napari_layeredcnn.core.weights import load_model

from .stack_cases import SHAPE, small_model, small_seed, small_stack

SEEDS = {1: small_seed()}


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.fixture(scope="module")
def stack():
    return small_stack()


@pytest.fixture
def cluster():
    """Two workers in this process: they are there at once, and can be watched."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as cluster:
        yield cluster


def _result(stack, model, **settings):
    completion = complete_stack(stack, SEEDS, model=model, **settings)
    return completion.curves.tobytes(), completion.uncertainty.tobytes()


@pytest.mark.slow
def test_a_killed_worker_changes_nothing(stack, tmp_path):
    model = load_model()
    expected = complete_stack(stack, SEEDS, model=model, batch=1)
    path = tmp_path / "a.zarr"
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        pids = client.run(os.getpid)
        steps = iter_complete_stack(
            stack, SEEDS, model=model, batch=1, output=path, scheduler=cluster.scheduler_address
        )
        next(steps)
        os.kill(next(iter(pids.values())), signal.SIGKILL)
        rest = list(steps)
    assert [one.done for one in rest] == [2, 3, 4, 5, 6]
    file = open_stack_file(path)
    assert file.finished.all()
    assert np.asarray(file.curves).tobytes() == expected.curves.tobytes()
    assert np.asarray(file.uncertainty).tobytes() == expected.uncertainty.tobytes()
    np.testing.assert_array_equal(np.asarray(file.labels), expected.labels())


def test_workers_read_what_they_see_and_get_the_rest(model, stack, cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = _result(stack, model, batch=2)
    shared = zarr.create_array("in.zarr", data=stack, chunks=(1, *SHAPE[1:]))  # no whole path
    lazy = dask.array.from_zarr(zarr.open_array(tmp_path / "in.zarr", mode="r"))
    monkeypatch.setattr(stack_cluster, "LARGE", stack.nbytes // 2)
    stack_cluster._decoder.cache_clear()
    seen = _watch(monkeypatch)
    for array, by_workers in (
        (shared, True),
        (lazy, True),
        (stack, False),
        (dask.array.from_array(stack), False),
        (zarr.create_array({}, data=stack), False),
    ):
        assert _result(array, model, batch=2, scheduler=cluster.scheduler_address) == expected
        assert seen[-1] is by_workers
    assert stack_cluster._decoder.cache_info().misses == 1  # one process, one set of weights


def _watch(monkeypatch):
    """Whether the workers are given a stack to read, run by run."""
    seen = []
    shared = stack_cluster._shared

    def watching(client, run):
        source = shared(client, run)
        seen.append(source is not None)
        return source

    monkeypatch.setattr(stack_cluster, "_shared", watching)
    return seen


def test_a_stack_that_workers_see_otherwise_is_sent(model, stack, cluster, tmp_path, monkeypatch):
    array = zarr.create_array(tmp_path / "in.zarr", data=stack, chunks=(1, *SHAPE[1:]))
    digest = Slices.digest
    elsewhere = []

    def other(self, index):  # the first is ours, the others those of workers
        elsewhere.append(index)
        return digest(self, index) if len(elsewhere) == 1 else "another folder"

    monkeypatch.setattr(Slices, "digest", other)
    stack_cluster._SEEN.clear()
    seen = _watch(monkeypatch)
    result = _result(array, model, batch=3, scheduler=cluster.scheduler_address)
    assert seen == [False]
    assert result == _result(stack, model, batch=3)


def test_a_batch_too_large_for_a_worker_is_halved(model, stack, cluster, monkeypatch):
    expected = _result(stack, model, batch=1)
    decode = Decoder.decode

    def small(self, images, curves, **options):
        if len(images) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return decode(self, images, curves, **options)

    monkeypatch.setattr(Decoder, "decode", small)
    assert _result(stack, model, batch=3, scheduler=cluster.scheduler_address) == expected


def test_errors_of_workers_are_told_and_the_rest_is_resumed(
    model, stack, cluster, tmp_path, monkeypatch
):
    path, address = tmp_path / "a.zarr", cluster.scheduler_address
    complete = stack_cluster.complete_batch
    settings = {"model": model, "batch": 1, "output": path}

    # All calls from one on fail: a batch of the run before may be going on yet, and be a call more.
    # The second time perhaps a single batch is left, so the first call fails.
    for nth, error, words in (
        (3, ImageError("slice 4 cannot be read"), "slice 4 cannot be read"),
        (1, RuntimeError("no such operator"), r"slice \d \(RuntimeError: no such operator\)"),
    ):
        calls = itertools.count(1)

        def broken(*arguments, calls=calls, nth=nth, error=error, **ways):
            if next(calls) >= nth:
                raise error
            return complete(*arguments, **ways)

        monkeypatch.setattr(stack_cluster, "complete_batch", broken)
        with pytest.raises((CompletionError, ImageError), match=words):
            complete_stack(stack, SEEDS, scheduler=address, resume=True, **settings)
    assert 0 < open_stack_file(path).finished.sum() < 6
    monkeypatch.setattr(stack_cluster, "complete_batch", complete)
    result = complete_stack(stack, SEEDS, scheduler=address, resume=True, **settings)
    assert result.curves.tobytes() == _result(stack, model, batch=1)[0]


def test_closing_early_takes_back_what_was_not_begun(model, stack, cluster, tmp_path):
    path = tmp_path / "a.zarr"
    steps = iter_complete_stack(
        stack, SEEDS, model=model, batch=1, output=path, scheduler=cluster.scheduler_address
    )
    next(steps)
    steps.close()
    assert not [c for c in cluster.scheduler.clients.values() if c.client_key.startswith("Client")]
    assert 0 < open_stack_file(path).finished.sum() < 6


def test_the_batch_follows_the_smallest_worker(model, stack, cluster):
    cost = Decoder(model.network, "cpu").bytes_per_image(56, 35, 3)
    for worker in cluster.scheduler.workers.values():
        worker.memory_limit = 5 * cost
    completion = complete_stack(stack, SEEDS, model=model, scheduler=cluster.scheduler_address)
    assert {len(batch) for batch in completion.batches} == {2}


def test_what_is_missing_is_said(model, stack, monkeypatch):
    monkeypatch.setattr(stack_cluster, "PATIENCE", 0.2)
    settings = {"model": model, "batch": 1}
    with pytest.raises(CompletionError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        complete_stack(stack, SEEDS, scheduler="tcp://127.0.0.1:9", **settings)
    with pytest.raises(CompletionError, match=r"no scheduler answers at nowhere://x"):
        complete_stack(stack, SEEDS, scheduler="nowhere://x", **settings)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster,
        pytest.raises(CompletionError, match="has no workers; start some with `dask worker"),
    ):
        complete_stack(stack, SEEDS, scheduler=cluster.scheduler_address, **settings)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CompletionError, match=r'pip install "napari-layeredcnn\[cluster\]"'):
        complete_stack(stack, SEEDS, scheduler="tcp://127.0.0.1:9", **settings)
