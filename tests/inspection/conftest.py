"""Pictures of tests: drawn without a screen, and one test at a time."""

import matplotlib as mpl
import pytest


@pytest.fixture(autouse=True)
def pyplot():
    mpl.use("Agg")
    from matplotlib import pyplot

    # Examples in docstrings leave theirs open.
    pyplot.close("all")
    yield pyplot
    pyplot.close("all")
