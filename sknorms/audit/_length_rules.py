"""Rules about lengths: where they are part of the answer, and should not be."""

from typing import Any

from sknorms.audit._finding import NOTICE, OK, PROBLEM, Finding
from sknorms.audit._rule import Examined, Rule, as_rule
from sknorms.audit._thresholds import LIMITS

__all__ = ["Lengths", "Truncated", "looks_directional", "looks_truncated"]

_USE_COSINE = 'metric="cosine"  # or: make_pipeline(Normalizer(), estimator)'


@as_rule
class Truncated(Rule):
    """Unit rows of which columns were cut off are no unit rows any more."""

    kind = "truncated"
    of_metric = True

    def judge(self, seen: Examined) -> Finding | None:
        if not looks_truncated(seen):
            return None
        norms = seen.statistics.norms
        evidence = {"mean_norm": norms.mean, "norm_cv": norms.cv}
        largest = norms.quantiles[1.0]
        what = (
            f"Rows look like unit vectors that were truncated: norms are at most "
            f"{largest:.3f}, {norms.mean:.2f} on average, and vary by {norms.cv:.1%}"
        )
        if not (seen.traits.differences or seen.traits.products):
            unharmed = f"{what}. {seen.record.name} is not affected."
            return Finding(self.kind, NOTICE, unharmed, evidence)
        overlap, low, high = seen.overlap()
        return Finding(
            self.kind,
            PROBLEM,
            f"{what}, so {seen.record.name} is not what it was: {overlap:.0%} of "
            "neighbours are those of cosine.",
            {**evidence, "overlap": overlap, "overlap_low": low, "overlap_high": high},
            f"X = TruncateNormalizer({seen.facts.n_columns}).fit_transform(X)",
        )


def looks_truncated(seen: Examined) -> bool:
    """Whether norms are below 1, about alike, and directions take both signs."""
    norms, facts = seen.statistics.norms, seen.facts
    smallest_mean, least, most = LIMITS.truncated_norms
    return bool(
        seen.enough
        and not seen.all_unit
        and facts.n_columns >= LIMITS.directions
        and facts.rarer_sign >= LIMITS.mixed_signs
        and norms.quantiles[1.0] <= 1.0 + LIMITS.unit
        and norms.mean >= smallest_mean
        and least <= norms.cv <= most
    )


@as_rule
class Lengths(Rule):
    """Lengths that vary on their own make long or short rows win."""

    kind = "lengths"
    of_metric = True

    def judge(self, seen: Examined) -> Finding | None:
        if not seen.enough:
            return None
        if seen.all_unit:
            return _equivalent(seen)
        if seen.traits.directions:
            norms = seen.statistics.norms
            return Finding(
                self.kind,
                OK,
                f"Lengths vary by {norms.cv:.1%}, and {seen.record.name} takes no "
                "notice of them.",
                {"norm_cv": norms.cv},
            )
        if looks_truncated(seen):
            return None  # said by its own rule
        if seen.traits.products:
            return _judged_products(seen)
        return _judged_differences(seen) if seen.traits.differences else None


def _equivalent(seen: Examined) -> Finding | None:
    if not (seen.traits.directions or seen.traits.ranks_as):
        return None
    return Finding(
        "lengths",
        OK,
        "All rows have norm 1, so euclidean, cosine and dot are equivalent: "
        "|x - y|^2 = 2 - 2 x.y ranks as the cosine x.y does.",
        {"unit_share": seen.statistics.norms.unit_share},
    )


def _judged_products(seen: Examined) -> Finding:
    norms = seen.statistics.norms
    overlap, low, high = seen.overlap()
    evidence = {
        "norm_cv": norms.cv,
        "overlap": overlap,
        "overlap_low": low,
        "overlap_high": high,
        "beaten": seen.beaten,
    }
    if norms.cv < LIMITS.dot_cv or low > LIMITS.dot_overlap:
        return Finding(
            "lengths",
            OK if norms.cv < LIMITS.unit else NOTICE,
            f"Norms vary by {norms.cv:.1%}; {overlap:.0%} of neighbours are those of "
            "cosine.",
            evidence,
        )
    return Finding(
        "lengths",
        PROBLEM,
        f"Norms vary by {norms.cv:.0%}, and dot favours long rows: {_beaten(seen)}only "
        f"{overlap:.0%} of neighbours are those of cosine.",
        evidence,
        _USE_COSINE,
    )


def _beaten(seen: Examined) -> str:
    if not seen.beaten > 0:
        return ""
    return f"{seen.beaten:.0%} of rows score lower with themselves than with another, "


def _judged_differences(seen: Examined) -> Finding | None:
    scale = seen.statistics.scale
    overlap, low, high = seen.overlap()
    evidence = {
        "norm_cv": seen.statistics.norms.cv,
        "scale_spread": scale.spread,
        "overlap": overlap,
        "overlap_low": low,
        "overlap_high": high,
    }
    if looks_directional(seen) and _lengths_decide(seen):
        return Finding(
            "lengths",
            PROBLEM,
            f"Rows are directions times a length of their own, which varies by "
            f"{scale.of_lengths:.0%}: {seen.record.name} mixes the two, and only "
            f"{overlap:.0%} of neighbours are those of cosine.",
            evidence,
            _USE_COSINE,
        )
    if _worth_a_notice(seen):
        return Finding("lengths", NOTICE, _notice(seen, overlap), evidence, _USE_COSINE)
    return Finding(
        "lengths",
        OK,
        f"Nothing says that lengths (varying by {evidence['norm_cv']:.0%}) should not "
        "count.",
        evidence,
    )


def _notice(seen: Examined, overlap: float) -> str:
    return (
        f"All directions of a row share a factor that varies by "
        f"{seen.statistics.scale.spread:.0%}; {overlap:.0%} of neighbours are those of "
        "cosine. If rows are embeddings, cosine is meant."
    )


def looks_directional(seen: Examined) -> bool:
    """Whether rows may be directions: embeddings, or counts of many things."""
    return _like_embeddings(seen) or _like_counts(seen)


def _like_embeddings(seen: Examined) -> bool:
    facts = seen.facts
    return bool(
        facts.n_columns >= LIMITS.directions
        and facts.rarer_sign >= LIMITS.mixed_signs
        and not facts.standardized
        and not facts.discrete
    )


def _like_counts(seen: Examined) -> bool:
    facts = seen.facts
    return bool(
        facts.n_columns >= LIMITS.sparse_directions
        and facts.zero_share >= LIMITS.sparse_zeros
        and facts.negative_share == 0
    )


def _lengths_decide(seen: Examined) -> bool:
    scale: Any = seen.statistics.scale
    _, _, most = seen.overlap()
    if _like_counts(seen):
        return bool(
            scale.of_lengths >= LIMITS.count_spread and most <= LIMITS.count_overlap
        )
    return _scale_is_length(seen, LIMITS.scale_problem) and most <= LIMITS.scale_overlap


def _scale_is_length(seen: Examined, spread: float) -> bool:
    scale = seen.statistics.scale
    return bool(
        scale.spread >= max(spread, scale.error)
        and scale.of_lengths >= LIMITS.scale_in_lengths * scale.spread
        and scale.correlation >= LIMITS.scale_correlation
    )


def _worth_a_notice(seen: Examined) -> bool:
    return bool(
        _like_embeddings(seen)
        and _scale_is_length(seen, LIMITS.scale_notice)
        and seen.overlap()[2] <= LIMITS.scale_overlap
    )
