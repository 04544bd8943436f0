from __future__ import annotations

import pytest
import typer

from napari_layeredcnn.cli.values import parse_size, parse_slices


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4096", 4096),
        ("4096B", 4096),
        ("2GB", 2 * 10**9),
        ("2 gb", 2 * 10**9),
        ("2G", 2 * 10**9),
        ("1.5GiB", 3 * 2**29),
        (".5TiB", 2**39),
        ("500MB", 5 * 10**8),
        ("64KiB", 2**16),
        ("3kB", 3000),
    ],
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "GB", "-2GB", "2XB", "2 3GB", "0", "0.2", "2iB", "1e9", "nan"]
)
def test_no_sizes(text):
    with pytest.raises(typer.BadParameter, match="no size of memory"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [("3:7", slice(3, 7)), (":7", slice(None, 7)), ("3:", slice(3, None)), (":", slice(None))],
)
def test_slices(text, chosen):
    assert parse_slices(text) == chosen


@pytest.mark.parametrize("text", ["", "3", "3-7", "-3:7", "3:7:2", "7:3", "3:3", ":0", "a:b"])
def test_no_slices(text):
    with pytest.raises(typer.BadParameter, match=r"no range|empty"):
        parse_slices(text)
