"""The folded part of the "Measure Layers" dock: what a person may set, and need not."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QDoubleSpinBox, QSpinBox

from napari_layeredcnn.plugin.fields import one_below_the_other, prepare_box, tick
from napari_layeredcnn.plugin.folded import Folded

_NO_UNCERTAINTY = (
    "Nothing is known of how unsure these are: it is known of labels that Segment Layers has\n"
    "completed since napari was started, of their curves, and of curves from files that hold it."
)


class MeasureAdvanced(Folded):
    """What is left out, errors, detrending and border regions, folded away at first."""

    def __init__(self) -> None:
        super().__init__()
        self._build_uncertainty()
        self._build_others()
        self._leave_out = one_below_the_other(self.leave_out_tick, self.limit)
        self.fields.add("Uncertain", self._leave_out)
        self.fields.add("Errors alike", self.alike)
        self.fields.add("Roughness", self.degree)
        self.fields.add("Ends", self.border_tick)
        self.fields.add("Boundaries", self.fractions_tick)
        self.show_uncertainty(False)

    def show_fractions(self, shown: bool) -> None:
        """Offer to measure pixels only where there are any."""
        self.fields.show_row(self.fractions_tick, shown)

    def choices(self) -> dict[str, Any]:
        """Return the fields of `MeasureChoices` that are set here."""
        leaves_out = self.leave_out_tick.isEnabled() and self.leave_out_tick.isChecked()
        return {
            "max_uncertainty": self.limit.value() if leaves_out else None,
            "correlation_length": self.alike.value() or None,
            "detrend": self.degree.value(),
            "to_border": self.border_tick.isChecked(),
            "fractions": self.fractions_tick.isChecked(),
        }

    def show_uncertainty(self, known: bool) -> None:
        """Offer what needs an uncertainty only where there is one."""
        for box in (self.leave_out_tick, self.alike):
            box.setEnabled(known)
        self.limit.setEnabled(known)
        leave_out, alike = self.fields.names()[:2]
        for parts, tip in (
            ((leave_out, self._leave_out, self.leave_out_tick, self.limit), self._limit_tip),
            ((alike, self.alike), self._alike_tip),
        ):
            for part in parts:
                part.setToolTip(tip if known else _NO_UNCERTAINTY)

    # ---------------------------------------------------------------- parts

    def _build_uncertainty(self) -> None:
        self._limit_tip = (
            "Leave out columns in which a boundary is less sure than this, of the boundary and of\n"
            "the regions on its two sides. The table tells the share left out."
        )
        self.leave_out_tick = tick("left out", self._limit_tip)
        self.limit = QDoubleSpinBox()
        self.limit.setRange(0.01, 1000)
        self.limit.setValue(3)
        self.limit.setSingleStep(0.5)
        self.limit.setPrefix("over ")
        self.limit.setSuffix(" px")
        prepare_box(self.limit)
        self.limit.hide()
        self.leave_out_tick.toggled.connect(self.limit.setVisible)
        self._alike_tip = (
            "Over how many columns errors are alike, for the error of a mean.\n"
            "The whole slice gives the largest error that the uncertainty allows."
        )
        self.alike = QSpinBox()
        self.alike.setRange(0, 100_000)
        self.alike.setSpecialValueText("a whole slice")
        self.alike.setSuffix(" columns")
        prepare_box(self.alike)

    def _build_others(self) -> None:
        self.degree = QSpinBox()
        self.degree.setRange(0, 20)
        self.degree.setValue(1)
        self.degree.setPrefix("without degree ")
        self.degree.setToolTip(
            "Roughness is what is left of a boundary when its course is taken away: a polynomial\n"
            "of this degree. 0 takes away its mean height, 1 a straight line, 2 a parabola."
        )
        prepare_box(self.degree)
        self.border_tick = tick(
            "first and last, too",
            "Measure the thickness of the first and the last region, too, up to the border of the\n"
            "image. It cuts them off, so that this is not how thick they are.",
        )
        self.fractions_tick = tick(
            "in fractions of pixels",
            "Measure boundaries as Segment Layers has found them, in fractions of pixels and with\n"
            "their uncertainty, wherever its labels were not repainted. Else measure the pixels\n"
            "of the labels, as for labels of other programs and for files.",
        )
        self.fractions_tick.setChecked(True)
