"""Names of norms."""

import numpy as np
import pytest

from sknorms.norms import L1, L2, GroupNorm, LInf, Lp, NuclearNorm, get_norm
from sknorms.norms._registry import NORMS, get_vector_norm


@pytest.mark.parametrize("name", NORMS)
def test_every_name(name):
    assert get_norm(name) is NORMS[name]


@pytest.mark.parametrize(
    ("number", "record"),
    [
        (1, L1()),
        (2.0, L2()),
        (np.inf, LInf()),
        (np.float32(3), Lp(3.0)),
        (np.int64(2), L2()),
        (0.5, Lp(0.5)),
    ],
)
def test_numbers(number, record):
    assert get_norm(number) == record


@pytest.mark.parametrize("name", ["l3", "L2", "", "euclidean"])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(ValueError, match="'l1', 'l2', 'max'") as caught:
        get_norm(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("number", [0, -2, np.nan, -np.inf])
def test_numbers_that_are_no_order(number):
    with pytest.raises(ValueError, match="must be a number > 0"):
        get_norm(number)


@pytest.mark.parametrize("thing", [None, True, 2j, [2], L2])
def test_things_that_are_no_norm(thing):
    with pytest.raises(TypeError, match="norm must be a name, a number"):
        get_norm(thing)


@pytest.mark.parametrize("norm", ["nuclear", NuclearNorm(), GroupNorm([0, 1])])
def test_where_only_p_norms_will_do(norm):
    with pytest.raises(ValueError, match="norm_type must be a p-norm"):
        get_vector_norm(norm, name="norm_type")
    assert get_vector_norm("max") == LInf()
