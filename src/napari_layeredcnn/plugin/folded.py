"""What is folded away in a dock until a person asks for it."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QIcon, QPixmap
from superqt import QCollapsible

from napari_layeredcnn.plugin.fields import Fields

_FOLDED, _UNFOLDED = "▸  Advanced", "▾  Advanced"
_HEADER = """
QPushButton { text-align: left; border: none; background: transparent; padding: 4px 0px; }
QPushButton:focus, QPushButton:hover { text-decoration: underline; }
"""
_NO_LIMIT = 16_777_215  # Qt's QWIDGETSIZE_MAX


class Folded(QCollapsible):
    """Rows of fields under a header, "Advanced", which shows and hides them; hidden at first."""

    def __init__(self) -> None:
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
        self.fields = Fields()
        self.setContent(self.fields)
        self.toggled.connect(self._unfold)
        self._unfold(False)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As wide as the rows, folded or not, so that the dock stays as wide as it is."""
        least = super().minimumSizeHint()
        return QSize(max(least.width(), self.fields.minimumSizeHint().width()), least.height())

    def _unfold(self, unfolded: bool) -> None:
        """Show or hide the rows; hidden ones are out of the way of the Tab key."""
        self.setText(_UNFOLDED if unfolded else _FOLDED)
        self.fields.setMaximumHeight(_NO_LIMIT)  # superqt's limit knows no words that wrap
        self.fields.setVisible(unfolded)
