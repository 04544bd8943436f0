from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from napari_layeredcnn.cli import app
from napari_layeredcnn.core import completion, weights

H, W = 32, 48


def run(*arguments):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)], env={"COLUMNS": "120"})


WORST = 255


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "made"
    folder.mkdir()
    curves = np.sort(rng.uniform(3, H - 3, (12, 2, 1)), 1) + np.zeros(W)
    images = rng.integers(0, 255, (12, H, W), dtype=np.uint8)
    images[:, 0, 0] = 0
    images[2, 0, 0] = WORST
    np.savez(folder / "curves_2.npz", images=images, curves=curves)
    for name in ("skin__a", "muscle_ultrasound__b"):
        np.savez(tmp_path / f"{name}.npz", image=images[0], curves=curves[0])
    return tmp_path


@pytest.fixture
def network(monkeypatch):
    """Let a fake network be 3 px off, and 9 px on an image with this first pixel."""

    def fake(image, seed, *, model, device, direction):
        assert (model.name, device, direction) == ("fake", "cpu", "right")
        curves = np.where(np.isnan(seed), seed[:, :1] + 3, seed)
        if image[0, 0] == WORST:
            curves[:, 5:] += 6
        return SimpleNamespace(curves=curves)

    monkeypatch.setattr(completion, "complete", fake)
    monkeypatch.setattr(weights, "load_model", lambda model: SimpleNamespace(name="fake"))


def test_tables_json_and_picture(data, network):
    result = run(
        *(data / "made", data, "--device", "cpu", "--labelled-columns", "1,4"),
        *("--json", data / "scores.json", "--overlays", data / "worst.png"),
    )
    assert result.exit_code == 0, result.output
    for text in ("Model: fake", "1 labelled column", "4 labelled columns", "ridges and text lines"):
        assert text in result.stdout
    scores = json.loads((data / "scores.json").read_text())
    assert scores["settings"]["model"] == "fake"
    assert len(scores["images"]) == 14 * 3 * 2
    found = {(m["group"], m["labelled_columns"], m["method"]): m for m in scores["means"]}
    assert found["made K = 2", 1, "flat line"]["l1"] == 0
    assert found["made K = 2", 1, "network"]["n"] == 12
    assert found["skin", 4, "network"]["l1"] == pytest.approx(3)
    assert found["skin", 4, "network"]["within_2px"] == 0
    with Image.open(data / "worst.png") as picture:
        assert picture.width > 1200
        assert picture.height > 5 * 400
    assert sorted(p.suffix for p in data.iterdir() if p.is_file()) == [
        ".json",
        ".npz",
        ".npz",
        ".png",
    ]


def test_ridges_stand_apart(data, network):
    result = run(data, "--device", "cpu")
    before, after = result.stdout.split("ridges and text lines", 1)
    assert "skin" in before
    assert "muscle" not in before
    assert "muscle" in after


def test_counting_given_columns(data, network):
    l1 = []
    for option in ([], ["--include-given"]):
        run(data / "skin__a.npz", "--device", "cpu", "--json", data / "s.json", *option)
        scores = json.loads((data / "s.json").read_text())
        assert scores["settings"]["given_columns_counted"] is bool(option)
        l1.append(scores["means"][0]["l1"])
    assert l1 == [pytest.approx(3), pytest.approx(3 * (W - 1) / W)]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["none"], "does not exist"),
        (["skin__a.npz", "--labelled-columns", "48"], "ask for 1 to 47"),
        (["skin__a.npz", "--json", "no/s.json"], "make it first"),
    ],
)
def test_wrong_input_is_one_sentence(data, network, monkeypatch, arguments, match):
    monkeypatch.chdir(data)
    result = run(*arguments, "--device", "cpu")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert match in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.npz", "--labelled-columns", "one"],
        ["a.npz", "--labelled-columns", "0"],
        ["a.npz", "--overlays", "worst.jpg"],
    ],
)
def test_wrong_usage_exits_with_two(arguments):
    assert run(*arguments).exit_code == 2
