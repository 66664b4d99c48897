"""The pages of the gallery run from start to end, without a screen or a warning."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGES = sorted((REPOSITORY / "examples").glob("plot_*.py"))


def test_there_are_pages():
    assert len(PAGES) >= 2


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_page_runs(page, tmp_path):
    # Where there is a screen, a backend without one says so.
    quiet = ["-W", "error", "-W", "ignore:FigureCanvasAgg is non-interactive"]
    run = subprocess.run(
        [sys.executable, *quiet, str(page)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(REPOSITORY)},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout
