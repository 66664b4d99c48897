"""Rules about neighbours: offsets, concentration, hubs, and what labels say."""

from sknorms.audit._finding import NOTICE, OK, PROBLEM, Finding
from sknorms.audit._rule import Examined, Rule, as_rule
from sknorms.audit._scores import MetricScores
from sknorms.audit._thresholds import LIMITS

__all__ = ["Concentration", "Hubs", "Labels", "Offset"]


@as_rule
class Offset(Rule):
    """Rows far from the origin all point the same way."""

    kind = "offset"
    of_metric = True

    def judge(self, seen: Examined) -> Finding | None:
        cosine = seen.statistics.anisotropy
        looks = seen.traits.directions and seen.traits.ranks_as
        if not looks or not seen.enough or cosine < LIMITS.offset_notice:
            return None
        far = cosine >= LIMITS.offset_problem
        return Finding(
            self.kind,
            PROBLEM if far else NOTICE,
            f"All rows point about the same way: the mean cosine of two rows is "
            f"{cosine:.4f}. "
            + (
                "What tells rows apart is lost in the offset that they share."
                if far
                else "Cut-offs have to be close to 1; centring spreads directions out."
            ),
            {"anisotropy": cosine},
            "make_pipeline(StandardScaler(with_std=False), estimator)",
        )


@as_rule
class Concentration(Rule):
    """All rows are about equally far from each other."""

    kind = "concentration"

    def judge(self, seen: Examined) -> Finding | None:
        contrast = seen.statistics.contrast.get(seen.pass_name, float("nan"))
        if not seen.enough or not contrast >= 1:
            return None
        if seen.traits.directions:
            contrast = contrast**0.5  # of chords, whose squares cosine distances are
        evidence = {"relative_contrast": contrast}
        if contrast >= LIMITS.contrast_notice:
            message = f"The mean row is {contrast:.2f} times as far as the nearest."
            return Finding(self.kind, OK, message, evidence)
        many = seen.statistics.n_sampled >= LIMITS.contrast_rows
        hopeless = many and contrast < LIMITS.contrast_problem
        return Finding(
            self.kind,
            PROBLEM if hopeless else NOTICE,
            f"The mean row is only {contrast:.3f} times as far as the nearest one: "
            "distances are concentrated, and neighbours say little.",
            evidence,
            "make_pipeline(PCA(n_components=0.9), estimator)  # or select columns",
        )


@as_rule
class Hubs(Rule):
    """A few rows are found by everybody, many by nobody."""

    kind = "hubs"

    def judge(self, seen: Examined) -> Finding | None:
        hubs = seen.statistics.hubness.get(seen.pass_name)
        # Of inner products, hubs are the long rows, which another rule names.
        if hubs is None or not seen.enough or seen.traits.products:
            return None
        evidence = {
            "skewness": hubs.skewness,
            "hub_share": hubs.hub_share,
            "anti_hub_share": hubs.anti_hub_share,
        }
        many = hubs.anti_hub_share >= LIMITS.anti_hubs
        if hubs.skewness < LIMITS.hub_skewness or not many:
            evenly = f"No few rows crowd the lists (skewness {hubs.skewness:.1f})."
            return Finding(self.kind, OK, evenly, evidence)
        return Finding(
            self.kind,
            NOTICE,
            f"Hubs take {hubs.hub_share:.0%} of all places in lists of neighbours, and "
            f"{hubs.anti_hub_share:.0%} of rows are in none.",
            evidence,
            "make_pipeline(KNeighborsTransformer(), CSLS(), estimator)",
        )


@as_rule
class Labels(Rule):
    """What is known about rows says which metric finds the right ones."""

    kind = "scores"

    def judge(self, seen: Examined) -> Finding | None:
        scores = seen.statistics.scores
        if scores is None:
            return None
        value = scores.values[seen.pass_name]
        evidence = {"score": scores.score, **scores.values}
        if not clearly_worse(scores, seen.pass_name):
            return Finding(
                self.kind,
                OK,
                f"{scores.score} is {value:.3f} under {seen.record.name}, and "
                f"{_closest(scores, seen.pass_name)}.",
                evidence,
            )
        found = scores.differences[scores.best]
        return Finding(
            self.kind,
            PROBLEM,
            f"{scores.score} is {value:.3f} under {seen.record.name}, but "
            f"{scores.values[scores.best]:.3f} under {scores.best}: a difference of "
            f"{-found.difference:.3f} [{-found.high:.3f}, {-found.low:.3f}], "
            f"p = {found.p_value:.2g}.",
            {**evidence, "difference": found.difference, "p_value": found.p_value},
            f'metric="{scores.best}"',
        )


def clearly_worse(scores: MetricScores, name: str) -> bool:
    """Whether the best metric is better than the one asked about beyond chance."""
    found = scores.differences.get(scores.best)
    if scores.best == name or found is None:
        return False
    return bool(
        found.difference <= -LIMITS.score_difference
        and found.p_value <= LIMITS.score_p_value
    )


def harmless(scores: MetricScores, name: str) -> bool:
    """Whether no other metric is better than the one asked about by anything."""
    if scores.best == name:
        return True
    found = scores.differences[scores.best]
    return found.difference >= -LIMITS.score_harmless


def _closest(scores: MetricScores, name: str) -> str:
    others = {key: value for key, value in scores.values.items() if key != name}
    best = max(others, key=others.__getitem__)
    return f"{others[best]:.3f} under {best}, the best of the others"
