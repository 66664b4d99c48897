"""The definition of every metric, as naive as it can be written.

Two rows in, one number out, in plain Python with exactly rounded sums. Speed, overflow
and cancellation are nobody's concern here; inputs are kept where they do not matter.
"""

import math
from itertools import pairwise

import numpy as np


def _norm(x):
    return math.sqrt(math.fsum(a * a for a in x))


def _dot(x, y):
    return math.fsum(a * b for a, b in zip(x, y, strict=True))


def _apart(x, y):
    return [abs(a - b) for a, b in zip(x, y, strict=True)]


def _ratio(part, whole):
    return part / whole if whole else 0.0


def euclidean(x, y):
    return _norm(_apart(x, y))


def sqeuclidean(x, y):
    return math.fsum(d * d for d in _apart(x, y))


def seuclidean(x, y, V):
    return math.sqrt(math.fsum(d * d / v for d, v in zip(_apart(x, y), V, strict=True)))


def mahalanobis(x, y, V=None, VI=None):
    inverse = np.linalg.pinv(V) if VI is None else np.asarray(VI)
    difference = np.subtract(x, y)
    return math.sqrt(max(0.0, difference @ inverse @ difference))


def cosine_similarity(x, y):
    if not any(x) or not any(y):
        return 1.0 if any(x) == any(y) else 0.0
    return _dot(x, y) / (_norm(x) * _norm(y))


def cosine(x, y):
    return 1.0 - cosine_similarity(x, y)


def angular(x, y):
    return math.acos(max(-1.0, min(1.0, cosine_similarity(x, y)))) / math.pi


def correlation(x, y):
    mean_x, mean_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    return cosine([a - mean_x for a in x], [b - mean_y for b in y])


def dot(x, y):
    return _dot(x, y)


def manhattan(x, y):
    return math.fsum(_apart(x, y))


def chebyshev(x, y):
    return max(_apart(x, y))


def minkowski(x, y, p=2.0, w=None):
    w = [1.0] * len(x) if w is None else w
    apart = _apart(x, y)
    if p == math.inf:
        return max(d for d, weight in zip(apart, w, strict=True) if weight > 0)
    total = math.fsum(weight * d**p for d, weight in zip(apart, w, strict=True))
    return total ** (1.0 / p)


def canberra(x, y):
    return math.fsum(
        _ratio(abs(a - b), abs(a) + abs(b)) for a, b in zip(x, y, strict=True)
    )


def braycurtis(x, y):
    return _ratio(math.fsum(_apart(x, y)), math.fsum(map(abs, [*x, *y])))


def tanimoto(x, y):
    whole = _dot(x, x) + _dot(y, y) - _dot(x, y)
    return 1.0 - _dot(x, y) / whole if whole else 0.0


def hamming(x, y):
    return sum(a != b for a, b in zip(x, y, strict=True)) / len(x)


def _table(x, y):
    pairs = [(bool(a), bool(b)) for a, b in zip(x, y, strict=True)]
    cells = [(True, True), (True, False), (False, True), (False, False)]
    return [pairs.count(cell) for cell in cells]


def jaccard(x, y):
    both, first, second, _ = _table(x, y)
    return _ratio(first + second, both + first + second)


def dice(x, y):
    both, first, second, _ = _table(x, y)
    return _ratio(first + second, 2 * both + first + second)


def rogerstanimoto(x, y):
    both, first, second, neither = _table(x, y)
    return _ratio(2 * (first + second), both + neither + 2 * (first + second))


def russellrao(x, y):
    return (len(x) - _table(x, y)[0]) / len(x)


def sokalsneath(x, y):
    both, first, second, _ = _table(x, y)
    return _ratio(2 * (first + second), both + 2 * (first + second))


def yule(x, y):
    both, first, second, neither = _table(x, y)
    return _ratio(2 * first * second, both * neither + first * second)


def _shares(x):
    total = math.fsum(x)
    return [a / total for a in x]


def hellinger(x, y):
    if not any(x) or not any(y):
        return float(any(x) != any(y))
    roots = [[math.sqrt(a) for a in _shares(row)] for row in (x, y)]
    return euclidean(*roots) / math.sqrt(2.0)


def _divergence(p, q):
    return math.fsum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def jensenshannon(x, y, base=None):
    unit = 1.0 if base is None else math.log(base)
    if not any(x) or not any(y):
        return math.sqrt(math.log(2.0) / unit) if any(x) != any(y) else 0.0
    p, q = _shares(x), _shares(y)
    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    divergence = (_divergence(p, middle) + _divergence(q, middle)) / 2
    return math.sqrt(max(0.0, divergence) / unit)


def haversine(x, y, units="rad"):
    if units == "deg":
        x, y = [math.radians(a) for a in x], [math.radians(b) for b in y]
    half_latitude, half_longitude = (y[0] - x[0]) / 2, (y[1] - x[1]) / 2
    around = math.cos(x[0]) * math.cos(y[0]) * math.sin(half_longitude) ** 2
    square = math.sin(half_latitude) ** 2 + around
    return 2 * math.asin(math.sqrt(min(1.0, square)))


def _shared(x, y):
    return [i for i in range(len(x)) if not (math.isnan(x[i]) or math.isnan(y[i]))]


def nan_euclidean(x, y):
    shared = _shared(x, y)
    if not shared:
        return math.nan
    squares = math.fsum((x[i] - y[i]) ** 2 for i in shared)
    return math.sqrt(len(x) / len(shared) * squares)


def gower(x, y, ranges, categorical=None):
    nominal = np.zeros(len(x), dtype=bool)
    if categorical is not None:
        nominal[categorical] = True
    shared = _shared(x, y)
    if not shared:
        return math.nan
    parts = [
        float(x[i] != y[i])
        if nominal[i] or ranges[i] == 0
        else min(abs(x[i] - y[i]) / ranges[i], 1.0)
        for i in shared
    ]
    return math.fsum(parts) / len(shared)


ORACLES = {
    function.__name__: function
    for function in (
        angular,
        braycurtis,
        canberra,
        chebyshev,
        correlation,
        cosine,
        cosine_similarity,
        dice,
        dot,
        euclidean,
        gower,
        hamming,
        haversine,
        hellinger,
        jaccard,
        jensenshannon,
        mahalanobis,
        manhattan,
        minkowski,
        nan_euclidean,
        rogerstanimoto,
        russellrao,
        seuclidean,
        sokalsneath,
        sqeuclidean,
        tanimoto,
        yule,
    )
}

if any(a >= b for a, b in pairwise(ORACLES)):
    raise ValueError("keep the oracles sorted, so that a missing one is seen.")
