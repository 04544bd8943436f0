from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_layeredcnn.core.measure_statistics import DEVIATION, mean_error, statistics

NUMBERS = arrays(
    np.float64, (3, 7), elements=st.one_of(st.just(np.nan), st.floats(-1000, 1000, width=32))
)


@given(NUMBERS)
def test_figures_are_those_of_numpy(values):
    found = statistics(values, (0, 5, 50, 95, 100))
    for g, row in enumerate(values):
        known = row[~np.isnan(row)]
        assert found.count[g] == known.size
        if not known.size:
            assert np.isnan([found.mean[g], found.sd[g], found.minimum[g], found.maximum[g]]).all()
            assert (found.minimum_at[g], found.maximum_at[g]) == (-1, -1)
            continue
        assert found.mean[g] == pytest.approx(known.mean(), abs=1e-9)
        if known.size > 1:
            assert found.sd[g] == pytest.approx(known.std(ddof=1), abs=1e-9)
        else:
            assert np.isnan(found.sd[g])
        for q, value in found.percentiles.items():
            assert value[g] == pytest.approx(np.percentile(known, q), abs=1e-9)
        assert found.minimum[g] == known.min() == row[found.minimum_at[g]]
        assert found.maximum[g] == known.max() == row[found.maximum_at[g]]


def test_errors_fall_with_the_number_of_independent_blocks():
    doubt = np.full((1, 64), 3.0)
    assert mean_error(doubt, None)[0] == pytest.approx(DEVIATION * 3)
    for length in (1, 4, 64):
        assert mean_error(doubt, length)[0] == pytest.approx(DEVIATION * 3 / np.sqrt(64 / length))
    assert mean_error(doubt, 1000)[0] == pytest.approx(DEVIATION * 3)
    doubt[0, 32:] = np.nan
    assert mean_error(doubt, 4)[0] == pytest.approx(DEVIATION * 3 / np.sqrt(8))


def test_the_error_is_that_of_errors_drawn_in_blocks():
    rng = np.random.default_rng(0)
    doubt = rng.uniform(0.5, 2, 60)
    normal = rng.normal(size=(20_000, 6))
    normal /= np.median(np.abs(normal))  # the uncertainty is the median distance
    drawn = np.repeat(normal, 10, axis=1) * doubt
    assert mean_error(doubt[None], 10)[0] == pytest.approx(drawn.mean(axis=1).std(), rel=0.02)


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match="1 column or more"):
        mean_error([[1.0]], 0)
    with pytest.raises(ValueError, match="between 0 and 100"):
        statistics([[1.0]], (101,))
