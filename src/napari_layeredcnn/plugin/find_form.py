"""How the "Find Layers" dock looks: its choices, buttons and the list of candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels
from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_layeredcnn.plugin import settings
from napari_layeredcnn.plugin.advanced import Advanced
from napari_layeredcnn.plugin.fields import (
    Fields,
    LayerBox,
    Scrolled,
    button,
    choice_box,
    line_up,
    one_below_the_other,
    prepare_box,
)
from napari_layeredcnn.plugin.find_layer import color_of, n_shown
from napari_layeredcnn.plugin.find_request import FindChoices
from napari_layeredcnn.plugin.planes import shape_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_layeredcnn.core.candidates import Candidates

HOW_TO_BEGIN = "Nothing need be painted: press Find Layers."
SLICES = [
    ("This slice", "shown"),
    ("The clearest slice", "clearest"),
    ("Every so many slices", "every"),
]
WAYS = [("Left and right", "horizontal"), ("Up and down", "vertical")]
_THICKNESS_TIP = (
    "Automatic: the image is searched at a height of 64 rows, or of 10 for each region\n"
    "if you say how many boundaries there are and that is more.\n"
    "Else say how thick the thin regions of this image are, in its pixels: the image is scaled\n"
    "so that they get the thickness that the network knows."
)
#: Rows of the list that are seen at least, and at most.
_ROWS_LEAST, _ROWS_MOST = 3, 10
_SWATCH = QSize(14, 4)


class FindForm(QWidget):
    """The choices, buttons and candidates of the dock.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer whose layers are offered.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._build_fields()
        self._build_buttons()
        self._build_candidates()
        self._lay_out()
        self._show_running(False)
        self._show_rows()
        self._follow_viewer()

    def say(self, message: str) -> None:
        """Show a sentence below the buttons."""
        self._message.setText(message)

    def choices(self) -> FindChoices:
        """Return what is chosen; what is hidden is as built in."""
        advanced = self._advanced.choices()
        return FindChoices(
            slices=self._slices.value if self._is_stack else "shown",
            every=self._every.value(),
            direction=self._way.value,
            n_boundaries=self._number_box.value() or None,
            region_thickness=advanced["region_thickness"],
            model=advanced["model"],
            device=advanced["device"],
        )

    def accepted(self) -> list[int]:
        """Return the candidates that are ticked."""
        ticked = Qt.CheckState.Checked
        return [i for i in range(self._list.count()) if self._item(i).checkState() == ticked]

    def offer(self, candidates: Candidates | None) -> None:
        """List candidates by rank, the chosen ones ticked."""
        self._list.blockSignals(True)
        self._list.clear()
        for i in range(0 if candidates is None else n_shown(candidates)):
            assert candidates is not None
            starts = int(candidates.members[i])
            text = f"{i + 1}: cost {candidates.costs[i]:.2f}, {starts} start{'s' * (starts > 1)}"
            item = QListWidgetItem(_swatch(i), text)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            chosen = i in candidates.chosen
            item.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
            self._list.addItem(item)
        self._list.blockSignals(False)
        row, frame = self._list.sizeHintForRow(0), 2 * self._list.frameWidth() + 4
        rows = min(self._list.count(), _ROWS_MOST)
        self._list.setMinimumHeight(min(rows, _ROWS_LEAST) * row + frame)
        self._list.setMaximumHeight(rows * row + frame)
        self._after.setVisible(self._list.count() > 0)

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Line up the rows in whatever font napari sets."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            line_up(self._fields, self._advanced.fields, self._into_fields)

    # ---------------------------------------------------------------- parts

    def _build_fields(self) -> None:
        self._image = LayerBox(
            self._viewer,
            (Image,),
            "The image in which layers are looked for.",
            nothing="none yet",
            choose=self._usual_layer,
        )
        self._slices = choice_box(
            SLICES,
            "This slice: the one that you see.\n"
            "The clearest slice: of 5 slices of the stack, the one that shows the layers best.\n"
            "Every so many slices: all of these that show the same layers. The stack is then\n"
            "completed from all of them.",
        )
        self._every = QSpinBox()
        self._every.setRange(1, 9999)
        self._every.setValue(FindChoices().every)
        self._every.setToolTip("Layers are looked for in one of so many slices.")
        prepare_box(self._every)
        self._way = choice_box(WAYS, "Which way the layers run through the image.")
        self._number_box = QSpinBox()
        self._number_box.setRange(0, 200)
        self._number_box.setSpecialValueText("automatic")
        self._number_box.setToolTip(
            "How many boundaries there are; fewer are ticked where the others are too unsure.\n"
            "Automatic: as many as are sure enough."
        )
        prepare_box(self._number_box)
        self._fields = Fields()
        self._fields.add("Image", self._image.native)
        self._fields.add("Slices", self._slices.native)
        self._fields.add("Look at one in", self._every)
        self._fields.add("Layers run", self._way.native)
        self._fields.add("Boundaries", self._number_box)
        self._advanced = advanced = Advanced(self._viewer)
        advanced.show_choices(settings.defaults())
        advanced.show_output(False)
        locked = advanced.lock_button.parentWidget()
        assert locked is not None
        advanced.fields.show_row(locked, False)
        name = advanced.fields.names()[0]
        for part in (name, advanced.automatic_tick, advanced.thickness):
            part.setToolTip(_THICKNESS_TIP)

    def _build_buttons(self) -> None:
        self._find_button = button(
            "Find Layers", "Look for boundaries without strokes, and show what was found."
        )
        self._both_button = button(
            "Find and segment",
            "Find layers, write them into new partial labels, and press Segment Layers.",
        )
        self._cancel_button = button("Cancel", "Stop the search.")
        self._bar = QProgressBar()
        self._bar.setToolTip("How far the search is.")
        self._bar.setTextVisible(False)
        self._message = QLabel(HOW_TO_BEGIN)
        self._message.setToolTip("What was found, or what is to be done.")
        self._message.setWordWrap(True)

    def _build_candidates(self) -> None:
        self._list = QListWidget()
        self._list.setToolTip(
            "Candidates, the surest first: numbers and colors as in the viewer. Tick those that\n"
            "are boundaries. The cost is how blurred the network sees a candidate, in pixels of\n"
            "its working resolution, less if many of the 60 starts ended on it."
        )
        self._list.setIconSize(_SWATCH)
        self._list.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self._list.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._into = LayerBox(
            self._viewer,
            (Labels,),
            "Where the ticked candidates are written: a new layer, or one of yours, in columns\n"
            "in which nothing is drawn.",
            nothing="a new layer",
            choose=lambda layers: None,
            optional=True,
        )
        self._use_button = button(
            "Use as partial labels",
            "Write the regions between the ticked candidates into a Labels layer, in the few\n"
            "columns where they are surest, or here and there all along where these do not do.\n"
            "Then press Segment Layers in its dock.",
        )

    def _lay_out(self) -> None:
        self._into_fields = Fields()
        self._into_fields.add("Into", self._into.native)
        self._after = one_below_the_other(self._list, self._into_fields, self._use_button)
        self._after.setToolTip("")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(Scrolled(one_below_the_other(self._fields, self._advanced)))
        for widget in (
            self._find_button,
            self._both_button,
            self._cancel_button,
            self._bar,
            self._message,
            self._after,
        ):
            layout.addWidget(widget)
        layout.addStretch()
        self._after.hide()

    def _show_running(self, running: bool) -> None:
        """Lock what must not change during a search."""
        for widget in (self._fields, self._advanced.fields, self._after):
            widget.setEnabled(not running)
        self._find_button.setEnabled(not running)
        self._both_button.setEnabled(not running)
        self._cancel_button.setEnabled(running)
        self._bar.setVisible(running)
        self._bar.setRange(0, 0)  # busy until the first step is made

    def _item(self, number: int) -> QListWidgetItem:
        item = self._list.item(number)
        assert item is not None
        return item

    # ---------------------------------------------------------------- viewer

    def _follow_viewer(self) -> None:
        layers, dims = self._viewer.layers.events, self._viewer.dims.events
        for signal in (layers.inserted, layers.removed, layers.reordered, layers.renamed):
            signal.connect(self._refresh_layers)
        for signal in (dims.order, dims.range):
            signal.connect(self._show_rows)
        for box in (self._image, self._slices):
            box.changed.connect(self._show_rows)

    def _refresh_layers(self, _event: Any = None) -> None:
        """Offer the layers that are there now; what is chosen stays chosen."""
        if not isalive(self):
            return  # the window is closing, the list of layers is not gone yet
        self._image.reset_choices()
        self._into.reset_choices()
        self._advanced.locked_columns.reset_choices()

    def _show_rows(self, _event: Any = None) -> None:
        """Show the rows that make sense, and no others."""
        if not isalive(self):
            return
        self._fields.show_row(self._slices.native, self._is_stack)
        every = self._is_stack and self._slices.value == "every"
        self._fields.show_row(self._every, every)

    @property
    def _is_stack(self) -> bool:
        """Whether the chosen image has more than the slice that is shown."""
        image = self._image.value
        if image is None:
            return False
        missing = self._viewer.dims.ndim - image.ndim
        shown = [axis - missing for axis in self._viewer.dims.order[-2:]]
        return any(n > 1 for axis, n in enumerate(shape_of(image)) if axis not in shown)

    def _usual_layer(self, layers: list[Layer]) -> Layer | None:
        """Return a selected layer, else the lowest one: results lie above what they are of."""
        selected = [layer for layer in layers if layer in self._viewer.layers.selection]
        return next(iter(selected + layers), None)


def _swatch(number: int) -> QIcon:
    picture = QPixmap(_SWATCH)
    picture.fill(QColor(color_of(number)))
    return QIcon(picture)
