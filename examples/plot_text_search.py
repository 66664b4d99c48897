"""
Search sentences by what they say
=================================

Sentences become vectors, and the sentences nearest to a question are looked up. Which
ones are nearest depends on the metric: with the wrong one nothing fails, no warning
appears, and the answers are worse. This page shows by how much, and why.

The sentences are those of scikit-learn's own documentation: thousands of them, already
on every machine that can run this. The vectors are word counts and tf-idf weights, and
dense vectors of a small language model where the package ``wordllama`` is installed.
"""

# %%
# The sentences
# -------------
# Each sentence of a class or function of scikit-learn, with the name of that page. The
# names are a ground truth for later: sentences of one page are about the same thing.

import importlib.util
import inspect
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.utils.discovery import all_estimators, all_functions

from sknorms.neighbors import NearestNeighbors, Retriever
from sknorms.norms import row_norms

SENTENCE_END = re.compile(r"(?<=[a-z)`][.!?])\s+(?=[A-Z])")
NEW_PARAGRAPH = re.compile(r"\n\s*\n|\n(?=\w+ : )|\n[-=]{3,}\n")
NO_PROSE = re.compile(r">>>|\.\. |::")


def prose(documentation):
    """Yield the sentences of a docstring, without its examples and references."""
    text = documentation.split("\nReferences\n")[0].split("\nExamples\n")[0]
    for paragraph in NEW_PARAGRAPH.split(text):
        lines = [line.strip() for line in paragraph.split("\n") if " : " not in line]
        for sentence in SENTENCE_END.split(" ".join(lines)):
            if len(sentence.split()) >= 6 and not NO_PROSE.search(sentence):
                yield sentence


page_of = {}
for name, member in [*all_estimators(), *all_functions()]:
    for sentence in prose(inspect.getdoc(member) or ""):
        # A sentence that several pages share belongs to the first of them.
        page_of.setdefault(sentence, name)
sentences = np.array(list(page_of))
pages = np.array(list(page_of.values()))

# Sentences of hardly any words but the commonest say nothing that can be found.
count = CountVectorizer(stop_words="english")
told = np.diff(count.fit_transform(sentences).indptr) >= 3
sentences, pages = sentences[told], pages[told]
print(f"{len(sentences):,} sentences of {len(set(pages))} pages")

# %%
# Ask a question
# --------------
# tf-idf weights count the words of a sentence, the rare ones more. They are left at the
# length they have (``norm=None``), as counts, embeddings and scores of all kinds are
# unless somebody normalises them. The sentences are the ids of their rows, so that they
# come back as hits, and the pages are groups, so that a page can be left out.

weigh = TfidfVectorizer(norm=None, stop_words="english")
vectors = {
    "word counts": count.fit_transform(sentences).astype(np.float64),
    "tf-idf": weigh.fit_transform(sentences),
}

METRICS = ("cosine", "euclidean", "dot")
QUESTIONS = (
    "scale each sample to unit length",
    "fill in missing values from the nearest neighbors",
)
for question in QUESTIONS:
    print(f"\n{question}?")
    asked = weigh.transform([question])
    for metric in METRICS:
        # The wrong ones are wanted here; without audit=None they warn.
        retriever = Retriever(metric, audit=None)
        retriever.fit(vectors["tf-idf"], sentences, groups=pages)
        print(f"  {metric}")
        for hit in retriever.search(asked, k=3)[0]:
            print(f"    {pages[hit.index]}: {hit.id[:90]}")

# %%
# Cosine finds the sentences that answer. The Euclidean distance to a long sentence is
# large whatever it says, so it finds *short* ones that share a word or two with the
# question. The inner product grows with every further word, so it finds *long* ones.
#
# Filters are part of the question: here no sentence of a page that is known already,
# and none whose similarity is below 0.4, however few are left.

retriever = Retriever("cosine").fit(vectors["tf-idf"], sentences, groups=pages)
result = retriever.search(asked, k=5, min_score=0.4, exclude_groups=["KNNImputer"])
for hit, similarity in zip(result[0], result.similarities[0], strict=True):
    print(f"  {similarity:.2f} {pages[hit.index]}: {hit.id[:90]}")

# %%
# How much worse?
# ---------------
# Take sentences as questions: of the ten nearest other sentences, how many are from the
# same page? Without queries, `kneighbors` leaves each sentence out of its own answer.

N_NEIGHBORS = 10
if importlib.util.find_spec("wordllama"):
    import wordllama

    folder = Path(wordllama.__file__).parent
    model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
    vectors["wordllama"] = model.embed(sentences.tolist())
vectors["tf-idf, unit length"] = TfidfVectorizer(stop_words="english").fit_transform(
    sentences
)


def nearest(rows, metric):
    """Return the nearest other sentences of every sentence."""
    search = NearestNeighbors(n_neighbors=N_NEIGHBORS, metric=metric).fit(rows)
    return search.kneighbors(return_distance=False)


found = {(v, m): nearest(vectors[v], m) for v in vectors for m in METRICS}
same_page = {
    key: (pages[indices] == pages[:, None]).mean() for key, indices in found.items()
}
print("share of the ten nearest sentences that are from the same page")
for name in vectors:
    shares = "  ".join(f"{m} {same_page[name, m]:5.1%}" for m in METRICS)
    print(f"  {name:20s} {shares}")

# %%
# Why
# ---
# The lengths of the vectors tell. Those that the Euclidean distance finds are shorter
# than the sentences at large, those of the inner product longer; cosine does not see
# length. On rows of unit length, at the bottom of the left picture, the three metrics
# order all sentences alike, which is why normalising first is a cure as well.

lengths = row_norms(vectors["tf-idf"])
bins = np.linspace(0, np.percentile(lengths, 99.5), 50)
colours = {"cosine": "#0072b2", "euclidean": "#d55e00", "dot": "#009e73"}

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
height = 0.26
for i, metric in enumerate(METRICS):
    places = np.arange(len(vectors)) + (i - 1) * height
    shares = [100 * same_page[name, metric] for name in vectors]
    bars = left.barh(places, shares, height, color=colours[metric], label=metric)
    left.bar_label(bars, fmt="%.1f", padding=2, fontsize=8)
left.set_yticks(np.arange(len(vectors)), list(vectors))
left.invert_yaxis()
left.set(
    xlabel="of the 10 nearest sentences, from the same page (%)",
    title="The same vectors, three metrics, no error",
)
left.margins(x=0.3)
left.legend(frameon=False, loc="upper right")
right.hist(lengths, bins, density=True, color="#cccccc", label="all sentences")
for metric in METRICS:
    right.hist(
        lengths[found["tf-idf", metric].ravel()],
        bins,
        density=True,
        histtype="step",
        linewidth=1.8,
        color=colours[metric],
        label=f"found by {metric}",
    )
right.set(
    xlabel="length of the tf-idf vector",
    ylabel="density",
    title="What each metric finds",
)
right.legend(frameon=False)
for axes in (left, right):
    axes.spines[["top", "right"]].set_visible(False)
plt.show()
