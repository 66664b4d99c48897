"""
Ask for k, for a radius, or for a score
=======================================

A search can be told how *many* rows to return (k), how *far* they may be (a radius), or
how *good* they have to be (a score). On word vectors with a known ground truth, this
page shows what each of the three costs, and how to choose the number that goes with it.
"""

# %%
# A ground truth
# --------------
# Words of a kind, among the 10,000 most frequent of English. A search for one of them
# should find the others of its kind. Kinds have 7 to 69 words, which no search is told.

import matplotlib.pyplot as plt
import numpy as np

from sknorms.datasets import load_word_vectors
from sknorms.neighbors import Retriever, ThresholdCalibrator

KINDS = {
    "weekdays": "monday tuesday wednesday thursday friday saturday sunday",
    "months": """january february march april may june july august september october
        november december""",
    "professions": """lawyer doctor teacher engineer architect journalist photographer
        nurse farmer scientist painter writer""",
    "sports": """football basketball baseball hockey soccer tennis golf cricket rugby
        volleyball swimming wrestling boxing skiing""",
    "family": """mother father brother sister son daughter wife husband uncle aunt
        cousin nephew grandfather grandmother grandson""",
    "animals": """dog cat horse cow pig sheep bird mouse wolf bear lion tiger elephant
        snake deer fox""",
    "numbers": """two three four five six seven eight nine ten eleven twelve thirteen
        fourteen fifteen twenty thirty forty fifty""",
    "languages": """english french german spanish italian portuguese russian greek latin
        arabic hebrew chinese japanese turkish dutch polish swedish danish persian""",
    "food": """bread cheese butter milk rice meat beef pork chicken fish eggs sugar salt
        soup sauce fruit potatoes tomatoes beans""",
    "states": """alabama alaska arizona arkansas california colorado connecticut
        delaware florida georgia hawaii idaho illinois indiana iowa kansas kentucky
        louisiana maine maryland massachusetts michigan minnesota mississippi missouri
        montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah
        vermont virginia wisconsin wyoming""",
    "countries": """france germany italy spain portugal greece turkey russia ukraine
        poland hungary romania bulgaria austria switzerland belgium netherlands denmark
        sweden norway finland iceland ireland britain canada mexico brazil argentina
        chile peru colombia venezuela cuba japan china india pakistan bangladesh
        indonesia malaysia thailand vietnam philippines korea iran iraq israel egypt
        libya algeria morocco nigeria kenya ethiopia sudan somalia australia croatia
        serbia slovenia slovakia syria lebanon jordan kuwait qatar yemen cambodia
        nepal""",
}
glove = load_word_vectors()
row_of = {word: row for row, word in enumerate(glove.words)}
members = {kind: words.split() for kind, words in KINDS.items()}
queries = np.array([word for words in members.values() for word in words])
kinds = np.array([kind for kind, words in members.items() for _ in words])
rows = np.array([row_of[word] for word in queries])
# Which words are right answers to which query: those of its kind, but not itself.
kind_of_row = np.full(len(glove.words), "", dtype=kinds.dtype)
kind_of_row[rows] = kinds
n_right = np.array([len(members[kind]) - 1 for kind in kinds])
print(f"{len(queries)} queries in {len(members)} kinds, {len(glove.words):,} words")

# %%
# One search, three questions
# ---------------------------
# The words are ids, so hits come back as words. They are groups as well, so that a
# query can leave itself out. Asked for k, every query gets k hits, whether there are
# any good ones or not. Asked for a score, a query gets as many as there are.

retriever = Retriever().fit(glove.data, glove.words, groups=glove.words)


def search(words, **what):
    """Search for words, themselves left out."""
    vectors = glove.data[[row_of[word] for word in words]]
    return retriever.search(vectors, exclude_groups=words, **what)


for word in ("friday", "norway"):
    print(f"\n{word}")
    for what in ({"k": 8}, {"min_score": 0.85}, {"k": 8, "min_score": 0.85}):
        hits = search([word], **what)[0]
        print(f"  {what}: {' '.join(hit.id for hit in hits[:14])} ({len(hits)})")

# %%
# A radius and a score are one question asked in two ways. A cosine distance of at most
# r is a cosine similarity of at least 1 - r, and on rows of unit length it is a
# Euclidean distance of at most the square root of 2 r.

by_radius = search(queries, radius=0.25)
by_score = search(queries, min_score=0.75)
assert np.array_equal(by_radius.counts, by_score.counts)

# %%
# Something or nothing
# --------------------
# k cannot say that there is nothing to find: it returns k rows for any query. Queries
# that mean nothing are made here by shuffling every column of the vectors. The score of
# their best hits is a place for a threshold: above it, few of them find anything.

rng = np.random.default_rng(0)
nonsense = rng.permuted(glove.data, axis=0)[: len(queries)]
best_of_nonsense = retriever.search(nonsense, k=1).similarities.ravel()
THRESHOLD = round(float(np.quantile(best_of_nonsense, 0.95)), 2)
n_found = search(queries, min_score=THRESHOLD).counts
n_nonsense = retriever.search(nonsense, min_score=THRESHOLD).counts
print(
    f"hits with a score of at least {THRESHOLD}, where k = 10 returns 10 to everybody:"
)
for name, counts in (("words", n_found), ("nonsense", n_nonsense)):
    print(
        f"  {name:10s} median {np.median(counts):.0f}, at most {counts.max()}, "
        f"none for {(counts == 0).mean():.0%} of the queries"
    )

# %%
# Random pairs give another place: a score that at most one in a thousand of them has.
# It is learnt from the rows alone. Every query meets all 10,000 of them, so ten
# unrelated words a query may still pass.

calibrator = ThresholdCalibrator(
    false_match_rate=0.001, sampling="random", random_state=0
).fit(glove.data)
n_calibrated = search(queries, min_score=calibrator).counts
print(
    f"a random pair in a thousand scores {calibrator.limits_['min_score']:.2f} or more,"
    f" and hits of {(n_calibrated > 0).mean():.0%} of the words"
)

# %%
# Precision and recall
# --------------------
# How many of the hits are right, and how many of the right words are hit? Each kind
# counts alike, however many words it has.


def precision_and_recall(chosen):
    """Return both for a choice of the ranked hits, averaged over the kinds."""
    precisions, recalls = [], []
    for kind in members:
        mine = kinds == kind
        n_hits, n_good = chosen[mine].sum(), (chosen & right)[mine].sum()
        precisions.append(n_good / n_hits)
        recalls.append(n_good / n_right[mine].sum())
    return np.mean(precisions), np.mean(recalls)


K_MAX = 200
ranked = search(queries, k=K_MAX)
scores = ranked.similarities
right = kind_of_row[ranked.indices] == kinds[:, None]
rank = np.arange(K_MAX)
K = (1, 2, 3, 5, 10, 20, 50, 100, 200)
SCORES = (0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
curves = {
    "k": [precision_and_recall(np.tile(rank < k, (len(queries), 1))) for k in K],
    "score": [precision_and_recall(scores >= score) for score in SCORES],
    "k = 10 and a score": [
        precision_and_recall((rank < 10) & (scores >= score)) for score in SCORES
    ],
}
print("kind           words   k=10: right    score: right    hits a query")
for kind, words in members.items():
    mine = kinds == kind
    at_k, at_score = right[mine, :10].mean(), scores[mine] >= THRESHOLD
    good = (right[mine] & at_score).sum() / at_score.sum()
    print(
        f"{kind:14s} {len(words):5d} {at_k:14.0%} {good:15.0%}    "
        f"{n_found[mine].min()} to {n_found[mine].max()}"
    )

# %%
# One threshold for all queries is too low for weekdays, whose neighbourhood is crowded,
# and too high for professions, which have few words near them. k adapts to that by
# itself: it asks for the best there are, wherever they are. That is why on this task k
# is right more often at the same recall, and why a threshold beside it costs little.
#
# What to take
# ------------
# * **k** for a list that somebody reads, or a vote: its length is known, and so is its
#   cost. It fills up with wrong answers where fewer than k are right.
# * **a score or a radius** when finding nothing has to be possible, as for duplicates
#   and for queries from anywhere. Its number of hits is anything from none to hundreds,
#   because some regions of the space are dense and others are not.
# * **both** for a list that is read and may be short: at most k, and none that is bad.
#
# Take the number from data: from the scores of known answers and of random pairs, as in
# the first picture and in ``ThresholdCalibrator``, never from a table in a blog post. A
# score belongs to one kind of vectors and one metric.

blue, orange, green, grey = "#0072b2", "#d55e00", "#009e73", "#999999"
figure, (first, second, third) = plt.subplots(
    1, 3, figsize=(14, 4.2), layout="constrained"
)
bins = np.linspace(-0.2, 1, 61)
pairs = glove.data[rng.integers(len(glove.data), size=(2, 20_000))]
unit = pairs / np.linalg.norm(pairs, axis=-1, keepdims=True)
for values, colour, label in (
    ((unit[0] * unit[1]).sum(-1), grey, "random pairs"),
    (best_of_nonsense, orange, "best hit of nonsense"),
    (scores[:, 9], green, "10th hit of a word"),
    (scores[right], blue, "right answers among 200"),
):
    first.hist(
        values, bins, density=True, histtype="step", linewidth=1.8,
        color=colour, label=label,
    )  # fmt: skip
first.axvline(THRESHOLD, color="black", linestyle="--", linewidth=1)
first.set(xlabel="cosine similarity", ylabel="density", title="Scores")
first.legend(frameon=False, loc="upper left", fontsize=9)

for (name, points), colour in zip(curves.items(), (blue, orange, green), strict=True):
    precision, recall = np.transpose(points)
    second.plot(recall, precision, "o-", color=colour, markersize=4, label=name)
for values, points, colour, shift in (
    (K, curves["k"], blue, (4, 4)),
    (SCORES, curves["score"], orange, (-22, -10)),
):
    for value, (precision, recall) in zip(values, points, strict=True):
        second.annotate(
            value, (recall, precision), xytext=shift, textcoords="offset points",
            fontsize=8, color=colour,
        )  # fmt: skip
second.set(
    xlabel="recall", ylabel="precision", title="Right answers", xlim=(0, 1), ylim=(0, 1)
)
second.legend(frameon=False, loc="upper right", fontsize=9)

share = np.linspace(0, 100, len(queries))
third.plot(share, np.sort(n_found), color=orange, label=f"score of {THRESHOLD}")
third.plot(share, np.full(len(queries), 10), color=blue, label="k = 10")
third.plot(
    share, np.sort(np.minimum(n_found, 10)), color=green, linestyle="--",
    label="both",
)  # fmt: skip
third.plot(share, np.sort(n_right), color=grey, label="right answers there are")
third.set_yscale("symlog", linthresh=1)
third.set(xlabel="share of the queries (%)", ylabel="hits", title="Hits a query")
third.yaxis.set_major_formatter("{x:g}")
third.legend(frameon=False, loc="upper left", fontsize=9)
for axes in (first, second, third):
    axes.spines[["top", "right"]].set_visible(False)
plt.show()
