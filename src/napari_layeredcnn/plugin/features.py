"""What the regions of a result are called and how thick they are, as a table of its layer.

napari shows the table in Layers > Metadata > Features table widget, and a region's row in its
status bar while the pointer is over the region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.measure_regions import region_thickness
from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.core.measure_statistics import statistics
from napari_layeredcnn.plugin.pixel_size import world_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Labels, Layer
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.planes import Plane

INDEX, NAME = "index", "name"
_MEAN, _SPREAD = "thickness", "thickness SD"


def describe_regions(
    result: Labels, runs: Mapping[Plane, Kept], partial: Layer | None = None
) -> None:
    """Write names and thicknesses of the regions into ``result.features``.

    Parameters
    ----------
    result : napari.layers.Labels
        The completed labels.
    runs : dict of Plane to Kept
        The run that each slice shows.
    partial : napari.layers.Layer, optional
        The partial labels, which may have names: a column ``"name"`` beside ``"index"``.

    Notes
    -----
    Thickness is the distance between the two curves of a region across them (along the image's
    columns, or its rows, or away from the center), in world units: mean and standard deviation
    over all columns in which the region is, in all slices, as `measure` has them. The outermost
    regions are cut off by the border of the image and have none; neither has the region at the
    center. Other columns of the table stay.
    """
    regions = _measure(result, runs)
    if not regions:
        return
    names = region_names(result) | region_names(partial)
    # What a person has named stays, though no curve runs along it.
    ids = list(regions) + [i for i in names if i not in regions and names[i] != _plain_name(i)]
    unit = _unit(result, next(iter(runs)).rows)
    table: dict[str, list[Any]] = {INDEX: ids, NAME: [names.get(i, _plain_name(i)) for i in ids]}
    table |= _others(result, ids)
    found = [statistics(np.concatenate([*regions.get(i, []), [np.nan]])[None]) for i in ids]
    table[f"{_MEAN} ({unit})"] = [_rounded(one.mean[0]) for one in found]
    table[f"{_SPREAD} ({unit})"] = [_rounded(one.sd[0]) for one in found]
    result.features = table


def _measure(result: Labels, runs: Mapping[Plane, Kept]) -> dict[int, list[NDArray[np.float64]]]:
    """Regions from top to bottom, with their thickness in every column of every slice."""
    regions: dict[int, list[NDArray[np.float64]]] = {}
    for plane, kept in runs.items():
        for id_ in kept.region_ids:
            regions.setdefault(int(id_), [])
        pixels = region_thickness(Segmentation(kept.curves))[0, 1:-1]
        thickness = pixels * _world_per_pixel(result, plane, kept)
        for id_, inner in zip(kept.region_ids[1:-1], thickness, strict=True):
            regions[int(id_)].append(inner)
    return regions


def _world_per_pixel(result: Labels, plane: Plane, kept: Kept) -> NDArray[np.float64]:
    """Length in the world of a pixel's step across the curves, in every column (W,)."""
    if kept.grid is not None:
        angles = np.deg2rad(kept.grid.angles)
    else:
        # Along the rows of a transposed run, else along the columns.
        angles = np.full(kept.curves.shape[1], 0 if kept.transposed else np.pi / 2)
    down, right = (world_step(result, axis, plane.rows) for axis in (plane.rows, plane.columns))
    step = np.outer(np.sin(angles), down) + np.outer(np.cos(angles), right)
    return np.asarray(np.linalg.norm(step, axis=1), np.float64)


def _unit(result: Labels, axis: int) -> str:
    """Return the short name of the unit, as in "µm"."""
    unit = result.units[axis]
    if str(unit) != "pixel":
        return f"{unit:~P}"
    return "px" if np.allclose(result.scale, 1) else "world units"


def _plain_name(id_: int) -> str:
    return f"Region {id_}" if id_ else "background"


def region_names(layer: Layer | None) -> dict[int, str]:
    """Return the names that a layer gives to its labels."""
    features = getattr(layer, "features", None)
    if features is None or NAME not in features:
        return {}
    # napari, too, takes the rows as labels 0, 1, 2... if it is not told.
    ids = features[INDEX] if INDEX in features else range(len(features))
    pairs = zip(ids, features[NAME], strict=True)
    return {
        int(id_): name for id_, name in pairs if isinstance(name, str) and name and _is_number(id_)
    }


def _is_number(id_: Any) -> bool:
    """Tell whether this can be a label: a person may write anything into a table."""
    return isinstance(id_, int | float | np.number) and bool(np.isfinite(id_))


def _others(result: Labels, ids: list[int]) -> dict[str, list[Any]]:
    """Return the columns of the table that are not ours; what it does not know is None."""
    features = result.features
    if INDEX not in features:
        return {}
    rows = {int(id_): row for row, id_ in enumerate(features[INDEX])}
    return {
        str(title): [None if i not in rows else features[title].iloc[rows[i]] for i in ids]
        for title in features
        if title not in (INDEX, NAME) and not str(title).startswith((f"{_MEAN} (", f"{_SPREAD} ("))
    }


def _rounded(value: float) -> float:
    """Keep four digits: more would not be read in the status bar."""
    return float(f"{value:.4g}")
