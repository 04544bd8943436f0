from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from napari_layeredcnn.cli import app
from napari_layeredcnn.core import autoinit, completion, weights
from napari_layeredcnn.core.candidates import Candidates

H, W = 32, 48


def run(*arguments):
    return CliRunner().invoke(
        app, ["evaluate", *map(str, arguments), "--device", "cpu"], env={"COLUMNS": "140"}
    )


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "made"
    folder.mkdir()
    curves = np.repeat(np.array([[[8.0], [20.0]]]), W, axis=2)
    images = np.zeros((7, H, W), np.uint8)
    np.savez(folder / "curves_2.npz", images=images, curves=np.repeat(curves, 7, axis=0))
    np.savez(tmp_path / "skin__a.npz", image=images[0], curves=curves[0])
    return tmp_path


@pytest.fixture(autouse=True)
def _network(monkeypatch):
    """Fakes: the paper finds the lower curve alone, we find both; runs are flat."""

    def finder(heights):
        def find(image, k, *, model, device):
            assert (model.name, device) == ("fake", "cpu")
            curves = np.repeat(np.array(heights, np.float32)[:, None], W, axis=1)
            costs = np.linspace(0.1, 0.2, len(heights), dtype=np.float32)
            members = np.ones(len(heights), int)
            chosen = tuple(range(len(heights)))
            return Candidates(curves, 0 * curves, costs, members, chosen, H, False, "fake", None)

        return find

    def complete(image, seed, *, model, device):
        first = seed.curves[:, seed.columns[:1]]
        return SimpleNamespace(curves=np.repeat(first, seed.width, axis=1))

    monkeypatch.setattr(autoinit, "paper_layers", finder([20]))
    monkeypatch.setattr(autoinit, "find_layers", finder([20, 8]))
    monkeypatch.setattr(completion, "complete", complete)
    monkeypatch.setattr(weights, "load_model", lambda model: SimpleNamespace(name="fake"))


def test_both_methods_in_one_table_and_json(data):
    result = run(data / "made", data, "--auto", "--every", 3, "--json", data / "auto.json")
    assert result.exit_code == 0, result.output
    (row,) = (line for line in result.stdout.splitlines() if "made K = 2 (n = 3)" in line)
    figures = [part.strip() for part in row.strip("│┃ ").split("│")][1:]
    assert figures[0] == figures[2] == figures[4] == "1.000"
    assert figures[1] == figures[3] != "1.000"
    assert figures[5] == "1 / 2"
    assert "skin, a (K = 2)" in result.stdout
    scores = json.loads((data / "auto.json").read_text())
    assert scores["settings"]["every"] == 3
    assert len(scores["images"]) == (3 + 1) * 5
    names = {image["name"] for image in scores["images"] if image["group"] != "skin"}
    assert names == {"curves_2[0]", "curves_2[3]", "curves_2[6]"}


@pytest.mark.parametrize(
    "arguments",
    [["--labelled-columns", "4"], ["--include-given"], ["--overlays", "worst.png"]],
)
def test_options_of_other_evaluations(data, arguments):
    result = run(data, "--auto", *arguments)
    assert result.exit_code == 2
    assert "no meaning with --auto" in " ".join(result.stderr.replace("│", " ").split())


def test_no_such_data():
    result = run("none", "--auto")
    assert result.exit_code == 1
    assert "does not exist" in result.stderr
