"""Pictures of models, with scikit-learn's conventions for displays.

A display holds what it shows and draws it with `plot`, or is made from an estimator and
drawn at once by its `from_estimator`. Both leave the axes in ``ax_`` and the figure in
``figure_``. matplotlib, which comes with the extra ``plot``, is imported when something
is drawn.
"""

from sknorms.inspection._coefficient_path import CoefficientPathDisplay
from sknorms.inspection._dual_gap import DualGapDisplay
from sknorms.inspection._gradient_norm import GradientNormDisplay

__all__ = ["CoefficientPathDisplay", "DualGapDisplay", "GradientNormDisplay"]
