"""An audit as a page of HTML that needs nothing else: its pictures are inside."""

import base64
import html
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sknorms.audit import MetricAudit
from sknorms.audit._comparison import comparison
from sknorms.inspection._drawing import detached_axes
from sknorms.inspection._hubness import HubnessDisplay
from sknorms.inspection._metric_agreement import MetricAgreementDisplay
from sknorms.inspection._norm_distribution import NormDistributionDisplay

__all__ = ["audit_report"]

# Nothing is fetched, even if some text that was not escaped asked for it.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """\
:root {color-scheme: light dark;}
body {font-family: sans-serif; line-height: 1.45; max-width: 62em; margin: 2em auto;
  padding: 0 1em; background: Canvas; color: CanvasText;}
h1 {font-size: 1.5em; overflow-wrap: anywhere;}
h2 {font-size: 1.15em; margin-top: 2em;}
.about {opacity: 0.75;}
.pictures {display: grid; gap: 1.5em;
  grid-template-columns: repeat(auto-fill, minmax(min(24em, 100%), 1fr));}
figure {margin: 0;}
figure img {width: 100%; height: auto; background: white; border-radius: 4px;
  padding: 6px; box-sizing: border-box;}
figcaption {font-size: 0.9em;}
.wide {overflow-x: auto;}
.compared {border-collapse: collapse;}
.compared td, .compared th {padding: 0.25em 0.75em; text-align: right;
  border-bottom: 1px solid rgba(128, 128, 128, 0.4);}
.compared td:first-child, .compared th:first-child {text-align: left;}
.sknorms-audit td:first-child {white-space: nowrap;}
.sknorms-audit code {white-space: pre-wrap;}
.sknorms-audit details {margin-top: 0.75em;}
.sknorms-audit details td {overflow-wrap: anywhere; white-space: normal;}
@media print {figure {break-inside: avoid;}}"""
_SIZE, _DPI = (5.6, 4.2), 144


@dataclass(frozen=True)
class _Picture:
    """One picture of the report.

    Attributes
    ----------
    title, caption : str
    draw : callable
        From an audit and axes.
    """

    title: str
    caption: str
    draw: Callable[[MetricAudit, Any], Any]


def audit_report(
    audit: MetricAudit, *, title: str = "Metric audit", about: str = ""
) -> str:
    """Return an audit as a page of HTML with its pictures inside.

    Parameters
    ----------
    audit : MetricAudit
        What `sknorms.audit.check_metric` returns.
    title : str, default="Metric audit"
        Heading of the page, text that is escaped.
    about : str, default=""
        A line below it, such as where the rows are from; escaped as well.

    Returns
    -------
    str
        The page. It refers to no other file and to no address, holds no script, and
        is the same for the same audit and version of matplotlib. Pictures show the
        lengths of the rows, how far metrics agree, and in how many lists of neighbours
        rows are, as far as the audit has measured that.

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    See Also
    --------
    sknorms.audit.check_metric : Makes an audit, which shows as HTML in a notebook.
    NormDistributionDisplay : The first of the pictures.

    Examples
    --------
    >>> from sknorms.audit import check_metric
    >>> from sknorms.datasets import load_word_vectors
    >>> from sknorms.inspection import audit_report
    >>> audit = check_metric(load_word_vectors().data, "euclidean")
    >>> page = audit_report(audit, title="Word vectors")
    >>> page.startswith("<!DOCTYPE html>"), page.count("data:image/png")
    (True, 3)
    """
    heading = html.escape(title)
    line = f'<p class="about">{html.escape(about)}</p>' if about else ""
    pictures = "".join(_figure(audit, picture) for picture in _pictures(audit))
    if pictures:
        pictures = f'<h2>Pictures</h2><div class="pictures">{pictures}</div>'
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{heading}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{heading}</h1>{line}{audit._repr_html_()}"
        f"{_compared(audit)}{pictures}</body></html>\n"
    )


def _compared(audit: MetricAudit) -> str:
    """Return the table of metrics that were compared, if any were."""
    header, *rows = comparison(audit)
    if not rows:
        return ""
    lines = [_row("th", header), *(_row("td", row) for row in rows)]
    shown = f'<table class="compared">{"".join(lines)}</table>'
    return f'<h2>Metrics compared</h2><div class="wide">{shown}</div>'


def _row(tag: str, entries: list[str]) -> str:
    cells = "".join(f"<{tag}>{html.escape(entry)}</{tag}>" for entry in entries)
    return f"<tr>{cells}</tr>"


def _pictures(audit: MetricAudit) -> Iterator[_Picture]:
    """Yield the pictures of what was measured."""
    found = audit.statistics
    if len(found.norms.norms):
        yield _Picture(
            "How long the rows are",
            "Inner products and Euclidean distances also compare lengths; cosine does "
            "not. Rows of one length make the three find the same neighbours.",
            _draw_norms,
        )
    if found.agreement is not None:
        yield _Picture(
            "Whether metrics find the same neighbours",
            f"Share of the {found.agreement.n_neighbors} nearest neighbours that two "
            "metrics have in common.",
            _draw_agreement,
        )
    if found.hubness:
        yield _Picture(
            "How often rows are found",
            "Rows by the number of lists of nearest neighbours they are in. Hubs, far "
            "to the right, are in the answers to everything.",
            _draw_hubness,
        )


def _draw_norms(audit: MetricAudit, ax: Any) -> None:
    NormDistributionDisplay.from_audit(audit, ax=ax)


def _draw_agreement(audit: MetricAudit, ax: Any) -> None:
    MetricAgreementDisplay.from_audit(audit, ax=ax)


def _draw_hubness(audit: MetricAudit, ax: Any) -> None:
    """Draw the metric asked about, and the one that is recommended in its place."""
    first = HubnessDisplay.from_audit(audit, ax=ax)
    other = audit.recommended_metric
    if other in audit.statistics.hubness and other != first.hubness.metric:
        HubnessDisplay.from_audit(audit, metric=other, ax=ax)


def _figure(audit: MetricAudit, picture: _Picture) -> str:
    """Return a picture with its words."""
    data = base64.b64encode(_png(audit, picture)).decode("ascii")
    title, caption = html.escape(picture.title), html.escape(picture.caption)
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{title}">'
        f"<figcaption><strong>{title}.</strong> {caption}</figcaption></figure>"
    )


def _png(audit: MetricAudit, picture: _Picture) -> bytes:
    ax = detached_axes(_SIZE)
    picture.draw(audit, ax)
    file = io.BytesIO()
    # Without the version of matplotlib, the same picture is the same file.
    ax.figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    return file.getvalue()
