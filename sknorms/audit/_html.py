"""An audit as HTML, for notebooks and reports."""

import html
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sknorms.audit._report import MetricAudit

__all__ = ["to_html"]

# Text and marks say it all; colours only repeat it.
_STYLE = """\
.sknorms-audit {font-family: sans-serif; font-size: 0.95em; max-width: 60em;
  color: var(--sklearn-color-text-on-default-background, inherit);}
.sknorms-audit table {border-collapse: collapse;}
.sknorms-audit td, .sknorms-audit th {text-align: left; vertical-align: top;
  padding: 0.25em 0.75em; border-bottom: 1px solid rgba(128, 128, 128, 0.4);}
.sknorms-audit .problem {color: #b3261e; font-weight: bold;}
.sknorms-audit .notice {color: #8a5a00;}
.sknorms-audit .ok {color: #1a6e37;}
.sknorms-audit code {font-size: 0.95em;}
@media (prefers-color-scheme: dark) {
  .sknorms-audit .problem {color: #ff8a80;}
  .sknorms-audit .notice {color: #ffc266;}
  .sknorms-audit .ok {color: #7fd99a;}
}"""
_MARKS = {"problem": "✖ problem", "notice": "▲ notice", "ok": "✔ ok"}


def to_html(audit: "MetricAudit") -> str:
    """Return a fragment of HTML that stands alone, styles included."""
    rows = "".join(
        f'<tr><td class="{f.severity}">{_MARKS[f.severity]}</td>'
        f"<td>{html.escape(f.kind)}</td><td>{html.escape(f.message)}{_remedy(f)}</td>"
        "</tr>"
        for f in audit.findings
    )
    return (
        f'<div class="sknorms-audit"><style>{_STYLE}</style>'
        f"<p><strong>Metric audit: {html.escape(audit.metric)}</strong> "
        f'<span class="{audit.severity}">{_MARKS[audit.severity]}</span></p>'
        f"<p>Use <code>{html.escape(audit.recommended_metric)}</code>: "
        f"{html.escape(audit.reason)}</p>"
        "<table><thead><tr><th>severity</th><th>about</th><th>finding</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{_figures(audit)}</div>"
    )


def _remedy(finding: Any) -> str:
    if not finding.remedy:
        return ""
    return f"<br><code>{html.escape(finding.remedy)}</code>"


def _figures(audit: "MetricAudit") -> str:
    """Return all figures, folded away."""
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(_shown(value))}</td></tr>"
        for name, value in _flat("", audit.statistics.to_dict())
    )
    return f"<details><summary>All figures</summary><table>{rows}</table></details>"


def _flat(prefix: str, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        return [(prefix, value)]
    start = f"{prefix}." if prefix else ""
    return [pair for key in value for pair in _flat(f"{start}{key}", value[key])]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)
