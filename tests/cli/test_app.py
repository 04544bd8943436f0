from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from napari_layeredcnn import __version__
from napari_layeredcnn.cli import app
from napari_layeredcnn.core.network import LayeredCNN
from napari_layeredcnn.core.weights import save_model
from napari_layeredcnn.files import read_curves, read_labels
from napari_layeredcnn.sample import sample_stack


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_version():
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"layeredcnn {__version__}\n")


@pytest.mark.parametrize("command", ["segment", "segment-folder", "demo", "evaluate"])
def test_each_command_explains_itself(command):
    assert command in run("--help").stdout
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_an_unknown_command_is_wrong_usage():
    assert run("sgement").exit_code == 2


def test_help_loads_neither_torch_nor_qt():
    code = (
        "import sys; from napari_layeredcnn.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "heavy = {'torch', 'napari', 'qtpy', 'skimage', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "segment", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "--seed" in done.stdout


@pytest.fixture
def own_model(tmp_path):
    """Random weights of a small network: what comes out is of no use, but it is all real."""
    import torch

    from napari_layeredcnn.core.network import Configuration

    torch.manual_seed(0)
    path = tmp_path / "random.safetensors"
    save_model(path, LayeredCNN(Configuration((4, 4, 4, 4), 1)).eval(), {})
    return path


def test_the_demo_leaves_labels_curves_and_a_picture(tmp_path, own_model):
    folder = tmp_path / "new" / "demo"
    for _ in range(2):  # the second run replaces the first
        result = run("demo", "-o", folder, "--model", own_model, "--device", "cpu")
        assert result.exit_code == 0, result.output
    stack, truth, partial = sample_stack()
    labelled = int(np.flatnonzero(partial.any((1, 2)))[0])
    names = ["sample.curves.csv", "sample.layers.tif", "sample.overlay.png"]
    assert sorted(p.name for p in folder.iterdir()) == names
    labels = read_labels(folder / "sample.layers.tif")
    assert labels.shape == stack.shape[1:]
    assert set(np.unique(labels)) <= set(np.unique(partial)) - {0}
    assert read_curves(folder / "sample.curves.csv").curves.shape == truth[labelled].shape
    with Image.open(folder / "sample.overlay.png") as picture:
        assert picture.width >= 600
        assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 50
    assert "px off the true curves" in result.stdout
    assert all(name in result.stdout for name in names)


def test_the_demo_does_not_write_into_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    result = run("demo", "-o", tmp_path / "file")
    assert result.exit_code == 1
    assert result.stderr.endswith("is a file; name a folder.\n")


def test_a_real_process_from_image_to_labels(tmp_path, own_model):
    stack, _, partial = sample_stack()
    labelled = int(np.flatnonzero(partial.any((1, 2)))[0])
    np.save(tmp_path / "stack.npy", stack)
    np.save(tmp_path / "partial.npy", partial)
    command = [
        *(sys.executable, "-c", "from napari_layeredcnn.cli import main; main()", "segment"),
        *("stack.npy", "--seed", "partial.npy", "--slice", str(labelled), "-o", "done.tif"),
        *("-o", "done.csv", "--model", str(own_model), "--device", "cpu"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Wrote done.tif" in done.stdout
    labels, given = read_labels(tmp_path / "done.tif"), partial[labelled]
    assert labels.shape == given.shape
    np.testing.assert_array_equal(labels[given > 0], given[given > 0])

    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert again.stderr == "Error: done.tif exists already; add --overwrite to replace it.\n"
    assert again.stdout == ""
