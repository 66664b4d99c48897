"""
Tame a run that explodes, and see what did it
=============================================

Training by mini-batches on features as they come often explodes: the loss grows, then
overflows, and nothing says why. Clipping the gradients stops that, and hides the cause:
the run that it saves may still be useless. This page takes four runs on the same data
and reads the verdict of the monitor on each.

The data are real: 569 tumours, 30 measurements each, from fractions of a millimetre to
thousands of square ones. They come with scikit-learn.
"""

# %%
# A run that explodes
# -------------------
# Least squares with a constant step, a hundredth of the usual default, without
# clipping. A step that is right for the small features is far too long for the large
# ones: each overshoots further than the one before. The learner says so in a warning.
# Where the loss itself overflows it stops and keeps the weights of the best epoch, here
# those before the first step, which predict the mean.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.model_selection import train_test_split

from sknorms.inspection import GradientNormDisplay
from sknorms.linear_model import (
    ClippedSGDRegressor,
    DivergenceWarning,
    GradientMonitor,
)
from sknorms.norms import clip_by_global_norm

X, y = load_breast_cancer(return_X_y=True)
y = y.astype(float)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
exact = LinearRegression().fit(X_train, y_train).score(X_test, y_test)
print(f"largest value of each feature: {X.max(axis=0).min():.2g} to {X.max():.4g}")
print(f"R2 of the exact solution: {exact:.2f}")

runs = {}


def run(name, **settings):
    """Fit with a constant step, unless told otherwise, and print what came of it."""
    constant = {"learning_rate": "constant", "eta0": 1e-4, "random_state": 0}
    parameters = {**constant, **settings}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = ClippedSGDRegressor(**parameters).fit(X_train, y_train)
    runs[name] = model
    told = [one for one in caught if issubclass(one.category, DivergenceWarning)]
    print(f"\n{name}: R2 {model.score(X_test, y_test):.3g}")
    print(f"  {len(told)} warning, {model.n_steps_} steps, {model.n_iter_} epochs")
    print(f"  {model.diagnosis_}")


run("constant step", clip=None)

# %%
# The same run in scikit-learn ends without a word, after as many epochs as if it had
# converged:

silent = SGDRegressor(random_state=0).fit(X_train, y_train)
print(f"R2 {silent.score(X_test, y_test):.3g} after {silent.n_iter_} epochs")

# %%
# Tamed by clipping
# -----------------
# With gradients clipped to a norm of 1 the same run is stable, and its fit half as good
# as it could be. The verdict tells why: nearly every step is clipped, so that the
# threshold is the length of the step, the same for a gradient of 10 and one of 10,000.
# It is a learning rate, and no guard any more.

run("constant step, clipped", max_norm=1.0)

# %%
# Taken back
# ----------
# Another cure is to go back to where the loss was lowest, and to halve the step, which
# ``on_divergence="backtrack"`` does up to five times. It helps where a step is a few
# times too long. Then it is right for the large features, and slow for the rest.

run("taken back", clip=None, on_divergence="backtrack", eta0=1e-5)

# %%
# Steps in the right unit
# -----------------------
# What is wrong is the unit of the step. By default steps are measured in the scale of
# each feature and of the target, nothing explodes, and clipping is what it should be: a
# guard that hardly ever acts. Its threshold follows the gradients.

run("default", learning_rate="adagrad", eta0=None)
factors = runs["default"].grad_history_["clip_factor"]
print(f"  {np.mean(factors < 1.0):.1%} of the steps were clipped")

# %%
# See it
# ------
# The norms of the gradients, step by step, on a logarithmic axis. The stability ratio
# is half the step times the largest curvature of the loss: above 1 a step is too long
# for the loss to fall, which is known at the first step, before anything has grown.

figure, axes = plt.subplots(2, 2, figsize=(12, 7.5), layout="constrained")
for ax, (name, model) in zip(axes.flat, runs.items(), strict=True):
    GradientNormDisplay.from_estimator(model, ax=ax, name=name)
    ratio = model.grad_history_["stability"][0]
    print(f"{name}: stability ratio of the first step {ratio:.3g}")
plt.show()

# %%
# A loop of one's own
# -------------------
# The monitor needs no learner of this package. It takes the gradients of any loop, as
# arrays, as tensors of other libraries, or as norms, and says after each step how
# things are. A logistic regression by hand, with one row whose label was a slip of the
# keyboard:

monitor = GradientMonitor(on_divergence="ignore")
rng = np.random.default_rng(0)
rows = (X_train - X_train.mean(axis=0)) / X_train.std(axis=0)
labels = y_train.copy()
labels[rng.integers(len(labels))] = np.nan
w = np.zeros(X.shape[1])
for _ in range(300):
    chosen = rng.integers(len(rows), size=32)
    p = 1.0 / (1.0 + np.exp(-rows[chosen] @ w))
    gradient = rows[chosen].T @ (p - labels[chosen]) / 32
    clipped, _ = clip_by_global_norm(
        gradient, max_norm=2.0, nonfinite="skip", monitor=monitor
    )
    w -= 0.5 * clipped
print(monitor.diagnosis)
