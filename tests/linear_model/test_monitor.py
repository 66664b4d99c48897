"""The monitor: right on labelled streams, quiet on good ones, bounded, picklable."""

import math
import pickle
import warnings

import numpy as np
import pytest
from gradient_streams import STREAMS
from scipy import sparse

from sknorms.linear_model import DivergenceError, DivergenceWarning, GradientMonitor
from sknorms.linear_model._monitor._diagnosis import VERDICTS
from sknorms.linear_model._monitor._monitor import ON_DIVERGENCE, Step
from sknorms.norms import clip_by_global_norm, clip_grad_norm_

GOOD = [stream for stream in STREAMS if stream.verdict == "ok"]
DIVERGENT = [s for s in STREAMS if s.verdict in ("exploding", "nonfinite")]


def name(stream):
    return stream.name


def watched(stream, on_divergence="ignore"):
    monitor = GradientMonitor(on_divergence=on_divergence)
    said = [monitor.record(**step) for step in stream.steps()]
    return monitor, said


# ---- verdicts ----


def test_there_are_enough_streams_and_every_verdict_has_one():
    assert len(STREAMS) >= 20
    assert len(GOOD) >= 10
    assert {s.verdict for s in STREAMS} == {"ok", *(v.name for v in VERDICTS)}


@pytest.mark.parametrize("stream", STREAMS, ids=name)
def test_verdict_on_labelled_stream(stream):
    monitor, _ = watched(stream)
    assert monitor.diagnosis.verdict == stream.verdict, str(monitor.diagnosis)


@pytest.mark.parametrize("stream", GOOD, ids=name)
def test_no_alarm_at_any_step_of_a_good_run(stream):
    monitor = GradientMonitor(on_divergence="raise")
    for i, step in enumerate(stream.steps()):
        assert monitor.record(**step) == "ok"
        if i % 50 == 49:
            assert monitor.diagnosis.verdict not in ("exploding", "nonfinite")


@pytest.mark.parametrize("seed", range(20))
def test_no_alarm_on_very_heavy_tails(seed):
    monitor = GradientMonitor(on_divergence="raise")
    for norm in np.exp(2.0 * np.random.default_rng(seed).normal(size=3000)):
        monitor.record(norm)
    assert monitor.diagnosis.verdict == "ok"


@pytest.mark.parametrize("scale", [1e-200, 1e-8, 1e8, 1e200])
@pytest.mark.parametrize("stream", STREAMS, ids=name)
def test_the_unit_of_gradients_changes_no_verdict(stream, scale):
    monitor = GradientMonitor(on_divergence="ignore")
    for step in stream.steps():
        norm = step.pop("gradient")
        if 0.0 < norm < math.inf:
            norm = min(max(norm * scale, 1e-300), 1e300)
        monitor.record(norm, **step)
    if stream.name != "growth up to overflow":
        assert monitor.diagnosis.verdict == stream.verdict


@pytest.mark.parametrize("stream", STREAMS, ids=name)
def test_a_diagnosis_says_what_to_do(stream):
    diagnosis = watched(stream)[0].diagnosis
    assert str(diagnosis) == f"{diagnosis.verdict}: {diagnosis.message}"
    assert diagnosis.message.endswith(".")
    if diagnosis.verdict != "ok":
        assert len(diagnosis.message.split(". ")) >= 2
        assert all(isinstance(v, float | int) for v in diagnosis.evidence.values())
    if stream in DIVERGENT:
        assert 0 <= diagnosis.step < len(stream.norms)


def test_growth_is_found_long_before_overflow():
    monitor = GradientMonitor(on_divergence="ignore")
    said = [monitor.record(1.5**i) for i in range(60)]
    assert "exploding" in said[:32]


def test_what_exploded_and_came_back_is_sound_again():
    monitor = GradientMonitor(on_divergence="ignore")
    sizes = np.repeat([1.0, 1e6, 1.0], [200, 60, 200])
    noise = np.exp(0.2 * np.random.default_rng(0).normal(size=460))
    said = [monitor.record(norm) for norm in sizes * noise]
    assert "exploding" in said
    assert monitor.diagnosis.verdict == "ok"


def test_restart_forgets_the_explosion_and_keeps_the_history():
    monitor = GradientMonitor(on_divergence="ignore")
    for norm in [*[1.0] * 80, *(4.0 ** np.arange(20))]:
        monitor.record(norm)
    assert monitor.diagnosis.verdict == "exploding"
    monitor.restart()
    assert monitor.diagnosis.verdict == "ok"
    assert len(monitor.history["norm"]) == 100


# ---- what is done about divergence ----


@pytest.mark.parametrize("stream", DIVERGENT, ids=name)
def test_warns_once(stream):
    with pytest.warns(DivergenceWarning, match=r"exploding|nonfinite") as caught:
        watched(stream, "warn")
    assert len(caught) == 1
    assert caught[0].filename == __file__


@pytest.mark.parametrize("stream", DIVERGENT, ids=name)
def test_raises_at_once(stream):
    with pytest.raises(DivergenceError, match=r"exploding|nonfinite"):
        watched(stream, "raise")


@pytest.mark.parametrize("quiet", ["ignore", "backtrack"])
@pytest.mark.parametrize("stream", DIVERGENT, ids=name)
def test_says_nothing_but_tells(stream, quiet):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, said = watched(stream, quiet)
    assert stream.verdict in said


# ---- what can be recorded ----


class Tensor:
    """What tensors of other libraries are like: NumPy reads them once released."""

    def __init__(self, values, released=False, kind=None):
        self.values, self.released, self.kind = np.asarray(values), released, kind

    @property
    def ndim(self):
        return self.values.ndim

    def detach(self):
        return Tensor(self.values, self.released, self.kind)

    def cpu(self):
        return Tensor(self.values, True, self.kind)

    def float(self):
        return Tensor(self.values, self.released)

    def __array__(self, dtype=None, copy=None):
        if not self.released:
            raise RuntimeError("a tensor that requires grad")
        if self.kind is not None:
            raise TypeError(f"got unsupported type {self.kind}")
        return self.values


class Parameter:
    def __init__(self, grad):
        self.grad = grad


PARTS = [np.array([3.0, 0.0]), np.array([[0.0], [4.0]])]


@pytest.mark.parametrize(
    "gradient",
    [
        5.0,
        5,
        np.float32(5.0),
        np.array(5.0),
        Tensor(5.0),
        np.array([3.0, 4.0]),
        [3.0, -4.0],
        PARTS,
        tuple(PARTS),
        [PARTS[0], None, PARTS[1]],
        iter(PARTS),
        (p.grad for p in map(Parameter, [*PARTS, None])),
        [Tensor(part) for part in PARTS],
        [Tensor(part, kind="bfloat16") for part in PARTS],
        [part.astype(np.float32) for part in PARTS],
        [part.astype(np.float16) for part in PARTS],
        [np.array([3.0 + 4.0j])],
        sparse.csr_array([[3.0, 0.0], [0.0, 4.0]]),
        [sparse.coo_matrix(([1.0, 2.0, 4.0], ([0, 0, 1], [0, 0, 1])))],
    ],
)
def test_whatever_numpy_can_read(gradient):
    monitor = GradientMonitor()
    assert monitor.record(gradient) == "ok"
    assert monitor.history["norm"].tolist() == [5.0]


@pytest.mark.parametrize("gradient", [[], [None, None], iter(()), np.empty(0)])
def test_no_gradient_is_a_gradient_of_zero(gradient):
    monitor = GradientMonitor()
    monitor.record(gradient)
    assert monitor.history["norm"].tolist() == [0.0]


@pytest.mark.parametrize("gradient", ["3", None, {"a": 1.0}, object(), [["a"]]])
def test_what_is_no_gradient(gradient):
    with pytest.raises(TypeError, match="gradient must"):
        GradientMonitor().record(gradient)


def test_largest_element_and_non_finite_ones_are_counted():
    monitor = GradientMonitor(on_divergence="ignore")
    monitor.record([[3.0, -4.0]])
    assert monitor.record([np.array([1.0, np.nan, -np.inf])]) == "nonfinite"
    history = monitor.history
    assert history["norm_inf"][0] == 4.0
    assert history["n_nonfinite"].tolist() == [0.0, 2.0]
    assert monitor.n_nonfinite_steps == 1
    assert monitor.diagnosis.step == 1


def test_gradients_of_any_size_do_not_overflow():
    monitor = GradientMonitor(on_divergence="raise")
    monitor.record([np.full(4, 1e300)])
    monitor.record([np.full(4, 1e38, dtype=np.float32)])
    assert monitor.history["norm"] == pytest.approx([2e300, 2e38])


def test_nothing_passed_in_is_changed():
    gradient = np.array([3.0, 4.0])
    gradient.flags.writeable = False
    GradientMonitor().record([gradient], max_norm=1.0)
    assert gradient.tolist() == [3.0, 4.0]


def test_all_that_is_told_is_kept():
    monitor = GradientMonitor()
    told = {"update_norm": 0.1, "weight_norm": 7.0, "stability": 0.5, "loss": 2.0}
    monitor.record([3.0, 4.0], max_norm=1.0, clipped_fraction=0.25, **told)
    expected = {
        "norm": 5.0,
        "norm_inf": 4.0,
        "clipped_norm": 1.0,
        "clip_factor": 0.2,
        "clipped_fraction": 0.25,
        "n_nonfinite": 0.0,
        "step": 0,
        **told,
    }
    assert {key: value[0] for key, value in monitor.history.items()} == expected


def test_threshold_that_is_none():
    with pytest.raises(ValueError, match="max_norm must be a number >= 0; got -1"):
        GradientMonitor().record(1.0, max_norm=-1)


@pytest.mark.parametrize("max_norm", [0.0, 1.0, math.inf])
def test_clipping_functions_report(max_norm):
    grads = [np.array([3.0]), np.array([4.0])]
    pure, inplace = GradientMonitor(), GradientMonitor()
    clip_by_global_norm(grads, max_norm, monitor=pure)
    clip_grad_norm_([g.copy() for g in grads], max_norm, monitor=inplace)
    for monitor in (pure, inplace):
        factor = min(1.0, max_norm / 5.0)
        assert monitor.history["norm"].tolist() == [5.0]
        assert monitor.history["clip_factor"] == pytest.approx([factor], rel=1e-6)


def test_clipping_functions_report_before_they_raise():
    monitor = GradientMonitor(on_divergence="ignore")
    bad = [np.array([np.inf])]
    with pytest.raises(ValueError, match="finite"):
        clip_by_global_norm(bad, 1.0, monitor=monitor)
    with pytest.raises(ValueError, match="finite"):
        clip_grad_norm_(bad, 1.0, error_if_nonfinite=True, monitor=monitor)
    assert monitor.n_nonfinite_steps == 2


# ---- the history ----


@pytest.mark.parametrize("capacity", [2, 3, 7, 64, 4096])
@pytest.mark.parametrize("n_steps", [1, 2, 65, 1000, 10_000])
def test_history_is_bounded_even_and_keeps_extremes(capacity, n_steps):
    monitor = GradientMonitor(on_divergence="ignore", capacity=capacity)
    norms = 1.0 + np.random.default_rng(0).random(n_steps)
    norms[n_steps // 3] = 9.0
    if n_steps > 2:
        norms[n_steps // 2] = np.nan
    for norm in norms:
        monitor.record(norm)
    history = monitor.history
    steps = history["step"]
    assert len(steps) <= capacity + 3
    assert (np.diff(steps) > 0).all()
    np.testing.assert_array_equal(history["norm"], norms[steps])
    wanted = {0, n_steps // 3, n_steps - 1}
    assert wanted <= set(steps.tolist())
    if n_steps > 2:
        assert n_steps // 2 in steps
    spacing = set(np.diff(sorted(set(steps.tolist()) - wanted - {n_steps // 2})))
    if n_steps <= capacity:
        assert len(steps) == n_steps
    elif capacity > 3:
        stride = min(spacing)
        assert all(gap % stride == 0 for gap in spacing)


def test_memory_does_not_grow():
    monitor = GradientMonitor(capacity=64)
    sizes = []
    for norm in np.random.default_rng(0).random(30_000):
        monitor.record(norm)
        if monitor.n_steps % 100 == 0:
            sizes.append(len(pickle.dumps(monitor)))
    assert max(sizes[100:]) < 1.1 * max(sizes[:100])


def test_history_is_a_copy():
    monitor = GradientMonitor()
    monitor.record(1.0)
    monitor.history["norm"][0] = 99.0
    assert monitor.history["norm"].tolist() == [1.0]


@pytest.mark.parametrize("stream", STREAMS, ids=name)
def test_pickles_in_the_middle_and_goes_on_the_same(stream):
    steps = list(stream.steps())
    monitor = GradientMonitor(on_divergence="ignore", capacity=100)
    for step in steps[: len(steps) // 2]:
        monitor.record(**step)
    twin = pickle.loads(pickle.dumps(monitor))
    for step in steps[len(steps) // 2 :]:
        assert monitor.record(**step) == twin.record(**step)
    assert monitor.diagnosis == twin.diagnosis
    for key, values in monitor.history.items():
        np.testing.assert_array_equal(values, twin.history[key])


def test_reset_forgets_everything():
    monitor = GradientMonitor(on_divergence="ignore")
    monitor.record(math.inf)
    monitor.reset()
    assert monitor.n_steps == monitor.n_nonfinite_steps == 0
    assert monitor.diagnosis.verdict == "ok"
    assert monitor.history["norm"].size == 0


def test_repr_tells_the_verdict():
    monitor = GradientMonitor()
    monitor.record(1.0)
    assert repr(monitor) == "GradientMonitor(n_steps=1, 'ok')"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"capacity": 1}, "capacity must be >= 2; got 1"),
        ({"capacity": 2.5}, "capacity must be an integer; got 2.5"),
        ({"on_divergence": "panic"}, "on_divergence must be one of .*; got 'panic'"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        GradientMonitor(**parameters)


def test_ways_to_react_are_listed_in_one_place():
    with pytest.raises(ValueError, match="on_divergence") as caught:
        GradientMonitor(on_divergence=None)
    assert all(repr(way) in str(caught.value) for way in ON_DIVERGENCE)


# ---- many steps at once, as learners record them ----


def as_rows(stream):
    rows = []
    for step in stream.steps():
        norm, share = step["gradient"], step.get("clipped_fraction", math.nan)
        known = {k: v for k, v in step.items() if k in ("loss", "stability")}
        bad = not (math.isfinite(norm) and math.isfinite(step.get("loss", 0.0)))
        rows.append(Step(norm, norm, norm, 1.0, share, n_nonfinite=float(bad), **known))
    return np.array(rows)


@pytest.mark.parametrize("size", [1, 7, 8, 64, 1000])
@pytest.mark.parametrize("capacity", [2, 100, 4096])
@pytest.mark.parametrize("stream", STREAMS, ids=name)
def test_steps_in_one_piece_and_one_by_one_are_the_same(stream, capacity, size):
    rows = as_rows(stream)
    one, many = (
        GradientMonitor(on_divergence="ignore", capacity=capacity) for _ in range(2)
    )
    said = [one.record_step(Step(*row)) for row in rows.tolist()]
    told = [many.record_steps(rows[i : i + size]) for i in range(0, len(rows), size)]
    assert {*told} <= {*said}
    assert one.diagnosis == many.diagnosis
    for key, values in one.history.items():
        np.testing.assert_array_equal(values, many.history[key])
