"""What an audit looks like, as text, HTML and JSON."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from audit_cases import FAULTY, SOUND

from sknorms.audit import check_metric

CASES = [*SOUND[:3], *FAULTY[:2], *FAULTY[-6:]]
VOID = {"br", "meta", "link", "hr", "img", "input"}


class Balanced(HTMLParser):
    """Raise where a tag is closed that is not open."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.metric}")
def test_every_form_says_the_same(case):
    audit = check_metric(case.rows(), case.metric)
    text, page, data = repr(audit), audit._repr_html_(), json.loads(audit.to_json())
    for finding in audit.findings:
        assert finding.message in text
        assert finding.remedy in text
        assert finding.kind in page
    assert data == audit.to_dict()
    assert data["recommended_metric"] == audit.recommended_metric
    assert [f["kind"] for f in data["findings"]] == [f.kind for f in audit.findings]
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []


def test_worst_comes_first():
    audit = check_metric(FAULTY[10].rows(), "cosine")
    order = [("problem", "notice", "ok").index(f.severity) for f in audit.findings]
    assert order == sorted(order)
    assert audit.severity == audit.findings[0].severity == "problem"


def test_html_escapes_what_it_shows():
    audit = check_metric(np.random.default_rng(0).normal(size=(60, 3)), "dot")
    page = audit._repr_html_()
    assert "metric=&quot;cosine&quot;" in page
    assert "<script" not in page


def test_json_takes_indentation_and_holds_no_nan():
    audit = check_metric(np.ones((3, 2)), "dot")
    assert "NaN" not in audit.to_json()
    assert "\n" not in audit.to_json(indent=None)
    assert json.loads(audit.to_json())["statistics"]["anisotropy"] is None
