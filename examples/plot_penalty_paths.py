"""
What a penalty does to coefficients, and when a fit is good enough
=================================================================

L1 makes coefficients zero, L2 makes them small, and a mixture does some of both. This
page follows the coefficients of one model as the penalty gets weaker, lets
cross-validation choose its strength, and looks at the proof that a fit is done.

The data are real: 442 patients, ten measurements each, and how far their diabetes had
progressed a year later. They come with scikit-learn.
"""

# %%
# Three penalties
# ---------------
# From left to right the penalty gets weaker. Under L1 the features come in one after
# the other; under the mixture they come in together with those they are correlated
# with. The dashed line is the strength that cross-validation chose.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes

from sknorms.inspection import CoefficientPathDisplay, DualGapDisplay
from sknorms.linear_model import ElasticNetCV, Lasso, LassoCV

X, y = load_diabetes(return_X_y=True, as_frame=True)
X = X / X.std()  # the table is scaled to a norm of 1; deviations are easier to read

models = {
    "L1": LassoCV(alphas=60, cv=5),
    "half L1, half L2": ElasticNetCV(l1_ratio=0.5, alphas=60, eps=1e-5, cv=5),
    "a tenth L1, the rest L2": ElasticNetCV(l1_ratio=0.1, alphas=60, eps=1e-5, cv=5),
}
figure, axes = plt.subplots(1, 3, figsize=(15, 4.5), sharey=True, layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    model.fit(X, y)
    CoefficientPathDisplay.from_estimator(model, X, y, ax=ax)
    ax.set_title(f"{name}: R2 {model.score(X, y):.3f}")
    used = int((model.coef_ != 0.0).sum())
    print(f"{name}: alpha {model.alpha_:.3g}, {used} of {X.shape[1]} features")

# %%
# Is it done?
# -----------
# The duality gap is how far the objective is above its minimum at most. It has no unit:
# a target in other units, with a strength to match, has the same gap and uses the same
# features. A looser tolerance stops earlier on the same way down.

figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
targets = {"target as it is": (1.0, "-"), "target times 1e-8": (1e-8, ":")}
for name, (factor, style) in targets.items():
    model = Lasso(alpha=0.5 * factor, tol=1e-10).fit(X, factor * y)
    look = {"linestyle": style, "color": "C0" if factor == 1.0 else "C1"}
    DualGapDisplay.from_estimator(model, name=name, ax=ax, **look)
    print(f"{name}: gap {model.relative_gap_:.1e}, features used:", end=" ")
    print(*X.columns[np.flatnonzero(model.coef_)])

plt.show()
