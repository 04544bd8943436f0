from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from napari_layeredcnn.cli import app, whole_stack
from napari_layeredcnn.cli.folder import images_and_seeds
from napari_layeredcnn.core import completion as completion_module
from napari_layeredcnn.core import weights
from napari_layeredcnn.core.completion import complete
from napari_layeredcnn.core.label_seeds import seed_from_regions
from napari_layeredcnn.core.stack_file import open_stack_file
from napari_layeredcnn.files import read_curves, read_label_stack, read_labels, write_curves

from .stacks import make_labels, make_stack, save_random_model

OPTIONS = ("--model", "../random.safetensors", "--device", "cpu")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Two images and a stack with seeds; an image without one; one that cannot be read."""
    folder = tmp_path_factory.mktemp("folder")
    save_random_model(folder / "random.safetensors")
    for name in ("scans", "begun"):
        (folder / name).mkdir()
    stack, labels = make_stack(), make_labels()
    tifffile.imwrite(folder / "scans" / "a.ome.tif", stack[1])
    np.save(folder / "scans" / "b.npy", stack[3])
    tifffile.imwrite(folder / "scans" / "c.tif", stack, photometric="minisblack")
    tifffile.imwrite(folder / "begun" / "a.layers.tif", labels[1])
    seed = seed_from_regions(labels[3])
    write_curves(folder / "begun" / "b.curves.csv", seed.curves, region_ids=seed.region_ids)
    np.save(folder / "begun" / "c.npy", labels)
    return folder


@pytest.fixture
def folder(inputs, tmp_path, monkeypatch):
    shutil.copytree(inputs, tmp_path, dirs_exist_ok=True)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def run(*words, options=OPTIONS):
    words = ("segment-folder", "../scans", *words, *options)
    return CliRunner().invoke(app, list(map(str, words)), env={"COLUMNS": "160"})


def row(result, name):
    """Return the cells of an image's row."""
    (line,) = [line for line in result.stdout.splitlines() if f" {name} " in line]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_every_file_from_its_own_seed(folder, inputs, monkeypatch):
    loaded = []
    real = weights.load_model
    monkeypatch.setattr(weights, "load_model", lambda name: loaded.append(name) or real(name))
    result = run("--seeds", "../begun", "-o", "out/new", "--to", "tif", "--to", "csv")
    assert result.exit_code == 0, result.output
    assert loaded == ["../random.safetensors"]
    assert result.stdout.endswith("3 done, 0 done before, 0 failed.\n")
    names = [f"{name}.{kind}" for name in "abc" for kind in ("curves.csv", "layers.tif")]
    out = folder / "here" / "out" / "new"
    assert sorted(path.name for path in out.iterdir()) == names
    stack, labels = make_stack(), make_labels()
    for name, index in (("a", 1), ("b", 3)):
        seed = seed_from_regions(labels[index])
        expected = complete(stack[index], seed, model=inputs / "random.safetensors")
        np.testing.assert_array_equal(read_labels(out / f"{name}.layers.tif"), expected.labels())
        np.testing.assert_array_equal(
            read_curves(out / f"{name}.curves.csv").curves, expected.curves
        )
        image = {"a": "a.ome.tif", "b": "b.npy"}[name]
        _, slices, curves, seconds, uncertainty, said = row(result, image)
        assert (slices, curves, said) == ("1", "2", "done")
        assert float(seconds) < 100
        assert float(uncertainty) == pytest.approx(expected.uncertainty.mean(), abs=0.006)
    command = ("segment", "../scans/c.tif", "--seed", "../begun/c.npy", "-o", "c.tif", *OPTIONS)
    assert CliRunner().invoke(app, command).exit_code == 0
    np.testing.assert_array_equal(read_label_stack(out / "c.layers.tif"), read_label_stack("c.tif"))
    assert row(result, "c.tif")[1:3] == ["5", "2"]


@pytest.fixture
def images_alone(folder):
    (folder / "scans" / "c.tif").unlink()
    return folder


def test_quick_makes_one_run(images_alone, inputs):
    assert run("--seeds", "../begun", "-o", "out", "--to", "csv", "--quick").exit_code == 0
    seed = seed_from_regions(make_labels()[1])
    quick, thorough = (
        complete(make_stack()[1], seed, model=inputs / "random.safetensors", thorough=thorough)
        for thorough in (False, True)
    )
    found = read_curves(images_alone / "here" / "out" / "a.curves.csv").curves
    np.testing.assert_array_equal(found, quick.curves)
    assert (found != thorough.curves).any()


def test_what_is_done_is_skipped(images_alone, monkeypatch):
    words = ("--seeds", "../begun", "-o", "out")
    assert run(*words).exit_code == 0
    first = {path.name: path.stat().st_mtime_ns for path in (images_alone / "here/out").iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(completion_module, "iter_complete", None)  # nothing is computed
        result = run(*words)
    assert result.exit_code == 0, result.output
    assert row(result, "b.npy")[-1] == "done before"
    assert result.stdout.endswith("0 done, 2 done before, 0 failed.\n")
    result = run(*words, "--to", "npz", "--to", "tif")  # what is missing is added
    assert result.stdout.endswith("2 done, 0 done before, 0 failed.\n")
    now = {path.name: path.stat().st_mtime_ns for path in (images_alone / "here/out").iterdir()}
    assert first.items() < now.items()
    assert run(*words, "--overwrite").exit_code == 0
    assert (images_alone / "here/out/a.layers.tif").stat().st_mtime_ns > first["a.layers.tif"]


def test_failures_do_not_stop_the_others(images_alone):
    scans = images_alone / "scans"
    (scans / "broken.tif").write_text("no image")
    np.save(scans / "small.npy", make_stack()[1, :, :9])
    np.save(images_alone / "begun" / "small.npy", make_labels()[1])
    np.save(scans / "lonely.npy", make_stack()[1])
    np.save(scans / "twice.npy", make_stack()[1])
    for name in ("twice.npy", "twice.layers.tif", "broken.tif"):
        shutil.copy(images_alone / "begun" / "a.layers.tif", images_alone / "begun" / name)
    np.save(scans / "flat.npy", make_stack()[1] * 0)
    shutil.copy(images_alone / "begun" / "a.layers.tif", images_alone / "begun" / "flat.tif")
    (scans / "notes.txt").write_text("no image at all")
    (scans / ".hidden.npy").write_text("nor this one")
    result = run("--seeds", "../begun", "-o", "out")
    assert result.exit_code == 1
    assert result.stdout.endswith("2 done, 0 done before, 5 failed.\n")
    said = " ".join(result.stdout.replace("│", " ").split())
    for failure in ("cannot be read", "has no seed for it", "several seeds", "48 x 64 pixels"):
        assert failure in said
    assert row(result, "a.ome.tif")[-1] == row(result, "b.npy")[-1] == "done"
    out = images_alone / "here" / "out"
    assert sorted(path.name for path in out.iterdir()) == ["a.layers.tif", "b.layers.tif"]
    again = run("--seeds", "../begun", "-o", "out")
    assert again.exit_code == 1
    assert again.stdout.endswith("0 done, 2 done before, 5 failed.\n")


def test_one_seed_for_all(images_alone, monkeypatch):
    seen = []

    def fake(image, seed, **options):
        seen.append(seed.columns.tolist())
        raise ValueError("enough")
        yield

    monkeypatch.setattr(completion_module, "iter_complete", fake)
    result = run("--seeds", "../begun/a.layers.tif", "-o", "out", "--to", "tif")
    assert result.exit_code == 1
    assert seen == [[20, 21, 22]] * 2
    assert row(result, "b.npy")[-1] == "enough."


def test_images_and_seeds_in_one_folder(images_alone, monkeypatch):
    for name in ("a.layers.tif", "b.curves.csv"):
        shutil.move(images_alone / "begun" / name, images_alone / "scans" / name)
    result = run("--seeds", "../scans", "-o", "out")
    assert result.stdout.endswith("2 done, 0 done before, 0 failed.\n")
    before = (images_alone / "scans" / "a.layers.tif").read_bytes()
    result = run("--seeds", "../scans", "-o", "../scans", "--overwrite")
    assert "1 done, 0 done before, 1 failed" in result.stdout
    assert "is an input and is never written over" in " ".join(row(result, "a.ome.tif"))
    assert (images_alone / "scans" / "a.layers.tif").read_bytes() == before


def test_results_beside_the_images_are_no_images(folder):
    scans = folder / "scans"
    for name in ("a.layers.tif", "a.overlay.png", "a.curves.csv"):
        (scans / name).write_text("")
    for name in ("c.layers.zarr", "c.layers.zarr.partial"):
        (scans / name).mkdir()
        (scans / name / "zarr.json").write_text("{}")
    found = images_and_seeds(scans, folder / "begun")
    assert [(one.image.name, one.name) for one in found] == [
        ("a.ome.tif", "a"),
        ("b.npy", "b"),
        ("c.tif", "c"),
    ]
    seeds = [one.seed(folder / "begun").name for one in found]
    assert seeds == ["a.layers.tif", "b.curves.csv", "c.npy"]


def test_an_interrupted_stack_goes_on(folder, monkeypatch):
    for name in ("a.ome.tif", "b.npy"):
        (folder / "scans" / name).unlink()
    real = whole_stack.iter_complete_stack

    def ending(*args, **options):
        for step in real(*args, **options):
            yield step
            if step.done == 3:
                raise KeyboardInterrupt

    words = ("--seeds", "../begun", "-o", "out", "--to", "zarr", "--batch", 2)
    with monkeypatch.context() as patch:
        patch.setattr(whole_stack, "iter_complete_stack", ending)
        run(*words)
    file = open_stack_file("out/c.layers.zarr")
    assert 0 < file.finished.sum() < 5
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert row(result, "c.tif")[1:] != ["", "", "", "", "done before"]
    assert open_stack_file("out/c.layers.zarr").finished.all()
    result = run(*words)
    assert row(result, "c.tif")[1:] == ["", "", "", "", "done before"]


def test_outputs_that_do_not_fit(folder, monkeypatch):
    result = run("--seeds", "../begun", "-o", "out", "--to", "zarr", "--direction", "right")
    assert result.exit_code == 1
    assert "1 done, 0 done before, 2 failed" in result.stdout
    assert "A .zarr is written for whole stacks" in " ".join(result.stdout.split())
    result = run("--seeds", "../begun", "-o", "out", "--to", "png")
    assert "2 done, 0 done before, 1 failed" in result.stdout
    assert "A .png shows one slice" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("../none", "--seeds", "../begun"), "../none is no folder of images"),
        (("../scans/b.npy", "--seeds", "../begun"), "is no folder of images"),
        (("../scans", "--seeds", "../none"), "../none does not exist"),
        (("../empty", "--seeds", "../begun"), "../empty has no images"),
        (("../twins", "--seeds", "../begun"), "whose results would have one name"),
        (("../scans", "--seeds", "../begun", "--model", "none"), "none"),
    ],
)
def test_wrong_input_is_one_sentence(folder, words, said):
    for name in ("empty", "twins"):
        (folder / name).mkdir()
    for name in ("a.npy", "a.ome.tif"):
        (folder / "twins" / name).write_text("")
    result = CliRunner().invoke(app, ["segment-folder", *words, "-o", "out"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert said in result.stderr


def test_wrong_usage_exits_with_two(folder):
    for words in (("--to", "jpg"), ("--center", "1", "2"), ("--memory", "x"), ("--resume",)):
        assert run("--seeds", "../begun", "-o", "out", *words).exit_code == 2
