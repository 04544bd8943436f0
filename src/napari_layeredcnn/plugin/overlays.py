"""What else a result can show, each by a tick box: where it is unsure, its curves, surfaces.

Each is a layer beside the result, made when it is first wanted and changed in place from then on.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
from napari.utils.colormaps import Colormap
from qtpy.compat import isalive
from qtpy.QtCore import QTimer

from napari_layeredcnn.plugin.curve_notes import KNOWN, known_of_runs, notes_of_runs
from napari_layeredcnn.plugin.curve_points import add_beside
from napari_layeredcnn.plugin.drawing import band_of, curve_paths
from napari_layeredcnn.plugin.features import region_names
from napari_layeredcnn.plugin.readers import KEY
from napari_layeredcnn.plugin.surfaces import TOO_FEW, neighbors, show_surfaces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer, Shapes, Surface
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.planes import Plane

    Runs = Mapping[Plane, Kept]

#: The brightest color stands for this uncertainty at least, px: a sure result looks dark.
_BRIGHTEST = 3.0
#: Slices that are drawn in one turn of the event loop.
_AT_ONCE = 4
_DONE = object()
#: From nothing over orange to red; seen on dark images and on bright ones.
_COLORS = ((1.0, 0.6, 0.0, 0.0), (1.0, 0.5, 0.0, 0.4), (1.0, 0.3, 0.0, 0.9), (0.9, 0.0, 0.1, 1.0))
#: Which curve a path is, from 1, and the regions on its two sides.
_FEATURES = ("curve", "above", "below")


class Overlays:
    """Layers beside the result, one of a kind for each partial labels layer.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer to which they are added.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._uncertainty: WeakKeyDictionary[Layer, Image] = WeakKeyDictionary()
        self._paths: WeakKeyDictionary[Layer, Shapes] = WeakKeyDictionary()
        self._surfaces: WeakKeyDictionary[Layer, list[Surface]] = WeakKeyDictionary()
        # Those that are hidden because they are not ticked, and not by a person's click on the eye.
        self._hidden: WeakSet[Layer] = WeakSet()
        # What each layer shows, so that only slices that are others now are drawn anew.
        self._drawn: WeakKeyDictionary[Layer, dict[Plane, Kept]] = WeakKeyDictionary()
        self._job: Iterator[None] = iter(())
        self._turn = QTimer()
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._next)

    def show(
        self,
        partial: Layer,
        result: Labels,
        runs: Runs,
        *,
        uncertainty: bool,
        paths: bool,
        surfaces: bool,
    ) -> str:
        """Show these runs in the layers that are ticked; hide those that are not.

        A few slices are drawn at once, a whole stack part by part while the window stays alive;
        see `busy` and `finish`.

        Parameters
        ----------
        partial : napari.layers.Layer
            The partial labels, after which the layers are named.
        result : napari.layers.Labels
            The completed labels, on whose pixels the layers lie.
        runs : dict of Plane to Kept
            The run that each slice of the result shows now; other slices show none.
        uncertainty, paths, surfaces : bool
            What is ticked.

        Returns
        -------
        str
            A sentence if something that is ticked cannot be shown, else nothing.
        """
        self._job = self._draw(partial, result, dict(runs), uncertainty, paths, surfaces)
        if len(runs) > _AT_ONCE:
            self._turn.start()
        else:
            self.finish()
        return TOO_FEW if surfaces and not neighbors(runs) else ""

    def finish(self) -> None:
        """Draw at once what is left to draw."""
        self.stop()
        for _ in self._job:
            pass

    def stop(self) -> None:
        """Draw no further; the next `show` goes on."""
        if isalive(self._turn):  # not when napari ends
            self._turn.stop()

    @property
    def busy(self) -> bool:
        """Whether something is left to draw."""
        return self._turn.isActive()

    def _next(self) -> None:
        """Draw a part in this turn of the event loop, so that the window stays alive."""
        if next(self._job, _DONE) is not _DONE:
            self._turn.start()

    def _draw(
        self,
        partial: Layer,
        result: Labels,
        runs: Runs,
        uncertainty: bool,
        paths: bool,
        surfaces: bool,
    ) -> Iterator[None]:
        """Draw what is ticked, and what a person has made visible; part by part."""
        band = self._still_there(self._uncertainty.get(partial), result)
        if self._is_wanted([band], ticked=uncertainty):
            yield from self._draw_uncertainty(band, partial, result, runs)
        lines = self._still_there(self._paths.get(partial), result)
        if self._is_wanted([lines], ticked=paths):
            yield from self._draw_paths(lines, partial, result, runs)
        meshes = [self._still_there(m, result) for m in self._surfaces.get(partial, [])]
        if not self._is_wanted(meshes, ticked=surfaces):
            return
        drawn = [self._drawn.get(mesh, {}) for mesh in meshes if mesh is not None]
        if drawn and len(drawn) == len(meshes) and not any(_changed(was, runs) for was in drawn):
            return
        if not drawn:
            yield
            # Python would do it by itself soon, but while a layer is added, which takes long too.
            gc.collect()
            yield
        for _ in show_surfaces(self._viewer, partial, result, runs, self._surfaces):
            yield
        for surface in self._surfaces[partial]:
            self._drawn[surface] = dict(runs)

    def _still_there(self, layer: Any, result: Labels) -> Any:
        """Return a layer unless it is gone or no longer fits."""
        there = layer in self._viewer.layers and layer.ndim == result.ndim
        return layer if there else None

    def _is_wanted(self, layers: list[Any], *, ticked: bool) -> bool:
        """Show or hide layers when a tick comes or goes; tell whether they are to be drawn."""
        there = [layer for layer in layers if layer is not None]
        for layer in there:
            if ticked and layer in self._hidden:
                self._hidden.discard(layer)
                layer.visible = True
            elif not ticked and layer not in self._hidden:
                self._hidden.add(layer)
                layer.visible = False
        return ticked or any(layer.visible for layer in there)

    def _draw_uncertainty(
        self, layer: Image | None, partial: Layer, result: Labels, runs: Runs
    ) -> Iterator[None]:
        """Show how unsure the runs are, in pixels, in a band along every curve."""
        if layer is None or layer.data.shape != result.data.shape:
            highest = max((_highest(kept) for kept in runs.values()), default=0.0)
            self._uncertainty[partial] = layer = add_beside(
                self._viewer,
                result,
                "add_image",
                np.zeros(result.data.shape, np.float32),
                name=f"{partial.name} uncertainty (px)",
                colormap=Colormap(_COLORS, name="doubtful"),
                blending="translucent_no_depth",
                contrast_limits=(0, max(_BRIGHTEST, highest)),
            )
        for part in self._parts(layer, runs):
            yield
            for plane in part:
                plane.of(layer.data)[...] = band_of(runs[plane]) if plane in runs else 0
            layer.refresh()

    def _draw_paths(
        self, layer: Shapes | None, partial: Layer, result: Labels, runs: Runs
    ) -> Iterator[None]:
        """Show the curves as paths, which lie between pixels and not on them."""
        if layer is None:
            self._paths[partial] = layer = add_beside(
                self._viewer,
                result,
                "add_shapes",
                None,
                ndim=result.ndim,
                name=f"{partial.name} curves",
                visible=False,
            )
            self._hidden.add(layer)
            yield  # made in one turn, drawn for the first time in the next: either takes a while
            self._hidden.discard(layer)
            layer.visible = True
        names = region_names(result) | region_names(partial)
        for part in self._parts(layer, runs):
            yield
            old = {i for i, path in enumerate(layer.data) if any(_lies_in(path, p) for p in part)}
            if old:
                layer.selected_data = old
                layer.remove_selected()
            new, curves = [], []
            for plane in [plane for plane in part if plane in runs]:
                for k, path in curve_paths(runs[plane]):
                    new.append(plane.vertices(path[:, 0], path[:, 1]))
                    curves.append((k + 1, *map(int, runs[plane].region_ids[k : k + 2])))
            if new:
                _add_paths(layer, new, curves)
            notes = {KEY: notes_of_runs(runs, names), KNOWN: known_of_runs(runs)}
            layer.metadata = {**layer.metadata, **notes}

    def _parts(self, layer: Layer, runs: Runs) -> Iterator[list[Plane]]:
        """Slices to draw anew, some at a time; they count as drawn when the next ones come."""
        drawn = self._drawn.setdefault(layer, {})
        for part in _batches(_changed(drawn, runs)):
            if layer not in self._viewer.layers:
                return
            yield part
            for plane in part:
                drawn.pop(plane, None)
                if plane in runs:
                    drawn[plane] = runs[plane]


def _changed(drawn: Runs, runs: Runs) -> list[Plane]:
    """Slices that show another run than the one that was drawn; first those that show none."""
    gone = [plane for plane in drawn if plane not in runs]
    return gone + [plane for plane, kept in runs.items() if drawn.get(plane) is not kept]


def _batches(planes: list[Plane]) -> Iterator[list[Plane]]:
    for start in range(0, len(planes), _AT_ONCE):
        yield planes[start : start + _AT_ONCE]


def _lies_in(path: NDArray[np.float64], plane: Plane) -> bool:
    """Whether all vertices of a path lie in a slice."""
    return all((path[:, axis] == plane.index[axis]).all() for axis in plane.free_axes)


def _add_paths(layer: Shapes, paths: list[Any], curves: list[tuple[int, ...]]) -> None:
    """Add paths that know which curve they are; the writer of curves reads it."""
    layer.add_paths(paths, edge_color="yellow", edge_width=0.5)
    before = len(layer.data) - len(paths)
    table = {str(title): list(layer.features[title]) for title in layer.features}
    for title, values in zip(_FEATURES, zip(*curves, strict=True), strict=True):
        table[title] = table.get(title, [0] * len(layer.data))[:before] + list(values)
    layer.features = table
    layer.selected_data = set()


def _highest(kept: Kept) -> float:
    return float(np.nanmax(kept.uncertainty, initial=0.0))
