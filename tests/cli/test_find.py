from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner

from napari_layeredcnn.cli import app
from napari_layeredcnn.core import autoinit
from napari_layeredcnn.core.candidates import Candidates
from napari_layeredcnn.core.label_seeds import seed_from_regions
from napari_layeredcnn.core.search import FindProgress
from napari_layeredcnn.core.working import WorkingGrid
from napari_layeredcnn.files import read_labels, seed_from_curve_file

H, W = 24, 40
HEIGHTS = np.array([17.0, 8.0, 12.0], np.float32)


def run(*arguments):
    return CliRunner().invoke(app, ["find", *map(str, arguments)], env={"COLUMNS": "120"})


@pytest.fixture
def calls(monkeypatch):
    """Let a fake stand for the search: three flat candidates, the first two are chosen."""
    seen = []

    def fake(image, k, **options):
        seen.append({"image": image, "k": k, **options})
        transposed = options["direction"] == "vertical"
        height, width = image.shape[::-1] if transposed else image.shape
        heights = fake.heights
        yield FindProgress(1, 1)
        n = min(2, len(heights))
        return Candidates(
            curves=np.repeat(heights[:, None], width, axis=1),
            uncertainty=np.zeros((len(heights), width), np.float32),
            costs=np.linspace(0.1, 0.3, len(heights), dtype=np.float32),
            members=np.ones(len(heights), int),
            chosen=tuple(int(i) for i in np.argsort(heights[:n])),
            height=height,
            transposed=transposed,
            model_name="fake",
            grid=WorkingGrid(height, width, height, width),
            notes=fake.notes,
            lost=fake.lost,
        )

    fake.heights, fake.notes, fake.lost = HEIGHTS, ("only 2 of 5 layers were found",), False
    monkeypatch.setattr(autoinit, "iter_find_layers", fake)
    seen.append(fake)
    return seen


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image = np.random.default_rng(0).integers(0, 255, (H, W), dtype=np.uint8)
    tifffile.imwrite("image.tif", image, resolution=(300, 150), resolutionunit="INCH")
    np.save("stack.npy", np.stack([image, image + 1]))


def test_labels_curves_and_picture(calls):
    result = run("image.tif", "-k", 5, "-o", "s.tif", "-o", "s.curves.csv", "-o", "s.png")
    assert result.exit_code == 0, result.output
    assert "Found 2 curves of 3 candidates, labelled in column" in result.stdout
    assert "Note: only 2 of 5 layers were found." in result.stdout
    assert "Wrote s.png" in result.stdout
    labels = read_labels("s.tif")
    seed = seed_from_regions(labels)
    (column,) = seed.columns
    assert seed.curves[:, column].tolist() == [8, 17]
    assert seed.region_ids == (1, 2, 3)
    assert not np.delete(labels, column, axis=1).any()
    from_table = seed_from_curve_file("s.curves.csv", (H, W), slice_index=None, transposed=False)
    np.testing.assert_array_equal(from_table.curves, seed.curves)
    with tifffile.TiffFile("s.tif") as tiff:
        assert tiff.pages[0].resolution == (300, 150)
    with Image.open("s.png") as picture:
        assert picture.width >= 600


def test_what_a_completion_loses_is_labelled_all_along(calls):
    calls[0].lost = True
    result = run("image.tif", "-o", "s.tif")
    assert result.exit_code == 0, result.output
    columns = seed_from_regions(read_labels("s.tif")).columns
    assert list(np.diff(columns)) == [16] * (len(columns) - 1)
    first, last = columns[0], columns[-1]
    assert f"labelled in {len(columns)} columns from {first} to {last} (fake)" in result.stdout


def test_options_reach_the_search(calls):
    result = run(
        *("stack.npy", "--slice", 1, "--direction", "vertical", "--region-thickness", 9),
        *("--device", "cpu", "--model", "compact", "-o", "s.npy.tif"),
    )
    assert result.exit_code == 0, result.output
    (call,) = calls[1:]
    np.testing.assert_array_equal(call.pop("image"), np.load("stack.npy")[1])
    assert call == {
        "k": None,
        "model": "compact",
        "device": "cpu",
        "direction": "vertical",
        "region_thickness": 9,
    }
    # Curves run along the rows: the labels are of the image's own shape.
    seed = seed_from_regions(read_labels("s.npy.tif").T)
    assert (seed.height, seed.width, seed.n_curves) == (W, H, 2)


def test_no_layers_is_one_sentence_and_no_file(calls):
    calls[0].heights, calls[0].notes = HEIGHTS[:0], ("no layers found: the image is constant",)
    result = run("image.tif", "-o", "s.tif")
    assert result.exit_code == 1
    assert result.stderr == "Error: no layers found: the image is constant.\n"
    assert not Path("s.tif").exists()


def test_a_region_without_a_pixel_cannot_be_painted(calls):
    calls[0].heights = np.array([10.1, 10.3], np.float32)
    result = run("image.tif", "-o", "s.png", "-o", "s.tif")
    assert result.exit_code == 1
    assert "thinner than a pixel" in result.stderr
    assert not Path("s.tif").exists()
    assert not Path("s.png").exists()
    assert run("image.tif", "-o", "s.csv").exit_code == 0


def test_nothing_is_written_over(calls):
    assert "is an input" in run("image.tif", "-o", "image.tif").stderr
    assert run("image.tif", "-o", "s.csv").exit_code == 0
    assert "--overwrite" in run("image.tif", "-o", "s.csv").stderr
    assert run("image.tif", "-o", "s.csv", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    "arguments", [[], ["image.tif", "-o", "s.zarr"], ["image.tif", "-o", "s.tif", "-k", "0"]]
)
def test_wrong_usage_exits_with_two(calls, arguments):
    assert run(*arguments).exit_code == 2
