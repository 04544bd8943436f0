from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_layeredcnn.files import (
    Resolution,
    read_image,
    write_labels,
)


def ramp(shape=(6, 9), dtype=np.uint8):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


class TestResolution:
    def test_tags_are_kept(self, tmp_path):
        tifffile.imwrite(
            tmp_path / "a.tif",
            ramp(),
            resolution=((30000, 7), (12345, 11)),
            resolutionunit="CENTIMETER",
        )
        resolution = read_image(tmp_path / "a.tif").resolution
        assert resolution == Resolution((30000, 7), (12345, 11), "centimeter")
        write_labels(tmp_path / "b.tif", ramp(), resolution)
        assert read_image(tmp_path / "b.tif").resolution == resolution

    def test_what_imagej_wrote_is_kept(self, tmp_path):
        tifffile.imwrite(
            tmp_path / "a.tif",
            ramp((3, 6, 9)),
            imagej=True,
            resolution=(2.5, 2.0),
            metadata={"unit": "um", "spacing": 3.5, "axes": "ZYX"},
        )
        resolution = read_image(tmp_path / "a.tif", 0).resolution
        assert (resolution.imagej_unit, resolution.spacing) == ("um", 3.5)
        for labels in (ramp(), ramp().astype(int) * 1000):
            write_labels(tmp_path / "b.tif", labels, resolution)
            assert read_image(tmp_path / "b.tif").resolution == resolution

    def test_labels_that_imagej_cannot_hold_get_pixels_per_centimeter(self, tmp_path):
        resolution = Resolution((5, 2), (2, 1), "none", "um", 3.5)
        write_labels(tmp_path / "b.tif", ramp().astype(int) - 3, resolution)
        found = read_image(tmp_path / "b.tif")
        assert found.array.dtype == np.int8
        assert found.resolution.unit == "centimeter"
        x, y = found.resolution.x, found.resolution.y
        assert x[0] / x[1] == pytest.approx(25000, rel=1e-8)
        assert y[0] / y[1] == pytest.approx(20000, rel=1e-8)

    def test_ome_becomes_pixels_per_centimeter(self, tmp_path):
        metadata = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 250.0}
        metadata["PhysicalSizeYUnit"] = "nm"
        tifffile.imwrite(tmp_path / "a.ome.tif", ramp(), ome=True, metadata=metadata)
        found = read_image(tmp_path / "a.ome.tif").resolution
        assert found.unit == "centimeter"
        assert found.x[0] / found.x[1] == pytest.approx(20000, rel=1e-8)
        assert found.y[0] / found.y[1] == pytest.approx(40000, rel=1e-8)

    def test_dots_per_inch_of_a_png(self, tmp_path):
        Image.fromarray(ramp()).save(tmp_path / "a.png", dpi=(300, 150))
        found = read_image(tmp_path / "a.png").resolution
        assert found.unit == "inch"
        assert found.x[0] / found.x[1] == pytest.approx(300, rel=1e-3)
        assert found.y[0] / found.y[1] == pytest.approx(150, rel=1e-3)

    def test_none_where_the_file_says_nothing(self, tmp_path):
        tifffile.imwrite(tmp_path / "a.tif", ramp())
        Image.fromarray(ramp()).save(tmp_path / "a.png")
        assert read_image(tmp_path / "a.tif").resolution is None
        assert read_image(tmp_path / "a.png").resolution is None
