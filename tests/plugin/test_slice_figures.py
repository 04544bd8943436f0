"""How sure slices are, and where neighbors do not fit together; runs made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from runs import a_run, flat, image_plane

from napari_layeredcnn.plugin.slice_figures import slice_figures
from napari_layeredcnn.plugin.slice_plot import SlicePlot
from napari_layeredcnn.sample import sample_stack


def stack_of(n: int, **changes):
    """Slices whose boundaries lie half a pixel lower each; some of them otherwise."""
    runs = {
        image_plane(i): replace(flat(20 + i / 2, 40 + i / 2, uncertainty=0.4), made=True)
        for i in range(n)
    }
    return runs | {image_plane(int(key[1:])): kept for key, kept in changes.items()}


def test_the_mean_of_each_slice_and_who_painted_it():
    runs = stack_of(5, s3=flat(21, 41, uncertainty=1.5))
    del runs[image_plane(1)]
    figures = slice_figures(runs, image_plane(0), 0, 6)
    np.testing.assert_allclose(figures.uncertainty, [0.4, np.nan, 0.4, 1.5, 0.4, np.nan], atol=1e-6)
    assert figures.labelled == {3}
    assert not figures.jumps


def test_a_jump_is_found_and_a_slope_is_none():
    figures = slice_figures(stack_of(20, s7=flat(33, 43.5)), image_plane(0), 0, 20)
    assert set(figures.jumps) == {6, 7}
    np.testing.assert_allclose(figures.jumps[6], 10)
    # Where slices are far apart, it takes more to be a jump.
    steep = {image_plane(i): flat(5 + 2 * i, 15 + 2 * i) for i in range(20)}
    assert not slice_figures(steep, image_plane(0), 0, 20).jumps


def test_other_slices_are_not_looked_at():
    runs = {image_plane(1, i): kept for (i, kept) in enumerate(stack_of(3).values())}
    runs[image_plane(0, 1)] = flat(50, 55)
    figures = slice_figures(runs, image_plane(1, 0), 1, 3)
    assert np.isfinite(figures.uncertainty).all()
    assert not figures.jumps
    assert slice_figures(runs, image_plane(2, 0), 1, 3) is None


@pytest.mark.parametrize("n", [1, 6, 700])
def test_every_slice_has_its_place_in_the_plot(qtbot, n):
    plot = SlicePlot()
    qtbot.addWidget(plot)
    plot.resize(300, 150)
    plot.show_figures(slice_figures(stack_of(n), image_plane(0), 0, n))
    plot.mark(n - 1)
    plot.show()
    bars = plot.bars
    places = [bars.slice_at(bars.place_of(i)) for i in range(n)]
    assert places == list(range(n))
    assert bars.slice_at(-50) == 0
    assert bars.slice_at(10_000) == n - 1
    picture = bars.grab().toImage()
    colors = {picture.pixelColor(x, picture.height() // 2 + 10).name() for x in range(300)}
    assert len(colors) > 1 or n == 1
    assert plot.bars.describe(0) == "Slice 0: unsure by 0.40 px on average."


def test_a_jump_is_told(qtbot):
    plot = SlicePlot()
    qtbot.addWidget(plot)
    figures = slice_figures(stack_of(20, s7=flat(33, 43.5)), image_plane(0), 0, 20)
    plot.show_figures(figures)
    assert "2 jumps of over" in plot._legend.text()
    assert plot.bars.describe(6).endswith("a boundary jumps by 10.0 px to the next.")
    assert plot.bars.describe(7).startswith("Slice 7: unsure by 0.00 px on average, painted;")
    plot.show_figures(None)
    assert not plot.isVisible()


def test_the_sample_has_no_jumps():
    _, curves, _ = sample_stack()
    runs = {image_plane(i): a_run(own, height=128) for i, own in enumerate(curves)}
    assert not slice_figures(runs, image_plane(0), 0, len(curves)).jumps
