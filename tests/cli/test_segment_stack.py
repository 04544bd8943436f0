from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image
from typer.testing import CliRunner

from napari_layeredcnn.cli import app, whole_stack
from napari_layeredcnn.core.label_seeds import seed_from_regions
from napari_layeredcnn.core.stack import complete_stack
from napari_layeredcnn.core.stack_file import open_stack_file
from napari_layeredcnn.files import (
    Place,
    read_curves,
    read_label_stack,
    read_labels_file,
    write_curves,
)

from .stacks import IDS, LABELLED, H, S, W, make_labels, make_stack, save_random_model

OPTIONS = ("--model", "random.safetensors", "--device", "cpu")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    save_random_model(folder / "random.safetensors")
    stack, labels = make_stack(), make_labels()
    notes = {"axes": "ZYX", "spacing": 3.0, "unit": "micron"}
    tifffile.imwrite(folder / "stack.tif", stack, imagej=True, resolution=(2, 4), metadata=notes)
    tifffile.imwrite(folder / "packed.tif", stack, compression="zlib", photometric="minisblack")
    np.save(folder / "stack.npy", stack)
    np.save(folder / "turned.npy", stack.swapaxes(1, 2))
    np.save(folder / "begun.npy", labels)
    np.save(folder / "turned_begun.npy", labels.swapaxes(1, 2))
    tifffile.imwrite(folder / "begun.tif", labels, compression="zlib", photometric="minisblack")
    tifffile.imwrite(folder / "one.tif", labels[1])
    np.save(folder / "image.npy", stack[1])
    for version in (2, 3):
        array = zarr.create_array(folder / f"v{version}.zarr", data=stack, zarr_format=version)
        assert array.shape == (S, H, W)
    zarr.create_array(folder / "begun.zarr", data=labels)
    return folder


@pytest.fixture
def folder(inputs, tmp_path, monkeypatch):
    shutil.copytree(inputs, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def direct(inputs, labelled=LABELLED, **options):
    labels = make_labels()
    seeds = {i: seed_from_regions(labels[i]) for i in labelled}
    model = inputs / "random.safetensors"
    return complete_stack(make_stack(), seeds, model=model, device="cpu", **options)


@pytest.fixture(scope="module")
def expected(inputs):
    return direct(inputs)


def run(*arguments):
    return CliRunner().invoke(app, ["segment", *map(str, arguments), *OPTIONS])


def error_of(result):
    """Check that a run failed with one sentence on stderr, and give it."""
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def usage_error_of(result):
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.replace("│", " ").split())


def same(completion, path):
    """Check curves in a file against a completion."""
    table = read_curves(path)
    np.testing.assert_array_equal(table.curves, completion.curves)
    np.testing.assert_array_equal(table.uncertainty, completion.uncertainty)
    assert table.region_ids == completion.region_ids
    assert table.slices == tuple(range(S))
    return table


def test_every_ending_is_written(folder, expected):
    outs = ["a.tif", "a.layers.tif", "a.csv", "a.npz", "a.zarr"]
    result = run("stack.tif", "--seed", "begun.tif", *(a for out in outs for a in ("-o", out)))
    assert result.exit_code == 0, result.output
    assert "2 curves over 64 columns of 5 slices from 2 labelled slices (random)." in result.stdout
    assert all(f"Wrote {out}" in result.stdout for out in outs)
    assert read_label_stack("a.tif").dtype == np.uint16
    for out in ("a.tif", "a.layers.tif", "a.zarr"):
        np.testing.assert_array_equal(read_label_stack(out), expected.labels())
    for out in ("a.csv", "a.npz"):
        same(expected, out)
    file = open_stack_file("a.zarr")
    np.testing.assert_array_equal(file.curves[:], expected.curves)
    assert file.finished.all()


def test_the_size_of_pixels_and_slices_goes_along(folder):
    outs = ["a.tif", "a.layers.tif", "a.csv", "a.zarr"]
    run("stack.tif", "--seed", "begun.tif", *(a for out in outs for a in ("-o", out)))
    place = Place(scale=(3.0, 0.25, 0.5), units=("micrometer",) * 3)
    assert read_labels_file("a.layers.tif").place == place
    assert read_curves("a.csv").place == place
    file = open_stack_file("a.zarr")
    assert (file.scale, file.units) == (place.scale, place.units)
    with tifffile.TiffFile("a.tif") as tiff:
        assert tiff.imagej_metadata["spacing"] == 3
        assert tiff.imagej_metadata["slices"] == S
        assert tiff.pages[0].tags["XResolution"].value == (2, 1)


@pytest.fixture
def calls(monkeypatch):
    """Keep what the library is asked for, and do nothing."""
    seen = []

    def refuse(stack, seeds, **options):
        seen.append((stack, seeds, options))
        raise ValueError("no")
        yield

    monkeypatch.setattr(whole_stack, "iter_complete_stack", refuse)
    return seen


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        ("stack.tif", "memmap"),
        ("packed.tif", "TiffPages"),
        ("stack.npy", "memmap"),
        ("v2.zarr", "ZarrArray"),
        ("v3.zarr", "ZarrArray"),
    ],
)
def test_images_of_all_kinds_are_not_read_whole(folder, calls, image, kind):
    assert "no." in error_of(run(image, "--seed", "begun.npy", "-o", "a.npz"))
    ((stack, _, _),) = calls
    assert type(stack).__name__ == kind
    np.testing.assert_array_equal(stack[:], make_stack())


@pytest.mark.parametrize(
    "words",
    [
        ("begun.tif",),
        ("begun.zarr",),
        ("all.csv",),
        ("one.tif", "--seed-slice", 1),
        ("one.npz", "--seed-slice", 1),
    ],
)
def test_seeds_of_all_kinds(folder, calls, words):
    expected = {i: seed_from_regions(make_labels()[i]) for i in LABELLED}
    write_curves("one.npz", expected[1].curves, region_ids=IDS)
    curves = np.full((3, 2, W), np.nan)
    curves[:2] = [seed.curves for seed in expected.values()]
    write_curves("all.csv", curves, slices=[*LABELLED, 4], region_ids=IDS)
    assert "no." in error_of(run("stack.npy", "--seed", *words, "-o", "a.npz"))
    ((_, seeds, _),) = calls
    assert list(seeds) == ([1] if "--seed-slice" in words else list(LABELLED))
    for index, seed in seeds.items():
        np.testing.assert_array_equal(seed.curves, expected[index].curves)
        assert (seed.region_ids, seed.height) == (IDS, H)


def test_curves_that_run_down_the_slices(folder, expected):
    words = ("--direction", "vertical", "-o", "a.tif", "-o", "a.npz", "-o", "a.zarr")
    result = run("turned.npy", "--seed", "turned_begun.npy", *words)
    assert result.exit_code == 0, result.output
    assert same(expected, "a.npz").transposed
    for out in ("a.tif", "a.zarr"):
        np.testing.assert_array_equal(read_label_stack(out), expected.labels().swapaxes(1, 2))


def test_some_slices_alone(folder, inputs):
    words = ("--slices", "2:4", "-o", "a.tif", "-o", "a.csv", "-o", "a.zarr")
    result = run("stack.npy", "--seed", "begun.npy", *words)
    assert result.exit_code == 0, result.output
    assert "of 2 slices" in result.stdout
    expected = direct(inputs, slices=[2, 3])
    np.testing.assert_array_equal(read_label_stack("a.tif"), expected.labels())
    table = read_curves("a.csv")
    assert table.slices == (2, 3)
    np.testing.assert_array_equal(table.curves, expected.curves[2:4])
    for beyond in ("3:6", "5:"):
        result = run("stack.npy", "--seed", "begun.npy", "--slices", beyond, "-o", "b.tif")
        assert f"--slices {beyond} goes beyond the stack, which has the" in error_of(result)


def test_options_reach_the_library(folder, calls):
    result = run(
        *("v3.zarr", "--seed", "begun.npy", "-o", "a.zarr", "--across", "plane"),
        *("--memory", "2GB", "--batch", 3, "--scheduler", "tcp://here:1", "--stop-above", 2.5),
        *("--resume", "--slices", ":4", "--region-thickness", 9, "--direction", "left"),
    )
    assert "no." in error_of(result)
    ((_, _, options),) = calls
    assert options == {
        "across": "plane",
        "memory": 2 * 10**9,
        "batch": 3,
        "scheduler": "tcp://here:1",
        "stop_above": 2.5,
        "output": Path("a.zarr"),
        "resume": True,
        "scale": None,
        "units": None,
        "slices": range(4),
        "region_thickness": 9.0,
        "direction": "left",
        "model": "random.safetensors",
        "device": "cpu",
    }


def test_stopping_where_seeds_are_uncertain(folder, inputs):
    words = ("stack.npy", "--seed", "one.tif", "--seed-slice", 1, "-o", "a.npz", "-o", "a.zarr")
    uncertainty = direct(inputs, labelled=(1,)).seed_uncertainty
    limit = float(uncertainty[2:].min()) / 2
    result = run(*words, "--stop-above", limit)
    assert result.exit_code == 0, result.output
    expected = direct(inputs, labelled=(1,), stop_above=limit)
    done = [i for i in range(S) if i not in expected.left_out]
    assert 1 in done
    assert set(done) <= {0, 1}
    assert read_curves("a.npz").slices == tuple(done)
    assert "Left empty, as their seeds are too uncertain: slices " in result.stdout
    assert "2 to 4.\n" in result.stdout
    result = run(*words[:-4], "-o", "b.npz", "--slices", "3:", "--stop-above", limit)
    assert "No slice was completed" in error_of(result)
    assert not Path("b.npz").exists()


class TestGoingOn:
    WORDS = ("stack.npy", "--seed", "begun.npy", "-o", "a.zarr", "--batch", 2)

    @pytest.fixture
    def interrupted(self, folder, monkeypatch):
        """End a run after its first batch."""
        real = whole_stack.iter_complete_stack

        def ending(*args, **options):
            steps = real(*args, **options)
            for step in steps:
                yield step
                if step.done == 3:
                    steps.close()
                    raise OSError("the lights went out")

        with monkeypatch.context() as patch:
            patch.setattr(whole_stack, "iter_complete_stack", ending)
            result = run(*self.WORDS)
        assert result.exit_code == 1
        assert result.stderr == (
            "Finished slices are kept in a.zarr: add --resume to go on from there.\n"
            "Error: the lights went out.\n"
        )
        assert 0 < open_stack_file("a.zarr").finished.sum() < S

    def test_resume(self, interrupted, inputs):
        assert "add --resume to go on with it" in error_of(run(*self.WORDS))
        result = run(*self.WORDS, "--resume", "-o", "a.npz", "-o", "a.tif")
        assert result.exit_code == 0, result.output
        expected = direct(inputs, batch=2)
        same(expected, "a.npz")
        for out in ("a.tif", "a.zarr"):
            np.testing.assert_array_equal(read_label_stack(out), expected.labels())

    def test_resume_with_other_settings(self, interrupted):
        before = open_stack_file("a.zarr").finished.sum()
        result = run(*self.WORDS, "--resume", "--across", "copy")
        assert "was begun with another" in result.stderr
        assert open_stack_file("a.zarr").finished.sum() == before

    def test_overwrite(self, interrupted, inputs):
        result = run(*self.WORDS, "--overwrite")
        assert result.exit_code == 0, result.output
        np.testing.assert_array_equal(
            open_stack_file("a.zarr").curves[:], direct(inputs, batch=2).curves
        )
        assert not list(Path().glob(".layeredcnn-*"))

    def test_what_was_there_comes_back_if_nothing_is_begun(self, interrupted):
        before = open_stack_file("a.zarr").finished.sum()
        result = run(*self.WORDS[:-2], "--overwrite", "--memory", "1kB")
        assert "one slice needs about" in error_of(result)
        assert open_stack_file("a.zarr").finished.sum() == before
        assert not list(Path().glob(".layeredcnn-*"))

    def test_nothing_is_begun_yet(self, folder, expected):
        result = run("stack.npy", "--seed", "begun.npy", "-o", "a.zarr", "--resume")
        assert result.exit_code == 0, result.output
        np.testing.assert_array_equal(open_stack_file("a.zarr").curves[:], expected.curves)

    def test_a_folder_of_others_stays(self, folder):
        result = run("stack.npy", "--seed", "begun.npy", "-o", "v2.zarr", "--overwrite")
        assert "v2.zarr was not written by layeredcnn, so it stays" in error_of(result)
        assert zarr.open(folder / "v2.zarr").shape == (S, H, W)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("stack.npy", "--seed", "begun.npy", "-o", "a.png"), "a .png shows one slice"),
        (("stack.npy", "--seed", "begun.npy", "-o", "a.tif", "--resume"), "goes on with a .zarr"),
        (("stack.npy", "--seed", "begun.npy", "-o", "a.zarr", "-o", "b.zarr"), "no more than one"),
        (
            (
                *("stack.npy", "--seed", "begun.npy", "-o", "a.tif"),
                *("--direction", "around", "--center", "9", "9"),
            ),
            "one slice at a time",
        ),
        (("image.npy", "--seed", "one.tif", "-o", "a.tif", "--memory", "2GB"), "--memory is for"),
        (
            (
                *("stack.npy", "--seed", "begun.npy", "-o", "a.tif", "--slice", 1),
                *("--across", "copy", "--batch", 2),
            ),
            "--across and --batch are for whole stacks",
        ),
        (("image.npy", "--seed", "one.tif", "-o", "a.zarr"), "this is one image: write a .tif"),
        (("stack.npy", "--seed", "begun.npy", "-o", "a.tif", "--memory", "much"), "no size"),
        (("stack.npy", "--seed", "begun.npy", "-o", "a.tif", "--slices", "2"), "no range"),
        (("stack.npy", "--seed", "begun.npy", "-o", "a.tif", "--across", "x"), "aligned"),
    ],
)
def test_wrong_usage_exits_with_two(folder, words, said):
    before = sorted(folder.iterdir())
    assert said in usage_error_of(run(*words))
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("stack.npy", "--seed", "one.tif"), "say which slice that is, with --seed-slice N"),
        (("stack.npy", "--seed", "one.npz"), "say which slice that is, with --seed-slice N"),
        (("stack.npy", "--seed", "one.tif", "--seed-slice", 5), "There is no slice 5"),
        (("stack.npy", "--seed", "begun.npy", "--seed-slice", 1), "drop --seed-slice"),
        (("stack.npy", "--seed", "beyond.npz"), "curves of slice 9, but the stack has"),
        (("stack.npy", "--seed", "empty.npy"), "empty.npy labels no slice"),
        (("stack.npy", "--seed", "short.npy"), "4 x 48 x 64 pixels where the stack has 5 x 48"),
        (("stack.npy", "--seed", "half.npy"), "Slice 3 of half.npy: "),
        (("stack.npy", "--seed", "other.npy"), "slice 3 has the regions"),
        (("stack.npy", "--seed", "real.npy"), "labels are whole numbers"),
        (("four.npy", "--seed", "begun.npy"), "2 x 5 images: save one image or one stack"),
        (("cut.npy", "--seed", "begun.npy"), "cut.npy cannot be read"),
        (("stack.npy", "--seed", "begun.npy", "--memory", "1kB"), "one slice needs about"),
        (("v3.zarr", "--seed", "begun.npy", "-o", "v3.zarr/a.tif"), "v3.zarr/a.tif is an input"),
        (("packed.tif", "--seed", "begun.npy", "-o", "packed.tif"), "packed.tif is an input"),
    ],
)
def test_wrong_input_is_one_sentence(folder, words, said):
    labels = make_labels()
    np.save("empty.npy", labels * 0)
    np.save("short.npy", labels[:4])
    np.save("real.npy", labels + 0.5 * (labels > 0))
    half = labels.copy()
    half[3, :, 21:] = half[3, ::-1, 21:]
    np.save("half.npy", half)
    other = labels.copy()
    other[3][other[3] == IDS[0]] = 99
    np.save("other.npy", other)
    np.save("four.npy", np.stack([make_stack()] * 2))
    (folder / "cut.npy").write_bytes((folder / "stack.npy").read_bytes()[:5000])
    curves = np.full((2, W), 9.0)
    curves[1] = 20
    write_curves("one.npz", curves)
    write_curves("beyond.npz", curves[None], slices=[9])
    before = sorted(folder.rglob("*"))
    outputs = () if "-o" in words else ("-o", "a.tif", "-o", "a.zarr")
    assert said in error_of(run(*words, *outputs))
    assert sorted(folder.rglob("*")) == before


def test_one_slice_of_a_zarr(folder):
    words = ("--slice", 1, "-o", "a.tif", "-o", "a.png")
    result = run("v3.zarr", "--seed", "begun.zarr", *words)
    assert result.exit_code == 0, result.output
    assert read_label_stack("a.tif").shape == (H, W)
    with Image.open("a.png") as picture:
        assert picture.width >= 600
