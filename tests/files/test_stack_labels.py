from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_layeredcnn.files import (
    FileError,
    Resolution,
    labelled_slices,
    read_label_stack,
    seeds_from_curve_file,
    write_curves,
    write_label_stack,
)

LABELS = np.zeros((4, 6, 8), np.int32)
LABELS[2, :, 3] = [1, 1, 2, 2, 300, 300]
CURVES = np.full((3, 2, 8), np.nan)
CURVES[0, :, 3:5] = [[1.5], [4.0]]
CURVES[2, :, 6] = [2.0, 9.0]  # the second one is below the image
MICRON = Resolution((2, 1), (4, 1), "none", "micron", 3.0)


class TestWriting:
    @pytest.mark.parametrize(
        ("ids", "dtype"), [((1, 7), np.uint8), ((1, 300), np.uint16), ((-1, 300), np.int16)]
    )
    def test_the_smallest_dtype_of_all_ids(self, tmp_path, ids, dtype):
        labels = np.array(ids)[np.random.default_rng(0).integers(0, 2, (4, 6, 8))]
        path = tmp_path / "a.tif"
        write_label_stack(path, iter(labels), labels.shape, ids)
        found = read_label_stack(path)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, labels)
        assert tifffile.memmap(path, mode="r").shape == labels.shape  # to be opened without reading

    def test_imagej_knows_slices_and_their_distance(self, tmp_path):
        write_label_stack(tmp_path / "a.tif", LABELS, LABELS.shape, (1, 2, 300), MICRON)
        with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
            assert tiff.series[0].axes == "ZYX"
            notes = tiff.imagej_metadata
            assert (notes["slices"], notes["spacing"], notes["unit"]) == (4, 3, "micron")

    def test_dtypes_that_imagej_does_not_know(self, tmp_path):
        write_label_stack(tmp_path / "a.tif", LABELS, LABELS.shape, (1, 2, 70000), MICRON)
        with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
            assert not tiff.is_imagej
            assert tiff.pages[0].tags["ResolutionUnit"].value == 3
            assert tiff.series[0].shape == LABELS.shape

    def test_a_failure_leaves_the_older_file(self, tmp_path):
        def slices():
            yield LABELS[0]
            raise RuntimeError("stop")

        path = tmp_path / "a.tif"
        path.write_text("older")
        with pytest.raises(RuntimeError):
            write_label_stack(path, slices(), LABELS.shape, (1,))
        assert path.read_text() == "older"
        assert list(tmp_path.iterdir()) == [path]


class TestLabelledSlices:
    def test_only_slices_with_labels(self, tmp_path):
        np.save(tmp_path / "a.npy", LABELS.astype(float))
        ((index, labels),) = labelled_slices(tmp_path / "a.npy", LABELS.shape)
        assert index == 2
        assert labels.dtype.kind == "i"
        np.testing.assert_array_equal(labels, LABELS[2])

    def test_a_slice_alone(self, tmp_path):
        np.save(tmp_path / "a.npy", LABELS[2])
        ((index, labels),) = labelled_slices(tmp_path / "a.npy", LABELS.shape, slice_index=1)
        assert index == 1
        np.testing.assert_array_equal(labels, LABELS[2])

    def test_slices_three_columns_wide_are_no_colors(self, tmp_path):
        np.save(tmp_path / "a.npy", LABELS[:, :, 2:5])
        ((index, _),) = labelled_slices(tmp_path / "a.npy", (4, 6, 3))
        assert index == 2

    @pytest.mark.parametrize(
        ("labels", "chosen", "said"),
        [
            (LABELS[2], None, r"--seed-slice N \(0 to 3\)"),
            (LABELS[2], 4, "There is no slice 4"),
            (LABELS, 2, "drop --seed-slice"),
            (LABELS[1:], None, "3 x 6 x 8 pixels where the stack has 4 x 6 x 8"),
            (LABELS[2, 1:], 2, "5 x 8 pixels where the stack has 6 x 8"),
            (LABELS / 2, None, "labels are whole numbers"),
        ],
    )
    def test_what_does_not_fit(self, tmp_path, labels, chosen, said):
        np.save(tmp_path / "a.npy", labels)
        with pytest.raises(FileError, match=said):
            list(labelled_slices(tmp_path / "a.npy", LABELS.shape, slice_index=chosen))


class TestSeedsFromCurves:
    @pytest.mark.parametrize("ending", ["csv", "npz"])
    def test_slices_with_curves(self, tmp_path, ending):
        path = tmp_path / f"a.curves.{ending}"
        write_curves(path, CURVES, slices=[3, 1, 0], region_ids=(9, 3, 300))
        seeds = seeds_from_curve_file(path, (4, 6, 8))
        assert list(seeds) == [3, 0]
        assert seeds[3].columns.tolist() == [3, 4]
        assert seeds[0].curves[:, 6].tolist() == [2.0, 6.0]
        assert {seed.region_ids for seed in seeds.values()} == {(9, 3, 300)}

    def test_curves_of_one_image(self, tmp_path):
        path = tmp_path / "a.csv"
        write_curves(path, CURVES[0], transposed=True)
        seeds = seeds_from_curve_file(path, (4, 8, 6), slice_index=2, transposed=True)
        assert list(seeds) == [2]
        assert seeds[2].height == 6
        with pytest.raises(FileError, match="--seed-slice N"):
            seeds_from_curve_file(path, (4, 8, 6), transposed=True)

    def test_what_does_not_fit(self, tmp_path):
        path = tmp_path / "a.csv"
        write_curves(path, CURVES, slices=[3, 1, 4])
        with pytest.raises(FileError, match="has curves of slice 4, but the stack has the slices"):
            seeds_from_curve_file(path, (4, 6, 8))
        with pytest.raises(FileError, match="drop --seed-slice"):
            seeds_from_curve_file(path, (5, 6, 8), slice_index=1)
        with pytest.raises(FileError, match="choose the direction"):
            seeds_from_curve_file(path, (5, 6, 8), transposed=True)
