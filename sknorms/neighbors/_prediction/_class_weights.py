"""Class weights of a vote."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms._validation import ParameterError, check_real

__all__ = ["class_factors"]


def class_factors(
    class_weight: Any,
    classes: Sequence[AnyArray],
    codes: IndexArray,
    sample_weight: FloatArray | None,
) -> list[FloatArray] | None:
    """Return what a vote for each class counts, one array an output.

    Parameters
    ----------
    class_weight : dict, "balanced", list of these or None
        A list has one entry an output.
    classes : sequence of arrays
        Labels of each output.
    codes : intp array of shape (n_rows, n_outputs)
        Positions in ``classes``.
    sample_weight : float64 array of shape (n_rows,) or None

    Returns
    -------
    list of float64 arrays, or None where every vote counts one
    """
    if class_weight is None:
        return None
    if not isinstance(class_weight, list | tuple):
        class_weight = _for_every_output(class_weight, len(classes))
    if len(class_weight) != len(classes):
        raise ParameterError(
            f"class_weight has {len(class_weight)} entries for {len(classes)} outputs; "
            "give one an output."
        )
    return [
        _factors(weight, labels, codes[:, output], sample_weight)
        for output, (weight, labels) in enumerate(
            zip(class_weight, classes, strict=True)
        )
    ]


def _for_every_output(class_weight: Any, n_outputs: int) -> list[Any]:
    if isinstance(class_weight, Mapping) and n_outputs > 1:
        raise ParameterError(
            f"class_weight must be a list of {n_outputs} dicts, one an output, or "
            f'"balanced"; got a single dict {class_weight!r}.'
        )
    return [class_weight] * n_outputs


def _factors(
    weight: Any,
    labels: AnyArray,
    codes: IndexArray,
    sample_weight: FloatArray | None,
) -> FloatArray:
    if isinstance(weight, Mapping):
        return _given(weight, labels)
    if isinstance(weight, str) and weight == "balanced":
        counts = np.bincount(codes, sample_weight, len(labels)).astype(np.float64)
        # n_rows / (n_classes * count); a class without any weight never votes.
        present = counts > 0
        factors = np.zeros(len(labels))
        np.divide(counts.sum(), present.sum() * counts, out=factors, where=present)
        return factors
    raise ParameterError(
        'class_weight must be a dict {label: weight}, "balanced", a list of these (one '
        f"an output) or None; got {weight!r}."
    )


def _given(weight: Mapping[Any, Any], labels: AnyArray) -> FloatArray:
    known = labels.tolist()
    unknown = [label for label in weight if label not in known]
    if unknown:
        raise ParameterError(
            f"class_weight names the label {unknown[0]!r}, which is not in y; the "
            f"labels are {', '.join(map(repr, known[:20]))}."
        )
    factors = [
        check_real(f"class_weight[{label!r}]", weight.get(label, 1.0), low=0)
        for label in known
    ]
    return np.array(factors)
