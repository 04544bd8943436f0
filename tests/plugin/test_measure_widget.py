"""The "Measure Layers" dock in a real viewer, with a person's clicks."""

from __future__ import annotations

import csv
import gc
import threading
from weakref import ref

import numpy as np
import openpyxl
import pytest
import tifffile
from hands import button, click, dock, press, stroke
from measured import CURVES, LABELS, H, W, add
from napari.components import ViewerModel
from qtpy.QtCore import QCoreApplication, QEvent, QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog, QPushButton, QWidget
from runs import a_run, image_plane
from superqt.utils import WorkerBase
from typer.testing import CliRunner

from napari_layeredcnn.cli import app
from napari_layeredcnn.plugin import measure_worker
from napari_layeredcnn.plugin.measure_widget import MeasureWidget
from napari_layeredcnn.plugin.results import ResultLayers
from napari_layeredcnn.plugin.writers import write_labels_layer

pytestmark = pytest.mark.usefixtures("no_thread_left")


def measure_dock(viewer) -> MeasureWidget:
    """Open the dock as the manifest says."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-layeredcnn", "Measure Layers")
    QCoreApplication.processEvents()
    return widget


@pytest.fixture
def model():
    """A viewer without a window, for what needs none."""
    return ViewerModel()


@pytest.fixture
def alone(model, qtbot) -> MeasureWidget:
    """The dock on its own, as wide as it is in the window."""
    widget = MeasureWidget(model)
    qtbot.addWidget(widget)
    widget.resize(350, 750)
    widget.show()
    return widget


def wait(qtbot, widget) -> str:
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    return widget._message.text()


def measure(qtbot, widget) -> str:
    click(qtbot, widget, "Measure")
    return wait(qtbot, widget)


def measure_stack(qtbot, widget) -> str:
    widget._slices.value = "stack"
    return measure(qtbot, widget)


def to_page(qtbot, widget, title: str) -> None:
    """Click on a tab."""
    bar = widget._views.tabBar()
    (i,) = [i for i in range(bar.count()) if bar.tabText(i) == title]
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(i).center())


def column(widget, number: int = 0) -> list[str]:
    model = widget._views.table.model()
    return [model.index(i, number).data() for i in range(model.rowCount())]


def sort_by(qtbot, widget, number: int) -> None:
    """Click on the title of a column."""
    header = widget._views.table.horizontalHeader()
    widget._views.table.scrollTo(widget._views.model.index(0, number))
    x = header.sectionViewportPosition(number) + header.sectionSize(number) // 2
    place = QPoint(x, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)


@pytest.fixture
def answer(monkeypatch):
    """What the person answers to the next question for a file."""
    answers, asked = [], []

    def ask(_parent, title, name, filters):
        asked.append((title, name, filters))
        return answers.pop(0)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    answers_and_asked = (answers, asked)
    yield answers_and_asked
    assert not answers


def table(path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_measured_sorted_and_copied(model, alone, qtbot):
    features = {"index": [1, 2, 3, 4], "name": ["air", "skin", "fat", "bone"]}
    add(model, features=features)
    assert not alone._views.isVisible()
    alone._slices.value = "stack"
    assert measure(qtbot, alone).startswith("Measured 4 regions and 3 boundaries in 4 slices")
    assert alone._views.isVisible()
    assert column(alone) == ["air", "skin", "fat", "bone"]
    sort_by(qtbot, alone, 1)
    assert column(alone, 1) == ["4.45", "5.75", "", ""]
    sort_by(qtbot, alone, 1)
    assert column(alone) == ["fat", "skin", "air", "bone"]
    click(qtbot, alone, "Copy table")
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].startswith("region\tthickness (µm)\tSD (µm)")
    assert lines[1].startswith("fat\t5.75\t")
    assert float(lines[2].split("\t")[1]) == pytest.approx(4.45)  # µm; 4.475 of the true curves

    alone._views.kind_box.value = "boundaries"
    assert column(alone) == ["air / skin", "skin / fat", "fat / bone"]
    alone._views.kind_box.value = "regions"
    alone._views.slice_box.value = "every"
    assert column(alone, 1)[:5] == ["0", "1", "2", "3", "all"]
    sort_by(qtbot, alone, 1)
    sort_by(qtbot, alone, 1)
    assert column(alone, 1)[:5] == ["all"] * 4 + ["3"]
    alone._views.slice_box.value = 2
    assert column(alone) == ["air", "skin", "fat", "bone"]


def test_slices_along_one_of_several_axes(model, alone, qtbot):
    data = np.stack([LABELS, LABELS[::-1]], axis=1)
    model.add_labels(data)
    assert alone._slices.native.isVisible()
    assert not alone._along.native.isVisible()
    alone._slices.value = "stack"
    assert alone._along.native.isVisible()
    for axis, n in ((0, 4), (1, 2)):
        alone._along.value = axis
        assert f" in {n} slices" in measure(qtbot, alone)
    flat = model.add_labels(LABELS[0])
    alone._labels.value = flat
    assert not alone._slices.native.isVisible()
    assert not alone._along.native.isVisible()
    assert " slices" not in measure(qtbot, alone)
    alone._labels.value = model.layers[0]
    model.layers.clear()
    assert not alone._slices.native.isVisible()


def test_nothing_is_cut_off_at_the_width_of_a_dock(viewer, qtbot):
    add(viewer)
    widget = measure_dock(viewer)
    measure_stack(qtbot, widget)
    click(qtbot, widget, "▸  Advanced")
    assert widget.width() <= 400
    for title in ("Table", "Plot", "Maps"):
        to_page(qtbot, widget, title)
        shown = [part for part in widget.findChildren(QPushButton) if part.isVisible()]
        assert all(part.width() >= part.sizeHint().width() for part in shown)
        edge = widget.mapToGlobal(QPoint(widget.width(), 0)).x()
        for part in widget.findChildren(QWidget):
            if part.isVisible() and part.visibleRegion().isEmpty() is False:
                end = part.mapToGlobal(QPoint(part.visibleRegion().boundingRect().right(), 0)).x()
                assert end <= edge
    assert widget._views.plot.isVisible() is False
    views = widget._views
    header = views.table.horizontalHeader()
    for number in range(views.model.columnCount()):
        texts = [*views.model.headerData(number, Qt.Orientation.Horizontal).split("\n")]
        needed = max(map(header.fontMetrics().horizontalAdvance, [*texts, *column(widget, number)]))
        assert needed < views.table.columnWidth(number) < needed + 40
    to_page(qtbot, widget, "Plot")
    assert widget._views.plot.isVisible()
    tips = [part.text() for part in widget.findChildren(QPushButton) if not part.toolTip()]
    assert tips == []


def test_files_of_dock_and_command_have_the_same_numbers(model, alone, qtbot, tmp_path, answer):
    features = {"index": [2, 3], "name": ["skin", "fat"]}
    layer = add(model, features=features)
    (file,) = write_labels_layer(str(tmp_path / "a.layers.tif"), *layer.as_layer_data_tuple()[:2])
    command = ["measure", file, "-o", str(tmp_path / "command.csv")]
    command += ["-o", str(tmp_path / "command.xlsx"), "--perpendicular", "--to-border"]
    command += ["--detrend", "2", "--roi", "mine=10:30", "--compare", file]
    assert CliRunner().invoke(app, command).exit_code == 0

    same = add(model, LABELS.copy())
    box = np.array([[0, 10], [0, 29], [9, 29], [9, 10]])
    place = {"scale": layer.scale[1:], "translate": layer.translate[1:], "units": ("um", "um")}
    rois = model.add_shapes([box], features={"name": ["mine"]}, **place)
    alone._labels.value, alone._other.value, alone._rectangles.value = layer, same, rois
    alone._slices.value, alone._thickness.value = "stack", True
    alone._advanced.border_tick.setChecked(True)
    alone._advanced.degree.setValue(2)
    measure(qtbot, alone)
    answers, asked = answer
    answers[:] = [(str(tmp_path / "dock"), "CSV (*.csv)"), (str(tmp_path / "dock.xlsx"), "")]
    for _ in range(2):
        click(qtbot, alone, "Save table …")
        assert wait(qtbot, alone).startswith(f"Wrote {tmp_path / 'dock'}.")
    assert asked[0][:2] == ("Save table", "result.csv")
    ours, theirs = table(tmp_path / "dock.csv"), table(tmp_path / "command.csv")
    assert len(ours) > 400
    assert {row[0] for row in ours[1:]} == {"result"}
    assert [row[1:] for row in ours] == [row[1:] for row in theirs]
    sheets = [
        [row[1:] for row in openpyxl.load_workbook(tmp_path / name).active.values]
        for name in ("dock.xlsx", "command.xlsx")
    ]
    assert sheets[0] == sheets[1]


def test_a_table_that_cannot_be_written_or_is_not_wanted(model, alone, qtbot, tmp_path, answer):
    add(model)
    measure_stack(qtbot, alone)
    said = alone._message.text()
    answers, _ = answer
    answers[:] = [("", ""), (str(tmp_path / "a.doc"), ""), (str(tmp_path / "no" / "a.csv"), "")]
    click(qtbot, alone, "Save table …")
    assert wait(qtbot, alone) == said
    click(qtbot, alone, "Save table …")
    assert ".csv" in wait(qtbot, alone)
    click(qtbot, alone, "Save table …")
    assert "No such file" in wait(qtbot, alone)
    assert list(tmp_path.iterdir()) == []


def test_curves_of_a_run_their_uncertainty_and_the_table_of_the_layer(viewer, qtbot, fake):
    viewer.add_image(np.zeros((H, W), np.uint8), name="i", scale=(2, 2), units=("um", "um"))
    partial = np.zeros((H, W), np.uint8)
    partial[:, 30] = np.repeat([1, 2, 3], [10, 12, 18])
    viewer.add_labels(partial, name="p", scale=(2, 2), units=("um", "um"))
    segment = dock(viewer)
    widget = measure_dock(viewer)
    limits = widget._advanced
    assert not limits.leave_out_tick.isEnabled()
    assert "Nothing is known" in limits.leave_out_tick.toolTip()
    click(qtbot, segment, "Segment Layers")
    qtbot.waitUntil(lambda: not segment.running, timeout=10_000)
    result = viewer.layers["p completed"]
    qtbot.waitUntil(lambda: "thickness (µm)" in result.features, timeout=10_000)
    widget._labels.value = result
    assert limits.leave_out_tick.isEnabled()
    assert not widget._slices.native.isVisible()
    message = measure(qtbot, widget)
    assert message == "Measured 3 regions and 2 boundaries, from the curves of the run."
    views = widget._views
    assert column(widget, 1) == ["", "24", ""]
    assert views.model.headerData(2, Qt.Orientation.Horizontal) == "± error\n(µm)"
    assert result.features["thickness (µm)"][1] == 24
    assert not views.map_button.isEnabled()  # of one image there are no maps
    limits.leave_out_tick.setChecked(True)
    limits.limit.setValue(0.5)  # all but the painted column are unsure by 1 px
    measure(qtbot, widget)
    lost = [
        i
        for i in range(20)
        if views.model.headerData(i, Qt.Orientation.Horizontal) == "left out\n(%)"
    ]
    assert column(widget, lost[0])[1] == f"{100 * (W - 1) / W:.4g}"
    limits.leave_out_tick.setChecked(False)

    # A key does the same as the button.
    viewer.layers.selection = {result}
    result.data[:, 5] = np.repeat([1, 2, 3], [10, 2, 28])
    press(qtbot, viewer, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    wait(qtbot, widget)
    minimum = views.model.text().splitlines()[2].split("\t")[5]
    assert float(minimum) == 4


def test_known_direction_and_new_labels_are_taken(model, alone, qtbot):
    add(model)
    assert alone._way.value == "horizontal"
    notes = {"layeredcnn": {"settings": {"direction": "down"}}}
    turned = add(model, LABELS.transpose(0, 2, 1), metadata=notes)
    alone._labels.value = turned
    assert alone._way.value == "vertical"
    alone._slices.value = "stack"
    assert measure(qtbot, alone).startswith("Measured 4 regions")
    assert "thickness min row" in {row.measure for row in alone._views.result.rows}
    model.layers.remove(turned)
    assert alone._labels.value is model.layers[0]
    assert column(alone)  # what was measured stays


def test_rectangles_drawn_by_hand(viewer, qtbot):
    add(viewer, translate=(0, 0, 0))
    widget = measure_dock(viewer)
    widget._slices.value = "stack"
    click(qtbot, widget, "New")
    shapes = viewer.layers["result regions of interest"]
    assert widget._rectangles.value is shapes
    assert shapes.ndim == 2
    stroke(qtbot, viewer, (2, 3), (8, 9))
    assert len(shapes.data) == 1
    assert "1 region of interest" in measure(qtbot, widget)
    (roi,) = widget._views.result.request.regions_of_interest
    assert abs(roi.columns[0] - 12) <= 1
    assert abs(roi.columns[1] - 37) <= 1
    assert roi.slices is None
    shapes.data = []
    assert measure(qtbot, widget).startswith('"result regions of interest" has no rectangle')
    assert column(widget)  # what was measured before stays


def test_maps_pictures_and_surfaces(model, alone, qtbot, tmp_path, answer):
    add(model)
    measure_stack(qtbot, alone)
    to_page(qtbot, alone, "Maps")
    click(qtbot, alone, "Add map")
    layer = model.layers["thickness of Region 2 (µm)"]
    assert alone._message.text() == '"thickness of Region 2 (µm)" lies below the slices.'
    assert layer.colorbar.visible
    answers, asked = answer
    answers[:] = [(str(tmp_path / name), "") for name in ("a.png", "a.tif")]
    click(qtbot, alone, "Export map …")
    click(qtbot, alone, "Export map …")
    assert asked[0][:2] == ("Export map", "thickness of Region 2.png")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), layer.data)
    assert (tmp_path / "a.png").stat().st_size > 5_000
    alone._views.map_box.value = ("height", 0)
    click(qtbot, alone, "Add map")
    assert "height of Region 1 / Region 2 (µm)" in model.layers
    click(qtbot, alone, "Add colored surfaces")
    assert alone._message.text() == "Added 2 surfaces; look at them in 3D."
    assert "result thickness of Region 2" in model.layers


def test_wrong_input_is_told_in_a_sentence(model, alone, qtbot):
    expected = "There is nothing to measure: open labels or curves, or complete some labels first."
    assert measure(qtbot, alone) == expected
    click(qtbot, alone, "New")
    assert alone._message.text() == expected
    model.add_labels(np.zeros((H, W), np.uint8))
    assert measure(qtbot, alone).startswith("No column is labelled from top to bottom")
    assert not alone._views.isVisible()


@pytest.fixture
def held(monkeypatch):
    """Measuring waits for this gate before it begins."""
    gate, real = threading.Event(), measure_worker.read_source

    def read(*arguments):
        gate.wait()
        return real(*arguments)

    monkeypatch.setattr(measure_worker, "read_source", read)
    yield gate
    gate.set()


def test_cancel_layers_that_are_deleted_and_errors(model, alone, qtbot, held, monkeypatch):
    add(model)
    click(qtbot, alone, "Measure")
    qtbot.waitUntil(lambda: alone._message.text() == "Starting …")
    assert not button(alone, "Measure").isEnabled()
    assert alone._bar.isVisible()
    click(qtbot, alone, "Cancel")
    assert alone._message.text() == "Canceling …"
    held.set()
    assert wait(qtbot, alone) == "Canceled; nothing was measured."
    assert not alone._bar.isVisible()
    assert not alone._views.isVisible()

    held.clear()
    click(qtbot, alone, "Measure")
    model.layers.clear()
    held.set()
    assert wait(qtbot, alone) == "Nothing was measured: the layer was deleted meanwhile."

    add(model)

    def fail(*_):
        raise MemoryError("out of memory")

    monkeypatch.setattr(measure_worker, "read_source", fail)
    assert measure(qtbot, alone) == "Out of memory."


@pytest.mark.parametrize("closes", ["viewer", "dock"])
def test_closed_while_it_measures(make_napari_viewer, qtbot, held, closes):
    viewer = make_napari_viewer(show=True)
    layer = add(viewer)
    results = ResultLayers(viewer)
    results.remember(layer, image_plane(1), a_run(CURVES[1], height=H))
    widget = measure_dock(viewer)
    held.set()
    measure(qtbot, widget)  # so that there are a plot and a table
    held.clear()
    click(qtbot, widget, "Measure")
    with qtbot.captureExceptions() as errors:
        watched = {"widget": ref(widget)}
        if closes == "dock":
            viewer.window.remove_dock_widget(widget)
        else:
            viewer.close()
        held.set()
        del widget, viewer, layer, results
        qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=20_000)
        for _ in range(3):
            QTest.qWait(30)
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            gc.collect()
    assert not errors
    assert not [name for name, one in watched.items() if one() is not None]
