"""The folded part of the dock: what a person may set, and need not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.layers import Shapes
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QDoubleSpinBox, QFileDialog

from napari_layeredcnn.plugin.fields import (
    LayerBox,
    button,
    choice_box,
    keep_narrow,
    one_below_the_other,
    prepare_box,
    tick,
    widen_list,
)
from napari_layeredcnn.plugin.folded import Folded
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
_OWN_FILE = "own file …"
#: What the box for the thickness shows until a person sets one, px.
_USUAL_THICKNESS = 20.0


class Advanced(Folded):
    """Working resolution, model, device, output and locked columns, folded away at first.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer whose Shapes layers are offered for locked columns.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
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
        self.fields.add("Thin regions", one_below_the_other(self.automatic_tick, self.thickness))
        self.fields.add("Model", self.model.native)
        self.fields.add("Device", self.device.native)
        self.fields.add("Result in", self.output.native)
        self.fields.add("Locked", one_below_the_other(self.locked_columns.native, self.lock_button))

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
