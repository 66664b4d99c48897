"""Word vectors: rows whose lengths differ, so that the choice of metric matters."""

import io
from importlib import resources
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from sknorms._typing import AnyArray, Float32Array
from sknorms._validation import check_flag, check_integer

__all__ = ["load_word_vectors"]

_FILES = resources.files("sknorms.datasets") / "data"
_N_STORED = 10_000


def load_word_vectors(
    *, n_words: int | None = None, return_X_y: bool = False, as_frame: bool = False
) -> Any:
    """Load GloVe vectors of the 10,000 most frequent English words.

    Rows come in order of frequency and are not normalised: their Euclidean norms run
    from 2.4 to 14.1. The vectors are stored in the package as float16.

    Parameters
    ----------
    n_words : int, default=None
        How many words to load, between 1 and 10,000, the most frequent first. None
        loads all of them.
    return_X_y : bool, default=False
        If True, return ``(data, words)`` instead of a Bunch. The words stand where the
        labels of a classification set stand; they are distinct.
    as_frame : bool, default=False
        If True, ``data`` is a pandas DataFrame with the words as its index and
        ``feature_names`` as its columns. Needs pandas.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like, with the following attributes. All arrays are fresh: they may
        be written to, and the next call is not affected.

        data : ndarray of shape (n_words, 50), float32, or DataFrame
            The vectors, in no unit, all finite, no row zero.
        words : ndarray of shape (n_words,), str
            The word of each row, lower case.
        feature_names : list of str
            The names of the columns, ``"dim_0"`` to ``"dim_49"``.
        DESCR : str
            The description of the data, their source and their licence.
        filename : str
            The path of the data file.

    (data, words) : tuple
        If ``return_X_y`` is True.

    Raises
    ------
    TypeError
        If ``n_words`` is not an integer or a flag is not a bool.
    ValueError
        If ``n_words`` is below 1 or above 10,000.
    ImportError
        If ``as_frame`` is True and pandas is not installed.

    Notes
    -----
    The vectors are in the public domain (Open Data Commons Public Domain Dedication and
    License 1.0).

    References
    ----------
    Pennington, J., Socher, R. and Manning, C. D. (2014). GloVe: Global Vectors for Word
    Representation. Proceedings of EMNLP 2014, pages 1532-1543.

    Examples
    --------
    >>> from sknorms.datasets import load_word_vectors
    >>> glove = load_word_vectors()
    >>> glove.data.shape, glove.data.dtype
    ((10000, 50), dtype('float32'))
    >>> print(*glove.words[:5])
    the , . of to

    Only the most frequent words, as arrays:

    >>> X, words = load_word_vectors(n_words=100, return_X_y=True)
    >>> X.shape, words.shape
    ((100, 50), (100,))
    """
    check_flag("return_X_y", return_X_y)
    check_flag("as_frame", as_frame)
    if n_words is None:
        n_words = _N_STORED
    n_words = check_integer("n_words", n_words, low=1, high=_N_STORED)
    words, vectors = _read(n_words)
    names = [f"dim_{column}" for column in range(vectors.shape[1])]
    data = _framed(vectors, words, names) if as_frame else vectors
    if return_X_y:
        return data, words
    return Bunch(
        data=data,
        words=words,
        feature_names=names,
        DESCR=(_FILES / "word_vectors.rst").read_text(encoding="utf-8"),
        filename=str(_FILES / "word_vectors.npz"),
    )


def _read(n_words: int) -> tuple[AnyArray, Float32Array]:
    """Return the first words and their vectors, in memory of their own."""
    # Read as bytes first: a package may be imported from an archive.
    stored = io.BytesIO((_FILES / "word_vectors.npz").read_bytes())
    with np.load(stored, allow_pickle=False) as arrays:
        return (
            arrays["words"][:n_words].copy(),
            arrays["vectors"][:n_words].astype(np.float32, order="C"),
        )


def _framed(vectors: Float32Array, words: AnyArray, names: list[str]) -> Any:
    """Return the vectors as a DataFrame indexed by the words."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "as_frame=True needs pandas, which is not installed; install it with "
            "`pip install pandas` or use as_frame=False."
        ) from error
    return pd.DataFrame(vectors, index=pd.Index(words, name="word"), columns=names)
