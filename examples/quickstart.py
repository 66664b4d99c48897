"""A tour of sknorms in under a minute.

    python examples/quickstart.py [--picture quickstart.png]

It searches over metrics as over any other parameter, shows on real word vectors how far
the answer to "what is near?" depends on the metric, runs the same exact search with
scikit-learn and with sknorms, asks for words by name and for labels within a radius,
plants three mistakes for the metric audit to find, and saves one picture.
"""

import argparse
import textwrap
import time
import warnings

import numpy as np
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neighbors import NearestNeighbors as SklearnNeighbors
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sknorms.audit import check_metric
from sknorms.datasets import load_word_vectors
from sknorms.metrics import get_metric, metric_names
from sknorms.neighbors import (
    KNeighborsClassifier,
    NearestNeighbors,
    RadiusNeighborsClassifier,
    Retriever,
)
from sknorms.norms import row_norms
from sknorms.preprocessing import Normalizer

METRICS = ("cosine", "euclidean", "manhattan", "dot")
WORDS = ("paris", "seven", "music", "bank")
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#666666"  # tell apart without colour vision


def heading(text):
    """Print a section's title."""
    print(f"\n{text}\n{'-' * len(text)}")


def defined_on(metric, X):
    """Whether a metric is defined on the rows as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataConversionWarning)
        try:
            get_metric(metric).check_rows(X)
        except (DataConversionWarning, ValueError):
            return False
    return True


def search_over_metrics():
    """Rank every metric that is defined on the digits by cross-validated accuracy."""
    heading("1. GridSearchCV over every metric that is defined on the digits")
    X, y = load_digits(return_X_y=True)
    model = Pipeline(
        [("normalize", Normalizer()), ("knn", KNeighborsClassifier(n_neighbors=3))]
    )
    names = [name for name in metric_names() if defined_on(name, X / 16)]
    start = time.perf_counter()
    search = GridSearchCV(model, {"knn__metric": names}, cv=3).fit(X, y)
    seconds = time.perf_counter() - start
    scores = search.cv_results_["mean_test_score"]
    for i in np.argsort(-scores, kind="stable"):
        print(f"  {names[i]:20s} {scores[i]:.4f}  {'#' * round(40 * scores[i])}")
    unscored = int(np.isnan(scores).sum())
    print(
        f"{len(names)} metrics, {unscored} without a score, {len(X)} digits, 3 folds: "
        f"{seconds:.1f} s"
    )
    left_out = sorted(set(metric_names()) - set(names))
    print(f"Not defined on these rows: {', '.join(left_out)}")


def neighbors_by_metric(X, n_neighbors=10):
    """Return the neighbours of every word, itself left out, under each metric."""
    return {
        metric: NearestNeighbors(n_neighbors=n_neighbors, metric=metric)
        .fit(X)
        .kneighbors(return_distance=False)
        for metric in METRICS
    }


def disagreement(found, metric):
    """Return, for each word, the share of neighbours that cosine does not have."""
    pairs = zip(found[metric], found["cosine"], strict=True)
    return np.array([1 - len(np.intersect1d(a, b)) / len(a) for a, b in pairs])


def show_words(words, lengths, found):
    """Print neighbours side by side, and what the differences say."""
    heading("2. The words nearest to a word, by metric")
    position = {word: i for i, word in enumerate(words)}
    for word in WORDS:
        print(f"  {word} (length {lengths[position[word]]:.2f})")
        for metric in METRICS:
            near = ", ".join(words[found[metric][position[word]][:6]])
            print(f"    {metric:10s} {near}")
    print("\nShare of the 10 neighbours that differ from cosine's, over all words:")
    for metric in METRICS[1:]:
        print(f"  {metric:10s} {disagreement(found, metric).mean():.0%}")
    spread = lengths.std() / lengths.mean()
    longest = np.argsort(-lengths)[:500]
    share = np.isin(found["dot"], longest).mean()
    print(
        f"\nThe vectors are not of one length: {lengths.min():.1f} to "
        f"{lengths.max():.1f}, spread {spread:.0%} of the mean.\n"
        "Cosine does not see length; Euclidean and Manhattan do, and dot rewards it:\n"
        f"the longest 5 % of the words take {share:.0%} of all places among dot's "
        "neighbours.\nNone of this raises an error anywhere. On rows made unit length "
        "by Normalizer,\ncosine, dot and Euclidean give the same neighbours."
    )


def compare_search(X, n_neighbors=10):
    """Run the same exact search with scikit-learn and with sknorms."""
    heading(
        f"3. The same exact search: {len(X):,} words, {n_neighbors} neighbours each"
    )
    for metric in ("euclidean", "cosine", "manhattan"):
        theirs = SklearnNeighbors(
            n_neighbors=n_neighbors, metric=metric, algorithm="brute"
        ).fit(X)
        ours = NearestNeighbors(n_neighbors=n_neighbors, metric=metric).fit(X)
        ours.kneighbors(X[:300])  # the first use compiles the kernels, once
        seconds, indices = [], []
        for model in (theirs, ours):
            start = time.perf_counter()
            indices.append(model.kneighbors(X, return_distance=False))
            seconds.append(time.perf_counter() - start)
        same = (indices[0] == indices[1]).mean()
        print(
            f"  {metric:10s} scikit-learn {seconds[0]:6.2f} s   sknorms "
            f"{seconds[1]:6.2f} s   ({seconds[0] / seconds[1]:.1f}x)   "
            f"same neighbours: {same:.2%}"
        )


def search_by_name(X, words):
    """Ask for rows by name: how many, how good, and which ones not."""
    heading("4. Words by name: how many, how good, which ones not")
    retriever = Retriever("cosine").fit(X, words, groups=words)
    position = {word: i for i, word in enumerate(words)}
    asked = ["monday", "guitar", "norway", "lost"]
    queries = X[[position[word] for word in asked]]
    result = retriever.search(queries, k=6, min_score=0.85, exclude_groups=asked)
    for word, hits in zip(asked, result, strict=True):
        near = ", ".join(f"{hit.id} {hit.similarity:.2f}" for hit in hits)
        print(f"  {word:10s} {near or 'nothing is as similar as 0.85'}")
    retriever.remove(["tuesday"])
    again = retriever.search(queries[:1], k=3, exclude_groups=["monday"])
    print(f"  without tuesday, near monday: {', '.join(again.ids[0])}")


def predict_within_radius():
    """Label what is near enough, and say of the rest that nothing is."""
    heading("5. Labels from what is near enough")
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    nearest = KNeighborsClassifier(1).fit(X_train, y_train)
    print(f"  nearest neighbour of every digit   {nearest.score(X_test, y_test):.1%}")
    for radius in (16, 20, 24):
        model = RadiusNeighborsClassifier(
            radius=radius, weights="distance", outlier_label=10
        )
        with warnings.catch_warnings():
            # The label of what has no neighbour is none of the digits, which is meant.
            warnings.simplefilter("ignore", UserWarning)
            predicted = model.fit(X_train, y_train).predict(X_test)
        known = predicted < 10
        right = (predicted == y_test)[known].mean()
        print(
            f"  within a radius of {radius}: {known.mean():6.1%} have a neighbour, "
            f"and {right:.1%} of them are right"
        )


def indented(text):
    """Break a text into indented lines."""
    return textwrap.fill(text, 88, initial_indent=6 * " ", subsequent_indent=8 * " ")


def audit_mistakes(X):
    """Ask the audit about data in order, and about the same with a planted mistake."""
    heading("6. The audit finds planted mistakes, which raise no error")
    unit = Normalizer().fit_transform(X)
    wine, cultivar = load_wine(return_X_y=True)
    scaled = StandardScaler().fit_transform(wine)
    asked = (
        ("word vectors of unit length", "dot", unit, None),
        ("  the step that made them unit is lost", "dot", X, None),
        ("  unit vectors, cut off after 32 columns", "dot", unit[:, :32], None),
        ("wine, standardised", "euclidean", scaled, cultivar),
        ("  the step that standardised is lost", "euclidean", wine, cultivar),
    )
    for name, metric, rows, labels in asked:
        audit = check_metric(rows, metric, labels)
        print(f"  {name:42s} {metric:10s} {audit.severity}")
        for problem in audit.problems:
            print(indented(f"{problem.kind}: {problem.message}"))
            print(indented(f"-> {problem.remedy}"))


def draw(lengths, found, path):
    """Save the lengths of the words beside the disagreement between metrics."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.hist(lengths, bins=60, color=BLUE)
    left.axvline(1, color=GREY, linestyle="--", linewidth=1)
    left.annotate(
        "unit length",
        (1, 0.93),
        xytext=(4, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        color=GREY,
    )
    left.set(
        xlabel="Euclidean norm of a word vector",
        ylabel="number of words",
        title="10,000 GloVe vectors are not of one length",
        xlim=(0, None),
    )
    names = METRICS[1:]
    shares = [100 * disagreement(found, metric).mean() for metric in names]
    bars = right.bar(names, shares, color=ORANGE, width=0.6)
    right.bar_label(bars, fmt="%.0f %%", padding=2)
    right.set(
        ylabel="neighbours that differ from cosine's (%)",
        title="so the metric decides who is near",
        ylim=(0, 100),
    )
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main():
    """Run the tour."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--picture", default="quickstart.png")
    path = parser.parse_args().picture
    start = time.perf_counter()
    search_over_metrics()
    glove = load_word_vectors()
    lengths = row_norms(glove.data)
    found = neighbors_by_metric(glove.data)
    show_words(glove.words, lengths, found)
    compare_search(glove.data)
    search_by_name(glove.data, glove.words)
    predict_within_radius()
    audit_mistakes(glove.data)
    draw(lengths, found, path)
    print(f"\nPicture: {path}. All of it took {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
