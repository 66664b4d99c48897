"""
The audit finds a planted mistake
=================================

The wrong metric raises no error: a search returns neighbours, a classifier predicts,
and only the answers are worse. This page makes four such mistakes on purpose, on real
data that were in order before, and asks ``check_metric`` what it finds.
"""

# %%
# In order
# --------
# The 10,000 most frequent words of English as vectors (GloVe), made unit length. There
# Euclidean distance, inner product and cosine rank alike, and the audit says so.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullLocator
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.preprocessing import StandardScaler

from sknorms.audit import check_metric
from sknorms.datasets import load_word_vectors
from sknorms.inspection import (
    HubnessDisplay,
    MetricAgreementDisplay,
    NormDistributionDisplay,
)
from sknorms.neighbors import NearestNeighbors
from sknorms.preprocessing import TruncateNormalizer, normalize

glove = load_word_vectors()
unit = normalize(glove.data)
sound = check_metric(unit, "dot")
print(sound)

# %%
# Mistake 1: the step that normalises is lost
# -------------------------------------------
# Nothing fails, and every query has its answers. They are others than before:

queries = [glove.words.tolist().index(word) for word in ("king", "physics")]
for name, rows in (("unit length", unit), ("as stored", glove.data)):
    search = NearestNeighbors(n_neighbors=6, metric="dot").fit(rows)
    found = search.kneighbors(rows[queries], return_distance=False)
    for query, near in zip(queries, found, strict=True):
        others = glove.words[near[near != query][:5]]
        print(f"{name}: {glove.words[query]} -> {', '.join(others)}")

# %%
# The audit sees lengths that vary, and that they decide.

lost = check_metric(glove.data, "dot")
print(lost)

# %%
# Mistake 2: unit vectors are cut off
# -----------------------------------
# Leading columns of unit vectors are shorter than 1, each by another amount, so their
# inner products are no cosines any more. The remedy is a transformer that cuts off and
# normalises.

cut = check_metric(unit[:, :32], "dot")
print(cut)
mended = check_metric(TruncateNormalizer(32).fit_transform(unit), "dot")
print(f"after TruncateNormalizer: {mended.severity}")

# %%
# The pictures show the cause on the left, what it does to the answers in the middle,
# and how full the lists are of a few rows on the right: under inner products, 50 of
# 2,000 words take a fifth of all places, most of them from the longest quarter, and a
# sixth of the words is in no list at all.

figure, (first, second, third) = plt.subplots(
    1, 3, figsize=(15, 4.6), layout="constrained"
)
lengths = {
    name: NormDistributionDisplay.from_audit(audit, kind="ecdf", ax=first)
    for name, audit in (("cut off", cut), ("as stored", lost))
}
first.set(title="Lengths", xscale="log", xlim=(0.5, 15))
first.set_xticks([0.5, 1, 2, 5, 10])
first.xaxis.set_major_formatter("{x:g}")
first.xaxis.set_minor_locator(NullLocator())
handles = {name: display.distribution_ for name, display in lengths.items()}
handles["unit length"] = lengths["cut off"].unit_line_
first.legend(handles.values(), handles, frameon=False, loc="center")
MetricAgreementDisplay.from_audit(lost, ax=second)
second.set_title("Neighbours in common, as stored")
for name, metric in (("cosine", "cosine"), ("inner product", "dot")):
    HubnessDisplay.from_audit(lost, metric, name=name, ax=third)
third.set_title("Hubs, as stored")
third.set_xlabel("in how many lists of 10 neighbours a row is")
third.legend(frameon=False, loc="lower left", fontsize=8)

# %%
# Mistake 3: a column comes in another unit
# -----------------------------------------
# Measurements of 569 tumours, standardised; then one table is delivered with its tenth
# column in thousandths. With labels the audit also measures what that costs.

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
mixed = X.copy()
mixed[:, 9] *= 1000
in_order, other_unit = (check_metric(rows, "euclidean", y) for rows in (X, mixed))
print(other_unit)

# %%
# Mistake 4: an offset under cosine
# ---------------------------------
# Cosine looks at directions from the origin. Move the origin far away, as counting
# temperatures in kelvin does, and all rows point the same way.

shifted = check_metric(X + 100.0, "cosine", y)
print(shifted)

# %%
# Each audit with labels has the accuracy of neighbours under three metrics. Scaling or
# centring the columns again, as the remedies say, gives back the grey bars. (Cosine
# loses nothing to the other unit here: rows point along one axis, and their angles with
# it are made of all the other columns.)

grey, blue, orange = "#bbbbbb", "#0072b2", "#d55e00"
figure, (first, second) = plt.subplots(1, 2, figsize=(12, 4.2), layout="constrained")
for audit, colour, name in (
    (in_order, blue, "in order"),
    (other_unit, orange, "column 9 in thousandths"),
):
    shares = 100 * audit.statistics.columns.shares
    first.plot(shares, "o-", color=colour, markersize=4, linewidth=1, label=name)
first.set(
    xlabel="column",
    ylabel="share of squared differences (%)",
    title="One column decides",
    ylim=(-3, 103),
)
first.legend(frameon=False)
metrics = ("euclidean", "dot", "cosine")
planted = {"another unit": (other_unit, orange), "offset of 100": (shifted, blue)}
place = np.arange(len(metrics))
for step, (name, (audit, colour)) in enumerate(
    {"in order": (in_order, grey), **planted}.items()
):
    values = [100 * audit.statistics.scores.values[metric] for metric in metrics]
    bars = second.bar(place + 0.27 * (step - 1), values, 0.25, color=colour, label=name)
    second.bar_label(bars, fmt="%.0f", padding=2, fontsize=9)
second.set(
    ylabel="leave-one-out accuracy (%)",
    title="What it costs",
    ylim=(0, 125),
)
second.set_xticks(place, metrics)
second.legend(frameon=False, ncols=3, loc="upper center")
for axes in (first, second):
    axes.spines[["top", "right"]].set_visible(False)

# %%
# Quiet on sound data
# -------------------
# A warning that comes always is worth nothing. Data without a fault stay quiet, also
# where metrics disagree: nothing says that lengths of flowers should not count.

for name, load in (("iris", load_iris), ("digits", load_digits)):
    audit = check_metric(load().data, "euclidean")
    print(f"{name}: {audit.severity}, use {audit.recommended_metric}")

# %%
# In a pipeline that makes embeddings, one line keeps such mistakes out:
# ``assert not check_metric(rows, "dot").problems``.

plt.show()
