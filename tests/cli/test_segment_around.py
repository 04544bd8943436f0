"""`layeredcnn segment` about a center, and from curves that were drawn; with the real network."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner

from napari_layeredcnn import complete, complete_around, seed_from_paths
from napari_layeredcnn.cli import app
from napari_layeredcnn.core import completion as completion_module
from napari_layeredcnn.files import Around, read_curves, read_labels, write_curves

SHAPE, CENTER = (72, 84), (34.25, 40.5)
ROWS, COLUMNS = np.indices(SHAPE)
DISTANCE = np.hypot(ROWS - CENTER[0], COLUMNS - CENTER[1])
RINGS = np.digitize(DISTANCE, [12.0, 24.0]).astype(np.uint8) + 1


def run(*arguments):
    return CliRunner().invoke(app, ["segment", *map(str, arguments)])


def error_of(result):
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    image = np.array([0, 60, 190, 90])[RINGS] + rng.normal(0, 8, SHAPE)
    np.save("rings.npy", image.clip(0, 255).astype(np.uint8))
    labels = np.where((abs(ROWS - 34) <= 1) & (COLUMNS > 40), RINGS, 0).astype(np.uint8)
    tifffile.imwrite("begun.tif", labels)
    return tmp_path


AROUND = ("rings.npy", "--seed", "begun.tif", "--direction", "around", "--center", *CENTER)


def test_rings_are_completed_as_the_library_does(folder):
    outputs = ["a.tif", "a.csv", "a.npz", "a.png"]
    settings = ("--start-angle", "-30", "--max-radius", "33")
    result = run(*AROUND, *settings, *(word for out in outputs for word in ("-o", out)))
    assert result.exit_code == 0, result.output
    labels = tifffile.imread("begun.tif")
    expected = complete_around(np.load("rings.npy"), labels, CENTER, start_angle=-30, max_radius=33)
    np.testing.assert_array_equal(read_labels("a.tif"), expected.labels())
    for out in ("a.csv", "a.npz"):
        table = read_curves(out)
        np.testing.assert_array_equal(table.curves, expected.curves)
        np.testing.assert_array_equal(table.uncertainty, expected.uncertainty)
        assert table.region_ids == (1, 2, 3)
        assert table.around == Around(CENTER, -30.0)
    with Image.open("a.png") as picture:
        assert picture.width >= 600
        assert picture.width * SHAPE[0] == picture.height * SHAPE[1]
    assert "2 curves over" in result.stdout
    assert "rays" in result.stdout
    # The rings are plain to see; the network has to find them, or nothing above means much.
    near = DISTANCE < 30
    assert (read_labels("a.tif") == RINGS)[near].mean() > 0.9


def test_quick_makes_one_run_around(folder):
    assert run(*AROUND, "-o", "a.csv", "--quick").exit_code == 0
    image, labels = np.load("rings.npy"), tifffile.imread("begun.tif")
    found = read_curves("a.csv").curves
    quick = complete_around(image, labels, CENTER, thorough=False)
    np.testing.assert_array_equal(found, quick.curves)
    assert (found != complete_around(image, labels, CENTER).curves).any()


def test_the_table_of_closed_curves_says_what_it_holds(folder):
    assert run(*AROUND, "-o", "a.csv", "--quick").exit_code == 0
    lines = (folder / "a.csv").read_text().splitlines()
    comments = [line for line in lines if line.startswith("#")]
    assert any("radius (distance of the curve from the center" in line for line in comments)
    assert "# center: row 34.25, column 40.5 (centers of pixels lie at whole numbers)" in comments
    assert "# region ids, from the center outwards: 1 2 3" in comments
    head, first, second = lines[len(comments) : len(comments) + 3]
    assert head == "ray,angle,curve_1,curve_2,uncertainty_1,uncertainty_2"
    step = 360 / (len(lines) - len(comments) - 1)
    assert first.startswith("0,0.0,")
    assert float(second.split(",")[1]) == pytest.approx(step)


def test_closed_paths_are_drawn_where_they_run(folder):
    assert run(*AROUND, "-o", "a.png", "-o", "a.csv", "--quick").exit_code == 0
    table = read_curves("a.csv")
    picture = np.asarray(Image.open("a.png")).astype(int)
    scale = picture.shape[0] / SHAPE[0]
    for radii, color in zip(table.curves, [(230, 159, 0), (86, 180, 233)], strict=True):
        path = (table.around.vertices(radii) + 0.5) * scale
        found = picture[tuple(np.round(path - 0.5).astype(int).T)]
        assert (np.abs(found - color).max(axis=1) < 40).mean() > 0.95


def test_strokes_and_zero_as_a_region_reach_the_polar_seed(folder):
    inner = np.where(RINGS == 3, 0, RINGS)
    tifffile.imwrite("inner.tif", inner.astype(np.uint8))
    result = run(
        *("rings.npy", "--seed", "inner.tif", "--direction", "around", "--center", *CENTER),
        *("--zero-is-region", "-o", "a.csv", "--quick"),
    )
    assert result.exit_code == 0, result.output
    assert read_curves("a.csv").region_ids == (1, 2, 0)
    ring = (abs(DISTANCE - 12) < 0.7) * 1 + (abs(DISTANCE - 24) < 0.7) * 2
    tifffile.imwrite("lines.tif", np.where(COLUMNS > 40, ring, 0).astype(np.uint8))
    result = run(
        *("rings.npy", "--seed", "lines.tif", "--direction", "around", "--center", *CENTER),
        *("--strokes", "boundaries", "-o", "b.csv", "--quick"),
    )
    assert result.exit_code == 0, result.output
    means = read_curves("b.csv").curves.mean(axis=1)
    np.testing.assert_allclose(means, [12, 24], atol=1.5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--direction", "around"), "needs the center"),
        (("--center", "5", "5"), "have no meaning with --direction horizontal"),
        (("--start-angle", "5"), "have no meaning"),
        (("--direction", "up", "--max-radius", "5"), "have no meaning with --direction up"),
        (("--direction", "around", "--center", "5"), "--center"),
        (("--direction", "around", "--center", "5", "5", "--max-radius", "0"), "--max-radius"),
    ],
)
def test_wrong_usage_exits_with_two(folder, words, said):
    result = run("rings.npy", "--seed", "begun.tif", "-o", "a.tif", *words)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert not (folder / "a.tif").exists()


def test_a_center_outside_is_one_sentence(folder):
    result = run(
        *("rings.npy", "--seed", "begun.tif", "-o", "a.tif"),
        *("--direction", "around", "--center", "500", "5"),
    )
    assert "lies outside the image" in error_of(result)


class TestCurvesAsSeed:
    H, W = 24, 40
    PATHS = (((7.0, 3.0), (8.5, 12.0)), ((16.0, 3.0), (15.0, 12.0)))

    @pytest.fixture(autouse=True)
    def image(self, folder):
        image = np.random.default_rng(0).integers(0, 99, (self.H, self.W), dtype=np.uint8)
        np.save("image.npy", image)
        self.seed = seed_from_paths(self.PATHS, (self.H, self.W))

    @pytest.mark.parametrize("ending", ["csv", "npz"])
    def test_it_is_what_the_paths_are(self, ending):
        name = f"begun.curves.{ending}"
        # As wide as what was drawn, as a Shapes layer is saved.
        write_curves(name, self.seed.curves[:, :14])
        result = run("image.npy", "--seed", name, "-o", "a.tif", "--direction", "right")
        assert result.exit_code == 0, result.output
        expected = complete(np.load("image.npy"), self.seed, direction="right")
        np.testing.assert_array_equal(read_labels("a.tif"), expected.labels())

    def test_ids_of_the_file_are_kept(self):
        write_curves("b.csv", self.seed.curves, region_ids=(9, 3, 300))
        assert run("image.npy", "--seed", "b.csv", "-o", "a.tif").exit_code == 0
        assert set(np.unique(read_labels("a.tif"))) == {9, 3, 300}

    def test_rows_are_continued_from_curves_that_run_down(self):
        np.save("turned.npy", np.load("image.npy").T)
        write_curves("b.csv", self.seed.curves, transposed=True)
        result = run("turned.npy", "--seed", "b.csv", "-o", "a.tif", "--direction", "vertical")
        assert result.exit_code == 0, result.output
        expected = complete(np.load("image.npy"), self.seed)
        np.testing.assert_array_equal(read_labels("a.tif"), expected.labels().T)

    def test_the_slice_is_that_of_the_stack(self):
        np.save("stack.npy", np.stack([np.load("image.npy")] * 5))
        write_curves("b.csv", np.stack([self.seed.curves + 2, self.seed.curves]), slices=[1, 3])
        result = run("stack.npy", "--seed", "b.csv", "-o", "a.csv", "--slice", 3)
        assert result.exit_code == 0, result.output
        given = self.seed.columns
        np.testing.assert_array_equal(
            read_curves("a.csv").curves[:, given], self.seed.curves[:, given]
        )
        result = run("stack.npy", "--seed", "b.csv", "-o", "b.tif", "--slice", 2)
        assert "holds curves of the slices 1, 3, but none of slice 2" in error_of(result)

    @pytest.mark.parametrize(
        ("options", "words", "said"),
        [
            ({}, ("--direction", "down"), "run from left to right: choose the direction right"),
            ({"transposed": True}, (), "run down the image: choose the direction down"),
            ({}, ("--zero-is-region",), "are about painted labels"),
            ({}, ("--strokes", "boundaries"), "are about painted labels"),
            ({}, ("--direction", "around", "--center", "9", "9"), "the seed is a label image"),
        ],
    )
    def test_what_does_not_fit_is_one_sentence(self, monkeypatch, options, words, said):
        monkeypatch.setattr(completion_module, "iter_complete", None)  # nothing is begun
        write_curves("b.csv", self.seed.curves, **options)
        assert said in error_of(run("image.npy", "--seed", "b.csv", "-o", "a.tif", *words))

    def test_closed_curves_are_no_seed(self):
        write_curves("b.csv", np.full((1, 64), 5.0), around=Around((9, 9)))
        result = run("image.npy", "--seed", "b.csv", "-o", "a.tif")
        assert "closed curves about a center" in error_of(result)

    def test_curves_beside_the_image(self):
        curves = np.full((1, 60), np.nan)
        curves[:, 50:] = 5
        write_curves("b.csv", curves)
        result = run("image.npy", "--seed", "b.csv", "-o", "a.tif")
        assert "no curve within the columns 0 to 39" in error_of(result)
