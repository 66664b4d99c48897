"""What a norm is: value, dual norm, prox and projection; row norms; clipping."""

from sknorms.norms._clip import clip_by_norm, clip_by_value
from sknorms.norms._clip_samples import clip_adaptive, clip_per_sample
from sknorms.norms._functions import dual_norm, norm, project, prox, row_norms
from sknorms.norms._gradients import (
    clip_by_global_norm,
    clip_grad_norm_,
    clip_grad_value_,
    get_total_norm,
)
from sknorms.norms._group import GroupNorm
from sknorms.norms._lp import Lp
from sknorms.norms._matrix import FrobeniusNorm, NuclearNorm, SpectralNorm
from sknorms.norms._registry import get_norm
from sknorms.norms._simplex import project_simplex
from sknorms.norms._vector import L1, L2, LInf

__all__ = [
    "L1",
    "L2",
    "FrobeniusNorm",
    "GroupNorm",
    "LInf",
    "Lp",
    "NuclearNorm",
    "SpectralNorm",
    "clip_adaptive",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_per_sample",
    "dual_norm",
    "get_norm",
    "get_total_norm",
    "norm",
    "project",
    "project_simplex",
    "prox",
    "row_norms",
]
