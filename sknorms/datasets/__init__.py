"""Small real data for examples and tests; nothing is downloaded at run time."""

from sknorms.datasets._word_vectors import load_word_vectors

__all__ = ["load_word_vectors"]
