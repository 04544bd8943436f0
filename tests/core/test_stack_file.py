"""A completed stack in zarr: what is in it, and which outputs are written or gone on with."""

from __future__ import annotations

import subprocess
import sys

import dask.array
import numpy as np
import pytest
import torch
import zarr

from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.network import Configuration, LayeredCNN
from napari_layeredcnn.core.stack import complete_stack, iter_complete_stack
from napari_layeredcnn.core.stack_file import open_stack_file
from napari_layeredcnn.core.stack_output import labels_dtype
from napari_layeredcnn.core.stack_seeds import seeds_for_stack
from napari_layeredcnn.core.weights import Model, load_model

from .stack_cases import IDS, SHAPE, small_model, small_seed, small_stack

SEEDS = {1: small_seed()}


@pytest.fixture(scope="module")
def model():
    return load_model()


@pytest.fixture(scope="module")
def stack():
    return small_stack()


@pytest.fixture(scope="module")
def small():
    return small_model()


def test_the_file_holds_the_result(model, stack, tmp_path):
    path = tmp_path / "out.zarr"
    units = ("micrometer", "nanometer", "nanometer")
    settings = {"model": model, "batch": 4, "direction": "down", "slices": [1, 2, 0, 5, 4]}
    seeds = {1: small_seed((32,), (12, 25), (40, 64))}
    result = complete_stack(stack, seeds, output=path, scale=(2, 0.5, 0.5), units=units, **settings)
    memory = complete_stack(stack, seeds, **settings)
    file = open_stack_file(path)
    for one in (result.curves, np.asarray(file.curves)):
        assert one.tobytes() == memory.curves.tobytes()
    for one in (result.uncertainty, np.asarray(file.uncertainty)):
        assert one.tobytes() == memory.uncertainty.tobytes()
    np.testing.assert_array_equal(np.asarray(file.labels), memory.labels())
    assert np.isnan(result.curves[3]).all()
    assert (file.labels[3] == 0).all()
    assert file.finished.tolist() == [True, True, True, False, True, True]
    np.testing.assert_array_equal(file.seed_uncertainty, memory.seed_uncertainty)
    np.testing.assert_array_equal(file.seeds[1], seeds[1].curves)
    assert file.labels.dtype == np.uint8
    assert file.labels.chunks == (1, *SHAPE[1:])
    assert (file.labels.shape, file.curves.shape) == (SHAPE, (6, 2, 64))
    assert (file.scale, file.units) == ((2, 0.5, 0.5), units)
    assert (file.region_ids, file.transposed, file.labelled) == (IDS, True, (1,))
    assert (file.model_name, file.grid) == ("compact", memory.grid)
    assert file.partition.batches == result.batches == ((1, 2, 0, 5), (4,))
    assert file.settings["direction"] == "down"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.zarr"]
    assert not list(path.rglob("*.partial"))


def test_the_file_is_an_ome_zarr_label_image(small, stack, tmp_path):
    complete_stack(stack, SEEDS, model=small, output=tmp_path / "a.zarr", scale=(3, 1, 2))
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    assert group.metadata.zarr_format == 3
    ome = group.attrs["ome"]
    assert ome["version"] == "0.5"
    (image,) = ome["multiscales"]
    assert image["axes"] == [{"name": name, "type": "space"} for name in "zyx"]
    (level,) = image["datasets"]
    assert level["coordinateTransformations"] == [{"type": "scale", "scale": [3, 1, 2]}]
    assert group[level["path"]].metadata.dimension_names == ("z", "y", "x")
    assert [entry["label-value"] for entry in ome["image-label"]["properties"]] == list(IDS)
    assert open_stack_file(tmp_path / "a.zarr").units is None


def test_dask_and_zarr_give_what_numpy_gives(small, stack, tmp_path):
    expected = complete_stack(stack, SEEDS, model=small)
    arrays = (
        zarr.create_array(tmp_path / "in.zarr", data=stack, chunks=(1, *SHAPE[1:])),
        dask.array.from_array(stack, chunks=(4, 20, 20)),
        list(stack),
    )
    for place, array in enumerate(arrays):
        result = complete_stack(array, SEEDS, model=small, output=tmp_path / f"{place}.zarr")
        assert result.curves.tobytes() == expected.curves.tobytes()


@pytest.mark.parametrize(
    ("ids", "dtype"),
    [
        ((1, 255), "uint8"),
        ((0, 256), "uint16"),
        ((1, 2**16), "uint32"),
        ((1, 2**32), "uint64"),
        ((-1, 100), "int8"),
        ((-1, 200), "int16"),
        ((-1, 2**40), "int64"),
    ],
)
def test_labels_take_the_smallest_type(ids, dtype):
    assert labels_dtype(ids) == dtype


def test_ids_of_no_integer_type():
    with pytest.raises(CompletionError, match="fit no integer type"):
        labels_dtype((-1, 2**63))


def test_large_ids_are_kept(small, stack, tmp_path):
    seeds = {1: small_seed(ids=(300, 70_000, 2))}
    complete_stack(stack, seeds, model=small, output=tmp_path / "a.zarr")
    labels = np.asarray(open_stack_file(tmp_path / "a.zarr").labels)
    assert labels.dtype == np.uint32
    assert set(np.unique(labels)) == {300, 70_000, 2}


def test_a_previous_result_is_in_the_file_too(small, stack, tmp_path):
    previous = complete_stack(stack, SEEDS, model=small, slices=[0, 1, 2, 3])
    path = tmp_path / "a.zarr"
    seeds = {3: small_seed(heights=(25, 40))}
    result = complete_stack(
        stack, seeds, model=small, slices=[3, 4], previous=previous, output=path
    )
    file = open_stack_file(path)
    assert file.finished.tolist() == [True] * 5 + [False]
    np.testing.assert_array_equal(result.curves[:3], previous.curves[:3])
    np.testing.assert_array_equal(result.curves[3, :, 20], [25, 40])
    np.testing.assert_array_equal(np.asarray(file.labels)[:5], result.labels()[:5])
    np.testing.assert_array_equal(result.seed_uncertainty[:3], previous.seed_uncertainty[:3])


def test_one_slice_and_all_slices_labelled(small, stack, tmp_path):
    one = complete_stack(stack[:1], {0: small_seed()}, model=small, output=tmp_path / "1.zarr")
    assert one.curves.shape == (1, 2, 40)
    assert open_stack_file(tmp_path / "1.zarr").finished.all()
    seeds = {i: small_seed((3 + i,)) for i in range(len(stack))}
    every = complete_stack(stack, seeds, model=small, output=tmp_path / "all.zarr")
    file = open_stack_file(tmp_path / "all.zarr")
    assert file.labelled == tuple(range(6))
    for i in range(6):
        np.testing.assert_array_equal(file.curves[i, :, 3 + i], [20, 44])
    assert (every.seed_uncertainty == 0).all()


def test_nothing_is_written_over(small, stack, tmp_path):
    (tmp_path / "a.zarr").mkdir()
    kept = tmp_path / "a.zarr" / "thesis.txt"
    kept.write_text("all of it")
    settings = {"model": small, "output": tmp_path / "a.zarr"}
    with pytest.raises(CompletionError, match=r"a\.zarr is there already; resume.*another name"):
        complete_stack(stack, SEEDS, **settings)
    with pytest.raises(CompletionError, match=r"a\.zarr is no completed stack"):
        complete_stack(stack, SEEDS, resume=True, **settings)
    assert [p.name for p in (tmp_path / "a.zarr").iterdir()] == ["thesis.txt"]


def test_a_file_of_a_later_version(small, stack, tmp_path):
    path = tmp_path / "a.zarr"
    complete_stack(stack, SEEDS, model=small, output=path)
    text = (path / "zarr.json").read_text()
    (path / "zarr.json").write_text(
        text.replace('"layeredcnn": {"version": 1', '"layeredcnn": {"version": 2')
    )
    with pytest.raises(CompletionError, match="which this one cannot read"):
        open_stack_file(path)


def _other_weights():
    torch.manual_seed(1)
    return Model(LayeredCNN(Configuration((2, 2), 1)).eval(), {}, "own")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": _other_weights()}, r"another weights \("),
        ({"direction": "right"}, "another direction.*horizontal, now right"),
        ({"region_thickness": 9.0}, "another region thickness.*None, now 9.0"),
        ({"across": "plane"}, "another across.*aligned, now plane"),
        ({"slices": [0, 1]}, "another slices"),
        ({"stack": small_stack()[:5]}, r"another shape \(\[6, 64, 40\], now \[5, 64, 40\]\)"),
        ({"stack": small_stack().astype(np.int16)}, "another pixel type.*uint8, now int16"),
        ({"stack": small_stack()[::-1]}, "another content of the first labelled slice"),
        ({"seeds": {2: small_seed()}}, "another content of the first labelled slice"),
        (
            {"seeds": {1: small_seed(), 2: small_seed()}},
            r"other labelled slices.*\[1\], now \[1, 2",
        ),
        ({"seeds": {1: small_seed(heights=(21, 44))}}, "another seed in slice 1"),
        ({"seeds": {1: small_seed(ids=(1, 2, 3))}}, r"other regions \(\[5, 9, 2\], now \[1, 2, 3"),
    ],
)
def test_another_run_does_not_go_on_with_an_output(small, stack, tmp_path, change, words):
    path = tmp_path / "a.zarr"
    arguments = {"stack": stack, "seeds": SEEDS, "model": small, "output": path, "batch": 3}
    steps = iter_complete_stack(arguments.pop("stack"), arguments.pop("seeds"), **arguments)
    next(steps)
    steps.close()
    before = {p: p.stat().st_mtime_ns for p in path.rglob("*")}
    arguments = {"stack": stack, "seeds": SEEDS} | arguments | {"resume": True} | change
    with pytest.raises(CompletionError, match=f"a.zarr was begun with {words}.*another name"):
        complete_stack(arguments.pop("stack"), arguments.pop("seeds"), **arguments)
    assert {p: p.stat().st_mtime_ns for p in path.rglob("*")} == before


def test_seeds_for_all_slices_are_compared_too(small, stack, tmp_path):
    seeds = seeds_for_stack(stack, SEEDS, model=small)
    settings = {"model": small, "output": tmp_path / "a.zarr"}
    complete_stack(stack, seeds, **settings)
    assert not list(iter_complete_stack(stack, seeds, resume=True, **settings))
    seeds.uncertainty[3] += 1
    with pytest.raises(CompletionError, match="seeds of another uncertainty"):
        complete_stack(stack, seeds, resume=True, **settings)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scale": (1, 1)}, "give three positive numbers"),
        ({"scale": (1, 0, 1)}, "give three positive numbers"),
        ({"units": "micrometer"}, "give three names"),
        ({"output": None, "resume": True}, "only a run with an output can be resumed"),
        ({"output": "no/such/folder.zarr"}, r"folder\.zarr cannot be written \(there is no folder"),
        ({"slices": [1, 1]}, "name each slice once"),
        ({"seeds": {}}, "no slice is labelled"),
    ],
)
def test_what_cannot_be_begun_leaves_nothing(small, stack, tmp_path, monkeypatch, change, words):
    monkeypatch.chdir(tmp_path)
    arguments = {"seeds": SEEDS, "model": small, "output": "a.zarr"} | change
    with pytest.raises(CompletionError, match=words):
        complete_stack(stack, arguments.pop("seeds"), **arguments)
    assert not list(tmp_path.iterdir())


def test_zarr_is_loaded_only_when_it_is_needed():
    code = (
        "import sys, numpy as np; from napari_layeredcnn import complete, complete_stack;"
        "import napari_layeredcnn.core.stack_begin;"
        "complete(np.eye(64, 9), np.full((1, 9), 30.0));"
        "sys.exit(bool({'zarr', 'dask', 'distributed'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
