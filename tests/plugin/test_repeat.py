"""What is copied gives what the dock gives: the text is run, with the real network."""

from __future__ import annotations

import ast
import os
import runpy
import shlex
import subprocess
import sys
from threading import Event

import numpy as np
import pytest
import tifffile
import torch
from napari.components import ViewerModel
from napari.layers import Shapes
from napari.layers._source import layer_source
from qtpy.QtWidgets import QApplication, QFileDialog
from typer.testing import CliRunner

from napari_layeredcnn.cli import app
from napari_layeredcnn.core.network import Configuration, LayeredCNN
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.core.weights import save_model
from napari_layeredcnn.files import read_label_stack
from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.layer_checks import Chosen
from napari_layeredcnn.plugin.planes import Plane
from napari_layeredcnn.plugin.repeat import NOTHING, copy_as
from napari_layeredcnn.plugin.repeat_call import Call, Slice
from napari_layeredcnn.plugin.repeat_command import as_command
from napari_layeredcnn.plugin.repeat_python import as_python
from napari_layeredcnn.plugin.request import make_request
from napari_layeredcnn.plugin.results import ResultLayers
from napari_layeredcnn.plugin.stack_worker import complete_stack_request
from napari_layeredcnn.plugin.worker import complete_request

N, H, W = 4, 40, 52
CURVES = np.stack(
    [
        [12 + 2 * np.sin(np.arange(W) / 7) + z, 26 + np.cos(np.arange(W) / 5) + z / 2]
        for z in range(N)
    ]
).astype(np.float32)
REGIONS = regions_from_curves(CURVES, H, (3, 1, 7)).astype(np.uint8)
STACK = (
    (np.array([0, 150, 0, 40, 0, 0, 0, 220])[REGIONS])
    + np.random.default_rng(0).normal(30, 6, REGIONS.shape)
).clip(0, 255)
STACK = STACK.astype(np.uint8)


class Desk:
    """A viewer, a folder, and a person who says where partial labels are written."""

    def __init__(self, folder, monkeypatch) -> None:
        self.folder = folder
        self.viewer = ViewerModel()
        self.asked: list[str] = []
        self.answer: str | None = "as suggested"
        self.center = None
        monkeypatch.setattr(QFileDialog, "getSaveFileName", self._ask)

    def _ask(self, parent, title, suggested, kinds):
        self.asked.append(suggested)
        return (suggested if self.answer == "as suggested" else self.answer or ""), kinds

    def open(self, array, name="scan.tif", photometric="minisblack"):
        path = self.folder / name
        if path.suffix == ".npy":
            np.save(path, array)
        else:
            tifffile.imwrite(path, array, photometric=photometric)
        with layer_source(path=str(path), reader_plugin="napari"):
            self.image = self.viewer.add_image(array, rgb=photometric == "rgb")

    def paint(self, labels):
        self.labels = self.viewer.add_labels(labels, name="mine")
        return self.labels

    @property
    def chosen(self):
        return Chosen(self.image, self.labels, self.center)

    def request(self, choices):
        return make_request(self.viewer, self.chosen, choices, ResultLayers(self.viewer))

    def copy(self, kind, choices):
        return copy_as(kind, self.chosen, self.request(choices), None)

    def run(self, choices):
        """What the dock writes, in an array of the partial labels' shape."""
        request = self.request(choices)
        result = np.zeros(request.shape, request.dtype)
        self.kept = []
        if choices.into_partial:
            result = np.array(self.labels.data)
        work = complete_request if request.stack is None else complete_stack_request
        steps = work(request, 1, Event())
        for progress in steps:
            if progress.kept is not None:
                part = request.slices[progress.at]
                now = part.frame.of(result)
                np.copyto(now, progress.labels, where=~part.protected)
                self.kept.append((part.frame, progress.kept))
        return result

    def python(self, choices):
        """Run what is copied as a script; return the labels that it leaves."""
        self.copy("python", choices)
        script = self.folder / "copied.py"
        script.write_text(QApplication.clipboard().text(), encoding="utf-8")
        names = runpy.run_path(str(script))
        (written,) = self.folder.glob("*.completed.layers.tif")
        np.testing.assert_array_equal(read_label_stack(written), names["labels"])
        return names["labels"]

    def command(self, choices):
        """Run what is copied line by line; return what is written, by file name."""
        self.copy("command", choices)
        for line in QApplication.clipboard().text().splitlines():
            words = shlex.split(line)
            assert words[0] == "layeredcnn"
            result = CliRunner().invoke(app, words[1:])
            assert result.exit_code == 0, result.output
        written = sorted(self.folder.glob("*completed*.layers.tif"))
        return {path.name: read_label_stack(path) for path in written}


@pytest.fixture
def desk(tmp_path, monkeypatch, qapp):
    return Desk(tmp_path, monkeypatch)


@pytest.fixture
def own_model(tmp_path):
    """A small network with random weights, quick where a whole turn is computed twice."""
    torch.manual_seed(0)
    path = tmp_path / "random.safetensors"
    save_model(path, LayeredCNN(Configuration((4, 4, 4, 4), 1)).eval(), {})
    return str(path)


def strokes(columns=(20, 21), slices=(1,), regions=REGIONS):
    labels = np.zeros_like(regions)
    for z in slices:
        labels[z][:, columns] = regions[z][:, columns]
    return labels


@pytest.mark.parametrize(
    "choices",
    [
        Choices(),
        Choices(direction="right", region_thickness=9.5, model="compact", device="cpu"),
        Choices(direction="vertical"),
        Choices(direction="up"),
        Choices(zero_is_region=True),
        Choices(strokes="boundaries"),
        Choices(strokes="boundaries", direction="down"),
    ],
    ids=str,
)
def test_one_image(desk, choices):
    image, labels = STACK[1], strokes()[1]
    if choices.strokes == "boundaries":
        labels = np.zeros_like(labels)
        for k in range(2):
            labels[CURVES[1, k, 20].astype(int), 20:22] = k + 1
    if choices.zero_is_region:
        labels = np.where(REGIONS[1] == 7, 0, REGIONS[1])
    if choices.transposed:
        image, labels = image.T, labels.T
    desk.open(image)
    desk.paint(labels)
    expected = desk.run(choices)
    assert len(np.unique(expected[expected != 0])) == (2 if choices.zero_is_region else 3)
    np.testing.assert_array_equal(desk.python(choices), expected)
    (written,) = desk.folder.glob("*completed*")
    written.unlink()
    (found,) = desk.command(choices).values()
    np.testing.assert_array_equal(found, expected)
    assert desk.asked == [str(desk.folder / "scan.partial.layers.tif")], "asked more than once"


def test_slices_of_a_stack(desk):
    desk.open(STACK)
    desk.paint(strokes(slices=(1, 3)))
    choices = Choices(slices="labelled", direction="right")
    expected = desk.run(choices)
    assert set(np.flatnonzero(expected.any(axis=(1, 2)))) == {1, 3}
    np.testing.assert_array_equal(desk.python(choices), expected)
    assert "for plane in [1, 3]:" in QApplication.clipboard().text()
    found = desk.command(choices)
    for z in (1, 3):
        (labels,) = [
            labels for name, labels in found.items() if name.endswith(f"-slice-{z}.layers.tif")
        ]
        np.testing.assert_array_equal(labels, expected[z])


@pytest.mark.parametrize(
    "choices",
    [
        Choices(slices="stack"),
        Choices(slices="range", first=2, last=3, direction="right", device="cpu"),
        Choices(slices="stack", direction="vertical", region_thickness=11.0),
    ],
    ids=str,
)
def test_a_whole_stack(desk, choices):
    turn = (0, 2, 1) if choices.transposed else (0, 1, 2)
    desk.open(STACK.transpose(turn))
    desk.paint(strokes(slices=(0, 1)).transpose(turn).copy())
    expected = desk.run(choices)
    assert expected[2:].any(axis=(1, 2)).all()
    assert expected[0].any() == (choices.slices == "stack")
    np.testing.assert_array_equal(desk.python(choices), expected)
    (written,) = desk.folder.glob("*completed*")
    written.unlink()
    (found,) = desk.command(choices).values()
    np.testing.assert_array_equal(found, expected)
    assert "--batch 8" in QApplication.clipboard().text()


def test_a_rolled_stack_of_a_4d_image(desk):
    """Rows last, slices in the middle, and the stack beside it not at all."""
    stack = np.stack([STACK * 0, STACK]).transpose(0, 3, 1, 2)
    desk.open(stack, "scan.npy")
    labels = np.stack([strokes() * 0, strokes()]).transpose(0, 3, 1, 2).copy()
    desk.paint(labels)
    desk.viewer.dims.order = (0, 2, 3, 1)
    desk.viewer.dims.set_current_step(0, 1)
    choices = Choices(slices="stack", along=2)
    expected = desk.run(choices)
    assert expected[1].all()
    assert not expected[0].any()
    np.testing.assert_array_equal(desk.python(choices), expected)
    assert "stack = image[1].transpose(1, 2, 0)" in QApplication.clipboard().text()
    with pytest.raises(ValueError, match="rolled or transposed, which no command can say"):
        desk.copy("command", choices)


def test_a_stack_from_paths(desk):
    desk.open(STACK)
    columns = np.arange(8, 15)
    paths = [
        np.stack([np.full(7, 1.0), CURVES[1, k, columns] - 0.5, columns + 0.25], axis=1)
        for k in (0, 1)
    ]
    desk.labels = Shapes(paths, shape_type="path", name="lines")
    desk.viewer.add_layer(desk.labels)
    choices = Choices(slices="stack")
    expected = desk.run(choices)
    assert expected.all()
    np.testing.assert_array_equal(desk.python(choices), expected)
    (written,) = desk.folder.glob("*completed*")
    written.unlink()
    (found,) = desk.command(choices).values()
    np.testing.assert_array_equal(found, expected)


def test_the_shown_slice_alone(desk):
    desk.open(STACK, "scan.npy")
    desk.paint(strokes(slices=(1, 3)))
    desk.viewer.dims.set_current_step(0, 3)
    expected = desk.run(Choices())
    np.testing.assert_array_equal(desk.python(Choices()), expected)
    assert expected[3].all()
    assert not expected[1].any()


def test_labels_of_one_slice_on_a_stack(desk):
    desk.open(STACK)
    desk.paint(strokes()[1])
    desk.viewer.dims.set_current_step(0, 2)
    expected = desk.run(Choices())
    assert expected.shape == (H, W)
    np.testing.assert_array_equal(desk.python(Choices()), expected)
    (written,) = desk.folder.glob("*completed*")
    written.unlink()
    (found,) = desk.command(Choices()).values()
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_a_rolled_viewer(desk, order, direction):
    """The slider is moved along, rows are shown along, and columns along some other axis."""
    axes = [order.index(axis) for axis in range(3)]
    stack, labels = STACK, strokes()
    if direction == "vertical":
        stack, labels = stack.swapaxes(1, 2), labels.swapaxes(1, 2)
    desk.open(stack.transpose(axes))
    desk.paint(np.ascontiguousarray(labels.transpose(axes)))
    desk.viewer.dims.order = order
    desk.viewer.dims.set_current_step(order[0], 1)
    choices = Choices(direction=direction)
    expected = desk.run(choices)
    assert (expected != 0).sum() == H * W
    np.testing.assert_array_equal(desk.python(choices), expected)
    with pytest.raises(ValueError, match="rolled or transposed, which no command can say"):
        desk.copy("command", choices)


def test_four_axes(desk):
    stack = np.stack([STACK * 0, STACK])
    desk.open(stack, "scan.npy")
    desk.paint(np.stack([strokes() * 0, strokes(slices=(1, 2))]))
    desk.viewer.dims.set_current_step(0, 1)
    desk.viewer.dims.last_used = 1
    choices = Choices(slices="labelled")
    expected = desk.run(choices)
    np.testing.assert_array_equal(desk.python(choices), expected)
    assert "for plane in [(1, 1), (1, 2)]:" in QApplication.clipboard().text()
    with pytest.raises(ValueError, match="has 4 axes, and a command takes"):
        desk.copy("command", choices)


def test_colors_in_a_transposed_viewer(desk):
    desk.open(np.stack([STACK[1].T] * 3, axis=-1), photometric="rgb")
    assert desk.image.rgb
    desk.paint(strokes()[1].T.copy())
    desk.viewer.dims.order = (1, 0)
    np.testing.assert_array_equal(desk.python(Choices()), desk.run(Choices()))


@pytest.mark.parametrize("choices", [Choices(), Choices(direction="vertical")], ids=str)
def test_paths(desk, choices):
    desk.open(STACK if not choices.transposed else STACK.swapaxes(1, 2))
    columns = np.arange(8, 15)
    paths = [
        np.stack([np.full(7, float(z)), CURVES[z, k, columns] - 0.5, columns + 0.25], axis=1)
        for z in (1, 2)
        for k in (1, 0)
    ]
    if choices.transposed:
        paths = [path[:, [0, 2, 1]] for path in paths]
    desk.labels = Shapes(paths, shape_type="path", name="lines")
    desk.viewer.add_layer(desk.labels)
    desk.viewer.dims.set_current_step(0, 2)
    expected = desk.run(choices)
    assert expected[2].all()
    np.testing.assert_array_equal(desk.python(choices), expected)
    (written,) = desk.folder.glob("*completed*")
    written.unlink()
    (found,) = desk.command(choices).values()
    np.testing.assert_array_equal(found, expected[2])
    assert desk.asked == [str(desk.folder / "scan.partial.curves.csv")]


def test_paths_in_several_slices(desk):
    desk.open(STACK)
    ends = [8, 30]
    paths = [
        np.stack([[z, z], CURVES[z, k, ends] - 0.5, ends], axis=1) for z in (1, 2) for k in (0, 1)
    ]
    desk.labels = Shapes(paths, shape_type="path")
    desk.viewer.add_layer(desk.labels)
    choices = Choices(slices="labelled", direction="left")
    np.testing.assert_array_equal(desk.python(choices), desk.run(choices))
    desk.labels.add(paths[0] + [0, 20, 0], shape_type="path")
    with pytest.raises(ValueError, match=r"different numbers of paths \(3 in slice 1, 2 in"):
        desk.copy("python", choices)


@pytest.mark.parametrize("zero", [False, True])
def test_around_a_center(desk, own_model, zero):
    rows, columns = np.indices((60, 66))
    y, x = rows - 28.5, columns - 31.25
    rings = np.digitize(np.hypot(y, x), [9, 18]).astype(np.uint8) + 1
    stroke = (abs(rows - 28) < 2) & (x > 0)
    desk.open(np.array([0, 40, 200, 90], np.uint8)[rings])
    desk.paint(np.where(rings == 3, 0, rings) if zero else np.where(stroke, rings, 0))
    desk.center = desk.viewer.add_points([[28.5, 31.25]])
    choices = Choices(direction="around", start_angle=-45.5, zero_is_region=zero, model=own_model)
    expected = desk.run(choices)
    assert set(np.unique(expected)) >= {0 if zero else 3, 1, 2}
    np.testing.assert_array_equal(desk.python(choices), expected)
    assert "center=(28.5, 31.25)" in QApplication.clipboard().text()
    (written,) = desk.folder.glob("*completed*")
    written.unlink()
    (found,) = desk.command(choices).values()
    np.testing.assert_array_equal(found, expected)


def test_a_center_of_its_own_in_every_slice(desk, own_model):
    rows, columns = np.indices((60, 66))
    rings = np.stack(
        [np.digitize(np.hypot(rows - y, columns - 31), [9, 18]) + 1 for y in (26, 30)]
    ).astype(np.uint8)
    desk.open(np.array([0, 40, 200, 90], np.uint8)[rings])
    desk.paint(np.where((abs(rows - 28) < 4) & (columns > 31), rings, 0))
    desk.center = desk.viewer.add_points([[0, 26, 31], [1, 30, 31]])
    choices = Choices(direction="around", slices="labelled", model=own_model)
    expected = desk.run(choices)
    np.testing.assert_array_equal(desk.python(choices), expected)
    found = desk.command(choices)
    for z in (0, 1):
        (labels,) = [found[name] for name in found if name.endswith(f"-slice-{z}.layers.tif")]
        np.testing.assert_array_equal(labels, expected[z])


def test_into_the_partial_labels(desk):
    desk.open(STACK)
    labels = strokes(slices=(1, 2))
    labels[2, 5, 40:44] = 7  # an untidy stroke stays
    labels[3, 0, 0] = 9
    desk.paint(labels)
    desk.viewer.dims.set_current_step(0, 2)
    choices = Choices(into_partial=True)
    expected = desk.run(choices)
    found = desk.python(choices)
    np.testing.assert_array_equal(found, expected)
    assert (found[2, 5, 40:44] == 7).all()
    assert found[3, 0, 0] == 9
    assert "a file of its own" in desk.copy("command", choices)


def test_a_layer_that_a_run_has_filled_is_read_as_it_was_painted(desk):
    desk.open(STACK)
    desk.paint(strokes())
    desk.viewer.dims.set_current_step(0, 1)
    choices = Choices(into_partial=True)
    filled = desk.run(choices)
    desk.labels.data = filled
    ((frame, kept),) = desk.kept
    ResultLayers(desk.viewer).remember(desk.labels, frame, kept)
    np.testing.assert_array_equal(desk.python(choices), filled)
    np.testing.assert_array_equal(read_label_stack(desk.asked[0]), strokes())


def test_the_script_runs_on_its_own(desk):
    desk.open(STACK[1], 'a scan\'s "name".tif')
    desk.paint(strokes()[1])
    expected = desk.run(Choices())
    said = desk.copy("python", Choices())
    assert said.startswith("Copied as Python. The script reads a scan's")
    text = QApplication.clipboard().text()
    assert not {"direction", "device", "model", "zero_is_region"} & {
        node.arg for node in ast.walk(ast.parse(text)) if isinstance(node, ast.keyword)
    }
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (written,) = desk.folder.glob("*completed*")
    np.testing.assert_array_equal(read_label_stack(written), expected)


@pytest.mark.skipif(os.name == "nt", reason="quotes are others there")
def test_a_shell_reads_the_command(desk):
    desk.open(STACK[1], "a scan's name.tif")
    desk.paint(strokes()[1])
    desk.copy("command", Choices())
    text = QApplication.clipboard().text()
    done = subprocess.run(
        ["sh", "-c", f"layeredcnn() {{ printf '%s\\n' \"$@\"; }}; {text}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "segment",
        str(desk.folder / "a scan's name.tif"),
        "--seed",
        str(desk.folder / "a scan's name.partial.layers.tif"),
        "-o",
        str(desk.folder / "a scan's name.completed.layers.tif"),
    ]


class TestPartialLabels:
    def test_those_from_a_file_are_not_asked_for(self, desk):
        desk.open(STACK)
        tifffile.imwrite(desk.folder / "begun.tif", strokes(), photometric="minisblack")
        with layer_source(path=str(desk.folder / "begun.tif")):
            desk.paint(strokes())
        desk.viewer.dims.set_current_step(0, 1)
        assert "reads begun.tif" in desk.copy("python", Choices())
        assert not desk.asked
        desk.labels.data[1, 0, 0] = 3
        desk.copy("python", Choices())
        assert len(desk.asked) == 1

    def test_they_are_asked_for_again_only_when_they_have_changed(self, desk):
        desk.open(STACK[1])
        desk.paint(strokes()[1])
        desk.copy("python", Choices())
        desk.copy("command", Choices())
        assert len(desk.asked) == 1
        desk.labels.data[:, 30] = REGIONS[1][:, 30]
        desk.copy("command", Choices())
        assert desk.asked[1] == desk.asked[0]
        found = read_label_stack(desk.asked[1])
        np.testing.assert_array_equal(found, desk.labels.data)

    def test_thinking_better_of_it_copies_nothing(self, desk):
        desk.open(STACK[1])
        desk.paint(strokes()[1])
        QApplication.clipboard().setText("before")
        desk.answer = None
        assert desk.copy("python", Choices()) == NOTHING
        assert QApplication.clipboard().text() == "before"
        assert [p.name for p in desk.folder.iterdir()] == ["scan.tif"]

    def test_the_ending_is_added_and_nothing_replaced_by_that(self, desk):
        desk.open(STACK[1])
        desk.paint(strokes()[1])
        desk.answer = str(desk.folder / "begun.tif")
        desk.copy("python", Choices())
        assert (desk.folder / "begun.layers.tif").is_file()
        desk.labels.data[:, 30] = REGIONS[1][:, 30]
        with pytest.raises(ValueError, match="exists: to replace it"):
            desk.copy("python", Choices())

    def test_the_image_is_never_replaced(self, desk):
        desk.open(STACK[1], "scan.layers.tif")
        before = (desk.folder / "scan.layers.tif").read_bytes()
        desk.paint(strokes()[1])
        desk.answer = str(desk.folder / "scan.layers.tif")
        with pytest.raises(ValueError, match="is the image"):
            desk.copy("python", Choices())
        assert (desk.folder / "scan.layers.tif").read_bytes() == before

    def test_a_folder_that_is_gone_is_one_sentence(self, desk):
        desk.open(STACK[1])
        desk.paint(strokes()[1])
        desk.answer = str(desk.folder / "no" / "begun.layers.tif")
        with pytest.raises(ValueError, match="was not written"):
            desk.copy("python", Choices())

    @pytest.mark.parametrize("name", ["scan.completed", "scan.completed-slice-2"])
    def test_results_that_are_there_are_not_written_over(self, desk, name):
        desk.open(STACK[1])
        desk.paint(strokes()[1])
        (desk.folder / f"{name}.layers.tif").write_text("mine")
        assert "scan-2.completed.layers.tif" in desk.copy("python", Choices())


class TestImage:
    def test_napari_itself_opens_it(self, make_napari_viewer, desk):
        desk.open(STACK)
        viewer = make_napari_viewer()
        (desk.image,) = viewer.open(str(desk.folder / "scan.tif"), plugin="napari")
        desk.viewer = viewer
        desk.paint(strokes())
        viewer.dims.set_current_step(0, 1)
        assert "The script reads scan.partial.layers.tif" in desk.copy("python", Choices())
        assert f'read_stack("{desk.folder / "scan.tif"}")' in QApplication.clipboard().text()

    def test_one_from_memory_has_no_file(self, desk):
        desk.image = desk.viewer.add_image(STACK[1], name="sum")
        desk.paint(strokes()[1])
        with pytest.raises(ValueError, match='"sum" was not opened from a file: save it'):
            desk.copy("python", Choices())
        assert not desk.asked

    def test_another_shape_than_in_the_file(self, desk):
        desk.open(STACK)
        desk.image.data = STACK[1]
        desk.paint(strokes()[1])
        with pytest.raises(ValueError, match=r"40 x 52, but scan.tif holds 4 x 40 x 52"):
            desk.copy("python", Choices())

    def test_a_file_that_is_gone(self, desk):
        desk.open(STACK[1])
        desk.paint(strokes()[1])
        (desk.folder / "scan.tif").unlink()
        with pytest.raises(ValueError, match="does not exist"):
            desk.copy("python", Choices())


def test_windows_has_quotes_of_its_own(monkeypatch, tmp_path):
    plane = Plane((None, None), 0, 1)
    call = Call(
        *(tmp_path / name for name in ("a scan.tif", "b.tif", "c.layers.tif")),
        (H, W),
        False,
        (Slice(plane, plane),),
        Choices(),
    )
    monkeypatch.setattr(os, "name", "nt")
    text = as_command(call)
    monkeypatch.undo()
    assert f'layeredcnn segment "{tmp_path / "a scan.tif"}" --seed ' in text
    assert "'" not in text


def test_the_last_axis_that_looks_like_colors(tmp_path):
    plane = Plane((0, None, None), 1, 2)
    call = Call(
        *(tmp_path / name for name in ("a.tif", "b.tif", "c.layers.tif")),
        (N, H, 4),
        False,
        (Slice(plane, plane),),
        Choices(),
    )
    assert "image[plane]" in as_python(call)
    with pytest.raises(ValueError, match="for colors: copy as Python"):
        as_command(call)
