"""Runs killed at random moments, and resumed, give the bytes of a run that was left in peace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")
@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_and_resumed(tmp_path, kills):
    output = subprocess.run(
        [sys.executable, "-m", "tests.core.stack_killed", tmp_path, str(kills)],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "1"},  # or the fork would be one of many threads
        capture_output=True,
        text=True,
    )
    assert output.returncode == 0, output.stderr
    told = json.loads(output.stdout)
    assert told["killed"] == kills
    assert told["resumed"] > 0
    assert told["equal"] == told["ended"] > 0
