"""Every registered metric, with rows that it is defined on."""

import math
from dataclasses import dataclass, field

import numpy as np

from sknorms.metrics import get_metric
from sknorms.metrics._domain import Boolean, LatitudeLongitude, Missing, NonNegative
from sknorms.metrics._registry import registered_metrics

N_FEATURES = 7
WEIGHTS = tuple(np.linspace(0.0, 3.0, N_FEATURES))


@dataclass(frozen=True)
class Case:
    """A metric by name, with parameters."""

    name: str
    params: dict = field(default_factory=dict)

    def __str__(self):
        given = ",".join(f"{key}={value}" for key, value in self.params.items())
        return f"{self.name}({given.replace(' ', '')})"

    @property
    def metric(self):
        return get_metric(self.name, **self.params)


DEFAULTS = [Case(record.name) for record in registered_metrics()]
VARIANTS = [
    Case("gower", {"categorical": (1, 4)}),
    Case("haversine", {"units": "deg"}),
    Case("jensenshannon", {"base": 2.0}),
    *(Case("minkowski", {"p": p}) for p in (0.5, 1.0, 1.5, 3.0, 40.0, math.inf)),
    *(Case("minkowski", {"p": p, "w": WEIGHTS}) for p in (0.5, 1, 2, 3, math.inf)),
]
CASES = DEFAULTS + VARIANTS


def _normal(rng, shape):
    return rng.normal(size=shape)


def _integers(rng, shape):
    return rng.integers(-1, 2, size=shape).astype(float)


def _offset(rng, shape):
    return 1e7 + rng.normal(size=shape)


def _offset32(rng, shape):
    return np.float32(1e4 + rng.normal(size=shape))


def _duplicates(rng, shape):
    rows = rng.normal(size=shape)
    rows[::3] = rows[0]
    rows[1::5] = 0.0
    return rows


def _close(rng, shape):
    """Rows that differ from one another in their last digits only."""
    return rng.normal(size=shape[1]) * (1.0 + 1e-13 * rng.integers(0, 40, size=shape))


def _bytes(rng, shape):
    return rng.integers(0, 256, size=shape, dtype=np.uint8)


def _booleans(rng, shape):
    return rng.random(shape) < 0.4


def _subnormal(rng, shape):
    return rng.normal(size=shape) * 5e-320


def _subnormal32(rng, shape):
    return np.float32(rng.normal(size=shape) * 1e-41)


def _large32(rng, shape):
    return np.float32(rng.normal(size=shape) * 1e30)


def _large(rng, shape):
    return rng.normal(size=shape) * 1e150


def _mixed_rows(rng, shape):
    return rng.normal(size=shape) * 10.0 ** rng.integers(-30, 31, size=(shape[0], 1))


def _tiny_and_huge(rng, shape):
    """Return a row float32 rounds to few digits, and rows that make much of that.

    The last rows, and not those before them, are closest to the tiny one by inner
    product, which is not so of what is left of it in float32. It takes some 50 columns
    for that to be more than other roundings.
    """
    rows = rng.normal(size=shape)
    half = shape[1] // 2
    usual = 2.0 ** np.frexp(np.sqrt(shape[1]))[1]
    rows[1, :half], rows[1, half:] = 1.49 * 2.0**-149 * usual, 1.45 * 2.0**-149 * usual
    rows[2:14] = rows[-3:] = 0.0
    rows[2:14, -half:] = rows[-3:, :half] = 2.0**47 * usual
    return rows


def _mixed_cells32(rng, shape):
    return np.float32(rng.normal(size=shape) * 10.0 ** rng.integers(-37, 37, shape))


KINDS = {
    make.__name__.strip("_"): make
    for make in (
        _normal,
        _integers,
        _offset,
        _offset32,
        _duplicates,
        _close,
        _bytes,
        _booleans,
        _subnormal,
        _subnormal32,
        _large32,
        _large,
        _mixed_rows,
        _mixed_cells32,
        _tiny_and_huge,
    )
}
# Variances of such numbers are beyond float64, or say nothing.
NO_VARIANCE = {"subnormal", "mixed_rows", "mixed_cells32"}


def rows_for(case, kind, n_rows, seed=0, n_features=N_FEATURES):
    """Return rows of one kind that lie in the domain of a metric, dtype kept."""
    rng = np.random.default_rng([seed, len(kind)])
    domain = case.metric.domain
    if isinstance(domain, LatitudeLongitude):
        return _globe(KINDS[kind](rng, (n_rows, 2)), domain.quarter)
    rows = KINDS[kind](rng, (n_rows, n_features))
    if isinstance(domain, Boolean):
        return rows > np.median(rows)
    if isinstance(domain, NonNegative):
        return np.abs(rows)
    if isinstance(domain, Missing):
        rows = rows.astype(np.float32 if rows.dtype != np.float64 else np.float64)
        # The first column is always there, so that any two rows share something.
        rows[:, 1:][rng.random((n_rows, n_features - 1)) < 0.2] = np.nan
    return rows


def in_domain(domain, rows):
    """Return rows of any numbers, at least two columns, moved into a domain."""
    if isinstance(domain, LatitudeLongitude):
        return _globe(rows[:, :2], domain.quarter)
    if isinstance(domain, NonNegative):
        return np.abs(rows)
    return rows > 0 if isinstance(domain, Boolean) else rows


def _globe(rows, quarter):
    """Fold any numbers onto latitudes and longitudes."""
    scale = float(np.abs(rows.astype(np.float64)).max()) or 1.0
    points = rows.astype(np.float64) / scale * [quarter, 2 * quarter]
    return points.astype(rows.dtype if rows.dtype.kind == "f" else np.float64)


def learned(case, rows):
    """Return the metric with what it learns, or None where that is impossible."""
    try:
        return case.metric.learn(rows)
    except ValueError as error:
        if "covariance is beyond" not in str(error):
            raise
        return None
