"""Streams of gradients as training makes them, each with the verdict it deserves.

Written by hand: what a run looks like when it goes well is the larger part, because an
alarm on a good run is the mistake that makes people switch a monitor off.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["STREAMS", "Stream"]


@dataclass(frozen=True)
class Stream:
    """Keyword arguments of ``record``, step by step, and the right verdict."""

    name: str
    verdict: str
    norms: Any
    losses: Any = None
    clipped: Any = None
    stability: Any = None

    def steps(self):
        for i, norm in enumerate(self.norms):
            step = {"gradient": float(norm)}
            if self.losses is not None:
                step["loss"] = float(self.losses[i])
            if self.clipped is not None:
                step["clipped_fraction"] = float(self.clipped[i])
            if self.stability is not None:
                step["stability"] = float(self.stability[i])
            yield step


def noise(size, sigma, seed):
    return np.exp(sigma * np.random.default_rng(seed).normal(size=size))


def _good():
    t = np.arange(2000)
    decay = 1 / (1 + t / 50)
    yield Stream("least squares that converges", "ok", 5 * 0.99**t + 1e-3, 0.98**t)
    yield Stream(
        "mini-batches down to their noise",
        "ok",
        (8 * decay + 0.5) * noise(2000, 0.6, 0),
        (3 * decay + 0.4) * noise(2000, 0.3, 1),
    )
    yield Stream("heavy-tailed gradients, no loss", "ok", noise(5000, 1.5, 2))
    spikes = np.where(t % 211 == 210, 300.0, 1.0) * noise(2000, 0.4, 3)
    yield Stream("spikes that pass", "ok", spikes, 2 * decay + 0.5)
    yield Stream(
        "a few steps clipped at the start",
        "ok",
        (20 * decay + 0.2) * noise(2000, 0.3, 4),
        2 * decay + 0.1,
        clipped=(20 * decay > 1.0).astype(float) * (t < 800),
    )
    yield Stream(
        "gradients grow while the loss falls",
        "ok",
        np.minimum(0.01 * 1.01**t, 2.0) * noise(2000, 0.2, 5),
        np.linspace(0.7, 0.3, 2000),
    )
    yield Stream(
        "learnt in the first ten steps",
        "ok",
        (4 * 0.5 ** np.arange(600) + 1) * noise(600, 0.4, 20),
        (3 * 0.5 ** np.arange(600) + 1) * noise(600, 0.1, 21),
    )
    yield Stream("only a warm-up of five steps", "ok", [9.0, 5.0, 3.0, 2.0, 1.5])
    yield Stream(
        "an edge of stability that is no edge of the loss",
        "ok",
        2 * noise(1500, 0.3, 6),
        0.9 * 0.998 ** np.arange(1500) * noise(1500, 0.1, 7),
        stability=np.full(1500, 1.3),
    )
    yield Stream(
        "restarts of the learning rate",
        "ok",
        (1 + 3 * (t % 500 < 30)) * (0.3 + decay) * noise(2000, 0.3, 8),
        (0.3 + decay) * (1 + 0.2 * (t % 500 < 30)) * noise(2000, 0.1, 9),
    )
    yield Stream(
        "exact fit, the gradient gone with the loss",
        "ok",
        0.9 ** np.arange(300),
        0.81 ** np.arange(300),
    )


def _bad():
    t = np.arange(400)
    yield Stream("twice as long at each step", "exploding", 2.0 ** np.arange(24))
    yield Stream(
        "slow growth under noise",
        "exploding",
        1.02 ** np.arange(900) * noise(900, 0.5, 10),
        1.03 ** np.arange(900) * noise(900, 0.3, 11),
    )
    late = np.where(t < 300, 1.0, 1.2 ** np.maximum(0, t - 300)) * noise(400, 0.3, 12)
    yield Stream("sound for long, then not", "exploding", late, 0.5 * late)
    yield Stream(
        "bounded gradients, a loss without bound",
        "exploding",
        np.full(400, 30.0) * noise(400, 0.1, 13),
        0.7 + 0.5 * t,
        stability=np.full(400, 80.0),
    )
    overflow = [*(10.0 ** np.arange(0, 300, 12)), np.inf, np.nan, np.nan]
    yield Stream("growth up to overflow", "exploding", overflow)
    bad = np.ones(200)
    bad[120] = np.nan
    yield Stream("one NaN from a bad row", "nonfinite", bad)
    yield Stream(
        "a loss that overflows", "nonfinite", np.ones(60), [1.0] * 50 + [np.inf] * 10
    )
    yield Stream(
        "a threshold below every gradient",
        "clip_saturated",
        50 * noise(600, 0.2, 14),
        5 * 0.999 ** np.arange(600),
        clipped=np.ones(600),
    )
    yield Stream(
        "two thirds of the samples clipped",
        "clip_saturated",
        2 * noise(600, 0.2, 15),
        clipped=0.66 * noise(600, 0.05, 16),
    )
    yield Stream(
        "saturated units",
        "vanishing",
        3 * 0.9 ** np.arange(400) + 1e-9,
        2.3 + 0.01 * noise(400, 0.1, 17),
    )
    yield Stream("dead units", "vanishing", [1.0] * 20 + [0.0] * 200)
    yield Stream(
        "steps too short to see",
        "plateau",
        4 * noise(1000, 0.2, 18),
        2.3 - 1e-5 * np.arange(1000) + 0.02 * noise(1000, 0.1, 19),
    )
    yield Stream(
        "jumping from side to side",
        "plateau",
        10 + np.tile([0.5, -0.5], 300),
        np.tile([1.6, 1.5], 300),
    )


STREAMS = [*_good(), *_bad()]
