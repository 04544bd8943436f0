"""The folded part of the dock: what a person may set, and need not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.layers import Shapes
from qtpy.QtCore import QSignalBlocker, QSize, Qt
from qtpy.QtGui import QIcon, QPixmap
from qtpy.QtWidgets import QDoubleSpinBox, QFileDialog
from superqt import QCollapsible

from napari_layeredcnn.plugin.fields import (
    Fields,
    LayerBox,
    button,
    choice_box,
    keep_narrow,
    one_below_the_other,
    prepare_box,
    tick,
    widen_list,
)
from napari_layeredcnn.plugin.settings import bundled_names

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_layeredcnn.plugin.choices import Choices

DEVICES = [
    ("automatic", "auto"),
    ("CPU", "cpu"),
    ("CUDA (NVIDIA)", "cuda"),
    ("MPS (Mac)", "mps"),
]
OUTPUTS = [("a new layer", False), ("the partial labels", True)]
ABOUT = {"compact": "quick", "paper": "for a GPU"}
_MODEL_TIP = (
    "The network that continues the labels.\n"
    "compact: small and quick, made for computers without a GPU.\n"
    "paper: the network of the paper, larger, and slow without a GPU.\n"
    "own file: weights (.safetensors) that you have trained."
)
_FOLDED, _UNFOLDED = "▸  Advanced", "▾  Advanced"
_HEADER = """
QPushButton { text-align: left; border: none; background: transparent; padding: 4px 0px; }
QPushButton:focus, QPushButton:hover { text-decoration: underline; }
"""
_NO_LIMIT = 16_777_215  # Qt's QWIDGETSIZE_MAX
_OWN_FILE = "own file …"
#: What the box for the thickness shows until a person sets one, px.
_USUAL_THICKNESS = 20.0


class Advanced(QCollapsible):
    """Working resolution, model, device, output and locked columns, folded away at first.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer whose Shapes layers are offered for locked columns.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        # No icons: superqt paints them once, in whatever color the theme then has. PySide6 takes
        # an icon without a picture for none.
        nothing = QPixmap(1, 1)
        nothing.fill(Qt.GlobalColor.transparent)
        super().__init__(_FOLDED, collapsedIcon=QIcon(nothing), expandedIcon=QIcon(nothing))
        self.setDuration(0)
        frame = self.layout()
        assert frame is not None
        frame.setContentsMargins(0, 0, 0, 0)
        self.toggleButton().setStyleSheet(_HEADER)
        self.toggleButton().setToolTip("Settings that you need not touch to get good results.")
        self._build_resolution()
        self._build_model()
        self.device = choice_box(
            DEVICES,
            "What computes. Automatic: a GPU if there is one that PyTorch can use, else the CPU.",
        )
        self.output = choice_box(
            OUTPUTS,
            "A new layer: your partial labels are never changed.\n"
            "The partial labels: only where they are 0; what you have painted stays.",
        )
        self.locked_columns = LayerBox(
            viewer,
            (Shapes,),
            "Columns that no run changes: a rectangle locks those that it spans, at any height.",
            nothing="none",
            choose=lambda layers: None,
            optional=True,
        )
        self.lock_button = button(
            "New locked columns",
            "Add a Shapes layer with the rectangle tool in hand: drag across good columns.",
        )
        self.fields = Fields()
        self.fields.add("Thin regions", one_below_the_other(self.automatic_tick, self.thickness))
        self.fields.add("Model", self.model.native)
        self.fields.add("Device", self.device.native)
        self.fields.add("Result in", self.output.native)
        self.fields.add("Locked", one_below_the_other(self.locked_columns.native, self.lock_button))
        self.setContent(self.fields)
        self.toggled.connect(self._unfold)
        self._unfold(False)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As wide as the rows, folded or not, so that the dock stays as wide as it is."""
        least = super().minimumSizeHint()
        return QSize(max(least.width(), self.fields.minimumSizeHint().width()), least.height())

    def show_choices(self, choices: Choices) -> None:
        """Set the boxes."""
        thickness = choices.region_thickness
        self.automatic_tick.setChecked(thickness is None)
        self.thickness.setValue(_USUAL_THICKNESS if thickness is None else thickness)
        self._choose_model(choices.model or bundled_names()[0])
        self.device.value = choices.device
        self.output.value = choices.into_partial

    def choices(self) -> dict[str, Any]:
        """Return the fields of `Choices` that are set here."""
        default = bundled_names()[0]
        return {
            "region_thickness": (
                None if self.automatic_tick.isChecked() else self.thickness.value()
            ),
            "model": None if self.model.value == default else self.model.value,
            "device": self.device.value,
            "into_partial": self.output.value,
        }

    def show_output(self, shown: bool) -> None:
        """Show or hide the choice of where the result goes."""
        self.fields.show_row(self.output.native, shown)

    # ---------------------------------------------------------------- parts

    def _build_resolution(self) -> None:
        tip = (
            "Automatic: the working resolution is taken from how thick your labelled regions are.\n"
            "Else say how thick the thin regions of this image are, in its pixels: the image is\n"
            "scaled so that they get the thickness that the network knows."
        )
        self.automatic_tick = tick("automatic", tip)
        self.automatic_tick.setChecked(True)
        self.thickness = QDoubleSpinBox()
        self.thickness.setToolTip(tip)
        self.thickness.setRange(0.5, 10_000)
        self.thickness.setDecimals(1)
        self.thickness.setValue(_USUAL_THICKNESS)
        self.thickness.setSuffix(" px thick")
        prepare_box(self.thickness)
        self.thickness.hide()
        self.automatic_tick.toggled.connect(self._show_thickness)

    def _show_thickness(self, automatic: bool) -> None:
        self.thickness.setVisible(not automatic)

    def _build_model(self) -> None:
        self._own_file: str | None = None
        self._last_model = bundled_names()[0]
        self.model: ComboBox = ComboBox(
            choices=self._models,
            tooltip=_MODEL_TIP,
        )
        prepare_box(self.model.native)
        keep_narrow(self.model.native)
        self.model.changed.connect(self._on_model)

    def _models(self, _box: Any = None) -> list[tuple[str, str]]:
        models = [(f"{name}: {ABOUT.get(name, 'bundled')}", name) for name in bundled_names()]
        if self._own_file is not None:
            models.append((Path(self._own_file).name, self._own_file))
        return [*models, (_OWN_FILE, _OWN_FILE)]

    def _on_model(self, model: str) -> None:
        """Ask for a file if that was chosen; without an answer the choice stays as it was."""
        if model == _OWN_FILE:
            file, _ = QFileDialog.getOpenFileName(
                self, "Weights of your own", "", "Weights (*.safetensors)"
            )
            model = file or self._last_model
        self._choose_model(model)

    def _choose_model(self, model: str) -> None:
        if model not in bundled_names():
            self._own_file = model
        with self.model.changed.blocked():
            with QSignalBlocker(self.model.native):
                self.model.native.clear()
            self.model.reset_choices()
            self.model.value = model
        widen_list(self.model.native)
        self._last_model = model
        own = f"\nChosen: {model}" if model == self._own_file else ""
        self.model.native.setToolTip(_MODEL_TIP + own)

    def _unfold(self, unfolded: bool) -> None:
        """Show or hide the rows; hidden ones are out of the way of the Tab key."""
        self.setText(_UNFOLDED if unfolded else _FOLDED)
        self.fields.setMaximumHeight(_NO_LIMIT)  # superqt's limit knows no words that wrap
        self.fields.setVisible(unfolded)
