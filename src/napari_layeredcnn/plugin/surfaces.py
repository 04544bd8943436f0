"""The curves of neighboring slices as surfaces, to be looked at in 3D."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import Colormap

from napari_layeredcnn.plugin.curve_points import add_beside, curve_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping

    from napari.components import ViewerModel
    from napari.layers import Labels, Layer, Surface
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.planes import Plane

    Mesh = tuple[NDArray[np.float64], NDArray[np.intp]]

TOO_FEW = "A surface needs curves in two neighboring slices or more."


def show_surfaces(
    viewer: ViewerModel,
    partial: Layer,
    result: Labels,
    runs: Mapping[Plane, Kept],
    memory: MutableMapping[Layer, list[Surface]],
) -> Iterator[None]:
    """Show every curve of a stack as a Surface layer; layers shown before are changed in place.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    partial : napari.layers.Layer
        The partial labels, after which the layers are named.
    result : napari.layers.Labels
        The completed labels, whose place and colors are taken.
    runs : dict of Plane to Kept
        The run that each slice shows.
    memory : dict of Layer to list of Surface
        Which layers were added for which partial labels.

    Yields
    ------
    None
        After each layer, so that the window can stay alive. Layers of curves that no surface
        passes through are deleted.
    """
    meshes = surface_meshes(runs)
    shown = [layer for layer in memory.get(partial, []) if layer in viewer.layers]
    for k, mesh in enumerate(meshes):
        number = {_number(layer): layer for layer in shown}
        layer = number.get(k + 1)
        if layer is not None and layer.ndim == mesh[0].shape[1]:
            layer.data = mesh
            yield
            continue
        layer = add_beside(
            viewer,
            result,
            "add_surface",
            mesh,
            name=f"{partial.name} surface {k + 1}",
            colormap=_color_below(result, runs, k),
            contrast_limits=(0, 1),
            shading="flat",  # smooth is dark on the side that is turned away from the light
            opacity=0.8,
            metadata={"curve": k + 1},
        )
        shown.append(layer)
        memory[partial] = list(shown)
        yield
    for layer in [layer for layer in shown if _number(layer) > len(meshes)]:
        if layer in viewer.layers:
            viewer.layers.remove(layer)
        shown.remove(layer)
    memory[partial] = shown


def surface_meshes(runs: Mapping[Plane, Kept]) -> list[Mesh]:
    """Join the curves of neighboring slices to surfaces.

    Parameters
    ----------
    runs : dict of Plane to Kept
        The run of each slice. Slices are neighbors if they follow each other along one axis, have
        the same regions, and run the same way.

    Returns
    -------
    list of (vertices, faces)
        One for each curve: (N, axes) float64 in data coordinates, and (M, 3) int. Empty if no two
        slices are neighbors; gaps of slices or columns stay open, closed curves are closed.
    """
    points = {plane: _vertices(plane, kept, runs) for plane, kept in runs.items()}
    pairs = neighbors(runs)
    planes = list(dict.fromkeys(plane for pair in pairs for plane in pair))
    if not planes:
        return []
    meshes = []
    for k in range(max(len(points[plane]) for plane in planes)):
        here = [plane for plane in planes if k < len(points[plane])]
        starts, start = {}, 0
        for plane in here:
            starts[plane] = start
            start += points[plane].shape[1]
        vertices = np.concatenate([points[plane][k] for plane in here])
        faces = [
            strip(starts[a], starts[b], points[a].shape[1], closed=runs[a].grid is not None)
            for a, b in pairs
            if a in starts
        ]
        meshes.append(without_gaps(vertices, np.concatenate(faces)))
    return [mesh for mesh in meshes if len(mesh[1])]


def strip(start: int, other: int, columns: int, *, closed: bool = False) -> NDArray[np.intp]:
    """Join two curves by two triangles between every two of their columns.

    Parameters
    ----------
    start, other : int
        Number of the first vertex of each.
    columns : int
        How many vertices both have.
    closed : bool
        Whether the last column is followed by the first one.

    Returns
    -------
    (M, 3) int array
        Numbers of the vertices of each triangle.

    Examples
    --------
    >>> strip(0, 2, 2).tolist()
    [[0, 1, 2], [1, 3, 2]]
    """
    left = np.arange(columns if closed else columns - 1)
    right = (left + 1) % columns
    a, b, c, d = start + left, start + right, other + left, other + right
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([b, d, c], axis=1)])


def without_gaps(vertices: NDArray[np.float64], faces: NDArray[np.intp]) -> Mesh:
    """Leave out vertices that have a NaN, and the triangles at them.

    Examples
    --------
    >>> vertices, faces = without_gaps(np.array([[0], [np.nan], [2], [3]]), strip(0, 2, 2))
    >>> vertices.ravel().tolist(), faces.tolist()
    ([0.0, 2.0, 3.0], [])
    """
    known = np.asarray(np.isfinite(vertices).all(axis=1))
    new = np.cumsum(known) - 1
    return vertices[known], new[faces[known[faces].all(axis=1)]]


def _vertices(plane: Plane, kept: Kept, runs: Mapping[Plane, Kept]) -> NDArray[np.float64]:
    """Vertices (K, W, axes); closed curves of all slices have the same angles."""
    points = curve_points(kept)
    if kept.grid is not None:
        columns = max(run.grid.columns for run in runs.values() if run.grid is not None)
        angles = np.arange(columns) * (360 / columns)
        own = kept.grid.angles
        radii = np.stack([np.interp(angles, own, curve, period=360) for curve in kept.curves])
        y, x = kept.grid.center
        around = np.deg2rad(angles)
        points = np.stack([y + radii * np.sin(around), x + radii * np.cos(around)], axis=-1)
    shape = points.shape[:2]
    vertices = plane.vertices(points[..., 0].ravel(), points[..., 1].ravel())
    return np.asarray(vertices, np.float64).reshape(*shape, -1)


def neighbors(runs: Mapping[Plane, Kept]) -> list[tuple[Plane, Plane]]:
    """Return pairs of slices that can be joined; see `surface_meshes`.

    They follow each other along one axis, the last one along which any do.
    """
    n_axes = max((len(plane.index) for plane in runs), default=0)
    for axis in reversed(range(n_axes)):
        following = [
            (plane, plane.at(axis, int(plane.index[axis] or 0) + 1))
            for plane in runs
            if axis in plane.free_axes
        ]
        pairs = [(a, b) for a, b in following if b in runs and _alike(runs[a], runs[b])]
        if pairs:
            return pairs
    return []


def _alike(one: Kept, other: Kept) -> bool:
    same_way = one.transposed == other.transposed and (one.grid is None) == (other.grid is None)
    return one.region_ids == other.region_ids and same_way


def _color_below(result: Labels, runs: Mapping[Plane, Kept], k: int) -> Colormap:
    """Return the color of the region below (outside of) a curve."""
    ids = next(kept.region_ids for kept in runs.values() if len(kept.region_ids) > k + 1)
    color = result.get_color(int(ids[k + 1]))
    color = np.array([1.0, 1.0, 0.0, 1.0] if color is None else [*color[:3], 1.0])
    # napari knows colormaps by their names.
    code = "".join(f"{round(255 * float(part)):02x}" for part in color[:3])
    return Colormap(np.stack([color, color]), name=f"surface #{code}")


def _number(layer: Any) -> int:
    return int(layer.metadata.get("curve", 0))
