from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner

from napari_layeredcnn.cli import app
from napari_layeredcnn.core import completion as completion_module
from napari_layeredcnn.core.completion import CompletedColumns, Completion, CompletionError
from napari_layeredcnn.core.working import working_grid
from napari_layeredcnn.files import read_curves, read_labels

H, W = 24, 40
TRUTH = np.array([8 + 2 * np.sin(np.arange(W) / 6), 17 + np.cos(np.arange(W) / 9)], np.float32)
IDS = (7, 300, 5)


def labels_of(curves, ids=IDS, height=H):
    index = (curves[:, None] <= np.arange(height)[:, None] + 0.5).sum(0)
    return np.array(ids)[index]


@pytest.fixture
def calls(monkeypatch):
    """Let a fake stand for the network: it repeats the first given column."""
    seen = []

    def fake(image, seed, **options):
        seen.append({"image": image, "seed": seed, **options})
        k, n = seed.curves.shape
        first = seed.curves[:, seed.columns[0]]
        curves = np.repeat(first[:, None], n, 1)
        for x in range(n):
            yield CompletedColumns(x, x + 1, curves[:, x : x + 1], x + 1, n)
        transposed = options["direction"] in ("down", "up", "vertical")
        return Completion(
            curves=curves,
            uncertainty=np.full((k, n), 0.5, np.float32),
            region_ids=seed.region_ids,
            height=seed.height,
            transposed=transposed,
            model_name="fake",
            grid=working_grid(seed.curves, seed.height, None),
            notes=("the colors were turned into luminance",) if image.ndim == 3 else (),
        )

    monkeypatch.setattr(completion_module, "iter_complete", fake)
    return seen


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image = np.random.default_rng(0).integers(0, 255, (H, W), dtype=np.uint8)
    tifffile.imwrite("image.tif", image, resolution=(300, 150), resolutionunit="INCH")
    np.save("image.npy", image)
    seed = np.zeros((H, W), np.uint16)
    seed[:, :3] = labels_of(TRUTH)[:, :3]
    tifffile.imwrite("seed.tif", seed)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["segment", *map(str, arguments)])


def error_of(result):
    """Check that a run failed with one sentence on stderr, and give it."""
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    return result.stderr


def test_every_ending_is_written(folder, calls):
    outs = ["a.tif", "a.csv", "a.npz", "a.png"]
    result = run("image.tif", "--seed", "seed.tif", *(a for out in outs for a in ("-o", out)))
    assert result.exit_code == 0, result.output
    for out in outs:
        assert f"Wrote {out}" in result.stdout
    expected = np.repeat(TRUTH[:, :1], W, 1)
    labels = read_labels("a.tif")
    np.testing.assert_array_equal(labels, labels_of(expected))
    assert labels.dtype == np.uint16
    for out in ("a.csv", "a.npz"):
        table = read_curves(out)
        assert table.region_ids == IDS
        assert table.curves.shape == (2, W)
        np.testing.assert_array_equal(table.uncertainty, np.full((2, W), 0.5))
    with Image.open("a.png") as picture:
        assert picture.size[0] >= 600
    with tifffile.TiffFile("a.tif") as tiff:
        assert tiff.pages[0].tags["XResolution"].value == (300, 1)
        assert tiff.pages[0].tags["YResolution"].value == (150, 1)
        assert tiff.pages[0].tags["ResolutionUnit"].value == 2
    assert "3 labelled" in result.stdout


def test_options_reach_the_library(folder, calls):
    result = run(
        *("image.tif", "--seed", "seed.tif", "-o", "a.tif", "--direction", "right"),
        *("--region-thickness", "12.5", "--model", "mine.safetensors", "--device", "cpu"),
    )
    assert result.exit_code == 0, result.output
    (call,) = calls
    assert call["direction"] == "right"
    assert call["region_thickness"] == 12.5
    assert call["model"] == "mine.safetensors"
    assert call["device"] == "cpu"
    assert call["thorough"]


def test_quick_makes_one_run(folder, calls):
    assert run("image.tif", "--seed", "seed.tif", "-o", "a.tif", "--quick").exit_code == 0
    (call,) = calls
    assert not call["thorough"]


@pytest.mark.parametrize("direction", ["down", "up", "vertical"])
def test_vertical_directions_read_the_transposed_seed(folder, calls, direction):
    np.save("image.npy", np.load("image.npy").T)
    np.save("seed.npy", tifffile.imread("seed.tif").T)
    result = run(
        *("image.npy", "--seed", "seed.npy", "-o", "a.tif", "-o", "a.csv", "-o", "a.png"),
        *("--direction", direction),
    )
    assert result.exit_code == 0, result.output
    (call,) = calls
    assert call["image"].shape == (W, H)
    assert call["seed"].curves.shape == (2, W)
    np.testing.assert_array_equal(call["seed"].columns, [0, 1, 2])
    expected = labels_of(np.repeat(TRUTH[:, :1], W, 1)).T
    np.testing.assert_array_equal(read_labels("a.tif"), expected)
    assert read_curves("a.csv").transposed
    with Image.open("a.png") as picture:
        assert picture.height > picture.width


def test_painted_boundaries(folder, calls):
    lines = np.zeros((H, W), np.uint8)
    lines[8, :2], lines[17, :2] = 1, 2
    np.save("lines.npy", lines)
    result = run("image.tif", "--seed", "lines.npy", "-o", "a.csv", "--strokes", "boundaries")
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(calls[0]["seed"].curves[:, 0], [8.5, 17.5])
    assert read_curves("a.csv").region_ids == (1, 2, 3)


def test_zero_may_be_a_region(folder, calls):
    seed = np.zeros((H, W), np.uint8)
    seed[10:] = 4
    np.save("seed.npy", seed)
    result = run("image.tif", "--seed", "seed.npy", "-o", "a.tif", "--zero-is-region")
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(read_labels("a.tif"), seed)


def test_one_slice_of_a_stack(folder, calls):
    image = np.load("image.npy")
    np.save("stack.npy", np.stack([image * 0, image, image * 0, image * 0, image * 0]))
    for seed in ("seed.tif", "seeds.npy"):
        if seed == "seeds.npy":
            np.save(seed, np.stack([np.zeros((H, W), int), tifffile.imread("seed.tif")] * 3)[:5])
        result = run("stack.npy", "--seed", seed, "-o", f"{seed}.csv", "--slice", 1)
        assert result.exit_code == 0, result.output
        np.testing.assert_array_equal(calls[-1]["image"], image)
        assert calls[-1]["seed"].columns.size == 3


def test_colors_are_told_of(folder, calls):
    Image.fromarray(np.zeros((H, W, 3), np.uint8)).save("image.png")
    result = run("image.png", "--seed", "seed.tif", "-o", "a.tif")
    assert "Note: the colors were turned into luminance." in result.stdout


class TestProtection:
    @pytest.mark.parametrize("out", ["image.tif", "seed.tif", "./image.tif"])
    def test_inputs_are_never_written_over(self, folder, calls, out):
        before = {p.name: p.read_bytes() for p in folder.iterdir()}
        result = run("image.tif", "--seed", "seed.tif", "-o", out, "--overwrite")
        assert "is an input and is never written over" in error_of(result)
        assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
        assert not calls

    @pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
    def test_nor_by_another_name(self, folder, calls, link):
        getattr(folder / "other.tif", link)(folder / "seed.tif")
        result = run("image.tif", "--seed", "seed.tif", "-o", "other.tif", "--overwrite")
        assert "is an input" in error_of(result)

    def test_other_files_are_replaced_only_if_asked(self, folder, calls):
        (folder / "a.csv").write_text("mine")
        result = run("image.tif", "--seed", "seed.tif", "-o", "a.csv")
        assert "add --overwrite" in error_of(result)
        assert (folder / "a.csv").read_text() == "mine"
        result = run("image.tif", "--seed", "seed.tif", "-o", "a.csv", "--overwrite")
        assert result.exit_code == 0
        assert read_curves("a.csv").curves.shape == (2, W)

    def test_one_name_twice(self, folder, calls):
        result = run("image.tif", "--seed", "seed.tif", "-o", "a.csv", "-o", "./a.csv")
        assert "twice" in error_of(result)

    def test_a_failure_while_writing_leaves_nothing(self, folder, calls, monkeypatch):
        def full(*args, **kwargs):
            raise OSError("no space left on device")

        monkeypatch.setattr(tifffile, "imwrite", full)
        before = sorted(folder.iterdir())
        result = run("image.tif", "--seed", "seed.tif", "-o", "a.tif")
        assert "no space left" in error_of(result)
        assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("none.tif", "--seed", "seed.tif", "-o", "a.tif"), "none.tif does not exist"),
        (("image.tif", "--seed", "none.tif", "-o", "a.tif"), "none.tif does not exist"),
        (("image.jpg", "--seed", "seed.tif", "-o", "a.tif"), "does not exist"),
        (
            ("image.tif", "--seed", "seed.tif", "-o", "no/a.tif"),
            "folder no of a.tif does not exist",
        ),
        (("image.tif", "--seed", "small.npy", "-o", "a.tif"), "5 x 5 pixels where the image has"),
        (("image.tif", "--seed", "empty.npy", "-o", "a.tif"), "there are no labels"),
        (("image.tif", "--seed", "seed.tif", "-o", "a.tif", "--slice", "0"), "leave --slice out"),
        (
            (
                *("image.tif", "--seed", "seed.tif", "-o", "a.tif"),
                *("--strokes", "boundaries", "--zero-is-region"),
            ),
            "no meaning",
        ),
    ],
)
def test_wrong_input_is_one_sentence(folder, calls, arguments, match):
    np.save("small.npy", np.ones((5, 5), int))
    np.save("empty.npy", np.zeros((H, W), int))
    before = sorted(folder.iterdir())
    assert match in error_of(run(*arguments))
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("image.tif", "--seed", "seed.tif"),
        ("image.tif", "-o", "a.tif"),
        ("image.tif", "--seed", "seed.tif", "-o", "a.jpg"),
        ("image.tif", "--seed", "seed.tif", "-o", "a"),
        ("image.tif", "--seed", "seed.tif", "-o", "a.tif", "--direction", "sideways"),
        ("image.tif", "--seed", "seed.tif", "-o", "a.tif", "--slice", "-1"),
    ],
)
def test_wrong_usage_exits_with_two(folder, calls, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage" in result.stderr
    assert not calls


def test_an_error_of_the_library_is_one_sentence(folder, monkeypatch):
    def refuse(*args, **kwargs):
        raise CompletionError("the image is constant")
        yield

    monkeypatch.setattr(completion_module, "iter_complete", refuse)
    result = run("image.tif", "--seed", "seed.tif", "-o", "a.tif")
    assert error_of(result) == "Error: the image is constant.\n"


def test_a_fault_of_our_own_is_not_hidden(folder, monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(completion_module, "iter_complete", broken)
    result = run("image.tif", "--seed", "seed.tif", "-o", "a.tif")
    assert isinstance(result.exception, ZeroDivisionError)
