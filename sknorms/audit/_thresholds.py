"""Where a figure becomes a finding: all limits, in one place.

Each is argued with figures in docs/audit.rst. They are set so that data without a fault
stay quiet: a missed notice costs less than a false problem.
"""

from dataclasses import dataclass

__all__ = ["LIMITS", "Limits"]


@dataclass(frozen=True)
class Limits:
    """The limits of the rules.

    Attributes
    ----------
    rows : int
        Fewer usable rows than this, and nothing is said about neighbours.
    unit : float
        Norms within this of 1 are unit norms.
    zero_problem : float
        Share of zero rows that is a problem under a metric of directions.
    duplicate_notice, duplicate_problem : float
        Shares of repeated rows of real numbers.
    column_problem : float
        Share of one column in all squared differences (or lengths).
    column_notice : float
        The same, among four columns or more.
    few_columns, small_column : float
        A problem, too, are this share of all columns that hold ``column_problem`` of
        the total, while half of the columns have this fraction of the largest share.
    directions : int
        Columns from which on rows may be directions, as embeddings are.
    sparse_directions, sparse_zeros : int, float
        Columns, and share of zeros, from which on non-negative rows may be counts.
    mixed_signs : float
        Smallest share of entries of the rarer sign in embeddings.
    scale_problem, scale_notice : float
        Spread of the factor shared by all directions of a row.
    scale_in_lengths : float
        Spread of log lengths over that spread, for a factor that is a length.
    scale_correlation : float
        Correlation of the logarithms of factor and length.
    scale_overlap : float
        Largest share of neighbours in common with cosine.
    count_spread, count_overlap : float
        The same two limits for counts.
    dot_cv, dot_overlap : float
        Variation of norms, and neighbours in common with cosine, for inner products.
    truncated_norms : tuple of float
        Smallest mean norm of truncated unit rows, smallest and largest variation.
    offset_problem, offset_notice : float
        Mean cosine of two rows.
    contrast_problem, contrast_notice : float
        Relative contrast.
    contrast_rows : int
        Rows from which on contrast can be a problem.
    hub_skewness, anti_hubs : float
        Skewness, and share of rows never found, that are worth a notice.
    score_difference, score_p_value : float
        A metric is worse than another by this, with this chance of being wrong.
    score_harmless : float
        A difference up to this does no harm.
    """

    rows: int = 50
    unit: float = 1e-3
    zero_problem: float = 0.01
    duplicate_notice: float = 0.05
    duplicate_problem: float = 0.25
    column_problem: float = 0.9
    column_notice: float = 0.75
    few_columns: float = 0.1
    small_column: float = 1e-4
    directions: int = 16
    sparse_directions: int = 50
    sparse_zeros: float = 0.9
    mixed_signs: float = 0.05
    scale_problem: float = 0.12
    scale_notice: float = 0.07
    scale_in_lengths: float = 0.6
    scale_correlation: float = 0.5
    scale_overlap: float = 0.85
    count_spread: float = 0.2
    count_overlap: float = 0.7
    dot_cv: float = 0.02
    dot_overlap: float = 0.9
    truncated_norms: tuple[float, float, float] = (0.3, 0.005, 0.25)
    offset_problem: float = 0.99
    offset_notice: float = 0.9
    contrast_problem: float = 1.05
    contrast_notice: float = 1.2
    contrast_rows: int = 200
    hub_skewness: float = 4.0
    anti_hubs: float = 0.3
    score_difference: float = 0.02
    score_p_value: float = 1e-3
    score_harmless: float = 0.01


LIMITS = Limits()
