from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.files import (
    Around,
    FileError,
    LabelsFile,
    Place,
    Resolution,
    write_curves,
    write_labels,
    write_labels_file,
)
from napari_layeredcnn.files.segmentation import read_segmentation

CURVES = np.array([[3.0, 3, 4, 5, 5], [6, 6, 6, 7, 8]])
LABELS = regions_from_curves(CURVES, 12, [1, 2, 3]).astype(np.uint8)
STACK = np.stack([LABELS, LABELS[:, ::-1]])
MICROMETERS = {"scale": (5.0, 2.0, 0.5), "units": ("micrometer",) * 3}


def test_labels_from_fiji_with_their_scale(tmp_path):
    options = {"imagej": True, "resolution": (2, 0.5)}
    tifffile.imwrite(
        tmp_path / "stack.tif", STACK, metadata={"unit": "micron", "spacing": 5.0}, **options
    )
    tifffile.imwrite(tmp_path / "image.tif", LABELS, metadata={"unit": "um"}, **options)
    tifffile.imwrite(tmp_path / "plain.tif", LABELS, imagej=True)
    found = read_segmentation(tmp_path / "stack.tif")
    assert found.unit_name == "micrometer"
    assert found.size == pytest.approx((2, 0.5, 5))
    np.testing.assert_array_equal(found.stack, [CURVES, CURVES[:, ::-1]])
    found = read_segmentation(tmp_path / "image.tif")
    assert (found.is_stack, found.unit_name) == (False, "micrometer")
    assert found.size == pytest.approx((2, 0.5, None))
    assert read_segmentation(tmp_path / "plain.tif").unit_name == "pixels"


def test_names_and_place_of_our_own_labels(tmp_path):
    path = tmp_path / "a.layers.tif"
    table = {"index": [1, 2, 7], "name": ["bone", None, "x"]}
    file = LabelsFile(STACK.astype(np.int64), place=Place(**MICROMETERS), features=table)
    write_labels_file(path, file)
    found = read_segmentation(path)
    assert found.names == ("bone", "Region 2", "Region 3")
    assert (found.size, found.unit_name) == ((2, 0.5, 5), "micrometer")
    given = read_segmentation(path, scale=(1, 1, 3), unit="mm")
    assert (given.size, given.unit_name) == ((1, 3, 1), "mm")
    turned = read_segmentation(path, region_ids=(1, 2, 3))
    assert turned.region_ids == (1, 2, 3)


@pytest.mark.parametrize("name", ["a.npy", "a.png", "a.tif"])
def test_labels_painted_elsewhere(tmp_path, name):
    path = tmp_path / name
    if name == "a.npy":
        np.save(path, LABELS.astype(np.float32))
    elif name == "a.png":
        Image.fromarray(LABELS).save(path, dpi=(300, 300))  # how it is printed
    else:
        tifffile.imwrite(path, LABELS, resolution=(300, 300), resolutionunit="inch")
    found = read_segmentation(path)
    np.testing.assert_array_equal(found.curves, CURVES)
    assert (found.unit_name, found.height) == ("pixels", 12)


def test_what_our_writer_says_in_centimeters(tmp_path):
    resolution = Resolution((20_000, 1), (5_000, 1), "centimeter")
    write_labels(tmp_path / "a.tif", LABELS, resolution)
    found = read_segmentation(tmp_path / "a.tif")
    assert found.unit_name == "micrometer"
    assert found.size == pytest.approx((2, 0.5, None))


@pytest.mark.parametrize("ending", [".csv", ".npz"])
def test_curves_with_uncertainty_and_slices(tmp_path, ending):
    path = tmp_path / f"a.curves{ending}"
    stack = np.stack([CURVES, CURVES + 1]).astype(np.float32)
    options = {"region_ids": (4, 5, 9), "transposed": True, "place": Place(**MICROMETERS)}
    write_curves(path, stack, uncertainty=stack / 7, slices=[8, 3], **options)
    found = read_segmentation(path)
    np.testing.assert_array_equal(found.stack, stack[::-1])
    np.testing.assert_array_equal(found.doubt, (stack / 7)[::-1])
    assert found.numbers.tolist() == [3, 8]
    assert (found.region_ids, found.height, found.size) == ((4, 5, 9), None, (0.5, 2, 5))
    write_curves(path, CURVES)
    assert read_segmentation(path).unit_name == "pixels"
    assert not read_segmentation(path).is_stack


def test_a_completed_stack_gives_its_finished_slices(tmp_path):
    from napari_layeredcnn.core.seeds import seed_from_array
    from napari_layeredcnn.core.stack import complete_stack

    image = np.repeat([0.0, 1.0, 0.0], [20, 24, 20])[None, :, None] * np.ones((3, 1, 40))
    labelled = seed_from_array(np.where(np.arange(40) == 5, [[20], [44]], np.nan), 64)
    done = complete_stack(
        image, {1: labelled}, slices=[1, 2], output=tmp_path / "a.zarr", scale=(4, 2, 1),
        units=("micrometer",) * 3,
    )  # fmt: skip
    found = read_segmentation(tmp_path / "a.zarr")
    assert found.numbers.tolist() == [1, 2]
    np.testing.assert_array_equal(found.stack.astype(np.float32), done.curves[1:])
    np.testing.assert_array_equal(found.doubt.astype(np.float32), done.uncertainty[1:])
    assert (found.size, found.unit_name, found.height) == ((2, 1, 4), "micrometer", 64)


def test_labels_in_zarr(tmp_path):
    import zarr

    array = zarr.create_array(tmp_path / "a.zarr", shape=STACK.shape, dtype=STACK.dtype)
    array[:] = STACK
    found = read_segmentation(tmp_path / "a.zarr")
    np.testing.assert_array_equal(found.stack, [CURVES, CURVES[:, ::-1]])


def test_what_cannot_be_measured_is_one_sentence(tmp_path):
    def refused(name, match, **options):
        with pytest.raises(FileError, match=match) as error:
            read_segmentation(tmp_path / name, **options)
        assert name in str(error.value)

    refused("none.tif", "does not exist")
    (tmp_path / "text.tif").write_text("no image")
    refused("text.tif", "cannot be read")
    np.save(tmp_path / "empty.npy", np.zeros((4, 5), int))
    refused("empty.npy", "no column is labelled")
    np.save(tmp_path / "half.npy", np.full((4, 5), 0.5))
    refused("half.npy", "whole numbers")
    Image.fromarray(np.repeat(LABELS[..., None], 3, axis=-1)).save(tmp_path / "rgb.png")
    refused("rgb.png", "3 color channels")
    write_curves(tmp_path / "ring.csv", CURVES, around=Around((5, 5)))
    refused("ring.csv", "closed curves")
    place = Place(scale=(1.0, 2.0), units=("millimeter", "micrometer"))
    write_labels_file(tmp_path / "units.layers.tif", LabelsFile(LABELS, place=place))
    refused("units.layers.tif", "different units")
    place = Place(scale=(1.0, 2.0), shear=(0.5,))
    write_labels_file(tmp_path / "sheared.layers.tif", LabelsFile(LABELS, place=place))
    refused("sheared.layers.tif", "sheared")
    given = read_segmentation(tmp_path / "sheared.layers.tif", scale=(1, 1), unit="mm")
    assert given.unit_name == "mm"
    crossing = CURVES[::-1]
    write_curves(tmp_path / "crossing.csv", crossing)
    refused("crossing.csv", "above its predecessor")
