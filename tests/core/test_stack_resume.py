"""A run that stops for any reason leaves finished slices, and goes on to the same bytes."""

from __future__ import annotations

import errno
import shutil
import subprocess
import threading

import numpy as np
import pytest
import torch
import zarr

from napari_layeredcnn.core.decoder import CompletionError, Decoder
from napari_layeredcnn.core.scaling import ImageError
from napari_layeredcnn.core.stack import complete_stack, iter_complete_stack
from napari_layeredcnn.core.stack_file import open_stack_file
from napari_layeredcnn.core.stack_output import StackOutput

from .stack_cases import SHAPE, small_model, small_seed, small_stack

SEEDS = {1: small_seed()}


@pytest.fixture(scope="module")
def settings():
    return {"model": small_model(), "batch": 2}


@pytest.fixture(scope="module")
def stack():
    return small_stack()


@pytest.fixture(scope="module")
def expected(settings, stack):
    return complete_stack(stack, SEEDS, **settings)


def _files(path):
    """Everything in a folder, but for the name of the image."""
    files = {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}
    return {name: data.replace(path.stem.encode(), b"") for name, data in files.items()}


def test_a_run_that_was_closed_early_goes_on(settings, stack, expected, tmp_path):
    complete_stack(stack, SEEDS, output=tmp_path / "whole.zarr", **settings)
    path = tmp_path / "part.zarr"
    threads = {t for t in threading.enumerate() if not _is_zarrs(t)}
    steps = iter_complete_stack(stack, SEEDS, output=path, **settings)
    first = [next(steps).index for _ in range(3)]
    steps.close()
    assert {t for t in threading.enumerate() if not _is_zarrs(t)} == threads
    assert first == [0, 1, 2]
    assert open_stack_file(path).finished.tolist() == [True] * 4 + [False] * 2  # whole batches
    rest = list(iter_complete_stack(stack, SEEDS, output=path, resume=True, **settings))
    assert [(one.index, one.done, one.total) for one in rest] == [(4, 5, 6), (5, 6, 6)]
    result = complete_stack(stack, SEEDS, output=path, resume=True, **settings)  # nothing to do
    assert result.curves.tobytes() == expected.curves.tobytes()
    assert result.uncertainty.tobytes() == expected.uncertainty.tobytes()
    np.testing.assert_array_equal(result.seed_uncertainty, expected.seed_uncertainty)
    assert _files(path) == _files(tmp_path / "whole.zarr")


def _is_zarrs(thread):
    return thread.name.startswith(("zarr", "asyncio"))


def test_resume_begins_where_there_is_nothing(settings, stack, expected, tmp_path):
    begun = tmp_path / "a.zarr.partial"  # of a run that was ended while it made the folder
    begun.mkdir()
    (begun / "zarr.json").write_text("{")
    result = complete_stack(stack, SEEDS, output=tmp_path / "a.zarr", resume=True, **settings)
    assert result.curves.tobytes() == expected.curves.tobytes()
    assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]


def test_seeds_and_range_are_read_and_not_made_again(settings, stack, tmp_path, monkeypatch):
    path = tmp_path / "a.zarr"
    _first(stack, path, settings)

    def never(*arguments, **settings):
        raise AssertionError

    monkeypatch.setattr("napari_layeredcnn.core.stack_run.make_seeds", never)
    monkeypatch.setattr("napari_layeredcnn.core.slices.Slices._range", never)
    complete_stack(stack, SEEDS, output=path, resume=True, **settings)


def _first(stack, path, settings):
    steps = iter_complete_stack(stack, SEEDS, output=path, **settings)
    next(steps)
    steps.close()


@pytest.mark.parametrize("fails_at", [1, 6])
def test_a_batch_that_was_written_in_part_is_written_again(
    settings, stack, expected, tmp_path, monkeypatch, fails_at
):
    path = tmp_path / "a.zarr"
    write, written = StackOutput.write, []

    def ends_early(self, index, labels, curves, uncertainty):
        written.append(index)
        if len(written) == fails_at:
            self._arrays[0][index] = 99
            (path / "0" / "c" / "0.0123abc.partial").touch()  # as an ended zarr leaves it
            raise KeyboardInterrupt
        write(self, index, labels, curves, uncertainty)

    monkeypatch.setattr(StackOutput, "write", ends_early)
    with pytest.raises(KeyboardInterrupt):
        complete_stack(stack, SEEDS, output=path, **settings)
    assert open_stack_file(path).finished.sum() == (fails_at - 1) // 2 * 2
    monkeypatch.setattr(StackOutput, "write", write)
    complete_stack(stack, SEEDS, output=path, resume=True, **settings)
    file = open_stack_file(path)
    assert np.asarray(file.curves).tobytes() == expected.curves.tobytes()
    np.testing.assert_array_equal(np.asarray(file.labels), expected.labels())
    assert not list(path.rglob("*.partial"))


def test_halves_are_stored_and_gone_on_with(settings, stack, tmp_path, monkeypatch):
    path = tmp_path / "a.zarr"
    alone = complete_stack(stack, SEEDS, **settings | {"batch": 1})
    decode = Decoder.decode

    def small(self, images, curves, **options):
        if len(images) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return decode(self, images, curves, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Decoder, "decode", small)
        _first(stack, path, settings)
    assert open_stack_file(path).partition.batches == tuple((i,) for i in range(6))
    result = complete_stack(stack, SEEDS, output=path, resume=True, **settings)
    assert result.batches == alone.batches
    assert result.curves.tobytes() == alone.curves.tobytes()


def test_what_is_left_may_be_parted_smaller_but_not_larger(settings, stack, tmp_path):
    path = tmp_path / "a.zarr"
    _first(stack, path, settings)
    for batch, batches in (
        (4, ((0, 1), (2, 3), (4, 5))),
        (1, ((0, 1), (2, 3), (4,), (5,))),
        (None, ((0, 1), (2, 3), (4,), (5,))),
    ):
        again = settings | {"batch": batch, "output": path, "resume": True}
        steps = iter_complete_stack(stack, SEEDS, **again)
        next(steps)
        steps.close()
        assert open_stack_file(path).partition.batches == batches


def test_a_broken_chunk_keeps_what_is_finished(settings, stack, expected, tmp_path):
    source, path = tmp_path / "in.zarr", tmp_path / "out.zarr"
    array = zarr.create_array(source, data=stack, chunks=(1, *SHAPE[1:]))
    steps = iter_complete_stack(array, SEEDS, output=path, **settings)
    next(steps)
    chunk = source / "c" / "3" / "0" / "0"
    whole = chunk.read_bytes()
    chunk.write_bytes(b"garbage")
    with pytest.raises(ImageError, match="slice 3 of the stack cannot be read"):
        list(steps)
    assert open_stack_file(path).finished.tolist() == [True] * 2 + [False] * 4
    chunk.write_bytes(whole)
    result = complete_stack(array, SEEDS, output=path, resume=True, **settings)
    assert result.curves.tobytes() == expected.curves.tobytes()


@pytest.fixture
def small_disk(tmp_path):
    """Function (kilobytes) -> folder on a disk of that size, or the same folder resized."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = []

    def resize(kilobytes):
        options = f"{'remount,' if mounted else ''}size={kilobytes}k"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root may mount a small disk")
        mounted.append(folder)
        return folder

    yield resize
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_keeps_what_is_finished(settings, stack, expected, small_disk):
    path = small_disk(64) / "a.zarr"  # room for three slices
    with pytest.raises(CompletionError, match=r"a\.zarr cannot be written \(No space left on"):
        complete_stack(stack, SEEDS, output=path, **settings)
    file = open_stack_file(path)
    assert file.finished.tolist() == [True] * 2 + [False] * 4
    np.testing.assert_array_equal(np.asarray(file.curves[:2]), expected.curves[:2])
    small_disk(1000)
    result = complete_stack(stack, SEEDS, output=path, resume=True, **settings)
    assert result.curves.tobytes() == expected.curves.tobytes()


def test_a_disk_too_small_to_begin(settings, stack, small_disk):
    folder = small_disk(8)
    with pytest.raises(CompletionError, match="make room or choose another place"):
        complete_stack(stack, SEEDS, output=folder / "a.zarr", **settings)
    assert not list(folder.iterdir())


def test_a_mark_that_cannot_be_written_leaves_the_old_one(settings, stack, tmp_path, monkeypatch):
    path = tmp_path / "a.zarr"
    steps = iter_complete_stack(stack, SEEDS, output=path, **settings)
    next(steps), next(steps)
    before = (path / "zarr.json").read_bytes()

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("napari_layeredcnn.core.stack_output.os.fsync", full)
    with pytest.raises(CompletionError, match=r"No space left on device.*resume"):
        next(steps)
    assert (path / "zarr.json").read_bytes() == before
    assert not (path / "zarr.json.partial").exists()
