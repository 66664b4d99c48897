"""Norms, distances, exact nearest neighbours and row transformers for scikit-learn.

The package answers two questions: *how large is this vector?* (`sknorms.norms`) and
*how far apart are these two?* (`sknorms.metrics`). On top of them stand estimators that
behave as scikit-learn's do: `sknorms.preprocessing` and `sknorms.neighbors`.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
