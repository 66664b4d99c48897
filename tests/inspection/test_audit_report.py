"""The page of an audit: whole, readable without anything else, and safe to open."""

import base64
import html
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib import image, pyplot

from sknorms.audit import Finding, MetricAudit, check_metric
from sknorms.inspection import audit_report

GENERATOR = np.random.default_rng(0)
LENGTHS = np.exp(0.4 * GENERATOR.normal(size=(300, 1)))
ROWS = GENERATOR.normal(size=(300, 20)) * LENGTHS
HOSTILE = "<script>alert('x')</script><img src=http://example.com/a.png onerror=b>&\""


class Page(HTMLParser):
    """Collects the tags of a page, and whether they are closed in order."""

    OPEN = frozenset({"br", "img", "meta"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.OPEN:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def audit():
    return check_metric(ROWS, "dot")


@pytest.fixture(scope="module")
def text(audit):
    return audit_report(audit, title="A title", about="of these rows")


def pictures(text):
    found = re.findall(r'<img src="data:image/png;base64,([^"]+)"', text)
    return [base64.b64decode(data, validate=True) for data in found]


def test_tags_are_closed_in_order(text):
    page = Page(text)
    assert page.open == []
    assert text.startswith("<!DOCTYPE html>")
    assert {"html", "head", "body", "title", "h1", "table"} <= {t for t, _ in page.tags}


def test_the_findings_and_the_metrics_are_there(text, audit):
    words = " ".join(" ".join(Page(text).words).split())
    for finding in audit.findings:
        assert " ".join(finding.message.split()) in words
        assert " ".join(finding.remedy.split()) in words
    assert "A title" in words
    assert "of these rows" in words
    assert f"{audit.statistics.agreement.overlap[0, 1]:.0%}" in words


def test_pictures_are_inside_and_whole(text, tmp_path):
    found = pictures(text)
    assert len(found) == 3
    for i, data in enumerate(found):
        path = tmp_path / f"{i}.png"
        path.write_bytes(data)
        pixels = image.imread(path)
        assert min(pixels.shape[:2]) >= 500
        assert pixels.std() > 0.05


def test_pictures_have_words_for_those_who_do_not_see_them(text):
    tags = Page(text).tags
    shown = [attributes for tag, attributes in tags if tag == "img"]
    assert all(attributes["alt"] for attributes in shown)
    assert sum(tag == "figcaption" for tag, _ in tags) == len(shown)


def test_nothing_is_fetched_and_nothing_run(text):
    page = Page(text)
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "iframe", "object", "base", "form"}
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "srcset", "action"):
            assert attributes.get(name, "data:").startswith("data:")
    assert "http" not in re.sub(r"base64,[^\"]+", "", text).replace("http-equiv", "")
    assert "url(" not in text
    assert "@import" not in text
    policy = [a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_every_string_is_escaped(audit):
    finding = Finding(HOSTILE, "problem", HOSTILE, {}, HOSTILE)
    hostile = MetricAudit(HOSTILE, (finding,), audit.statistics, HOSTILE, HOSTILE)
    text = audit_report(hostile, title=HOSTILE, about=HOSTILE)
    page = Page(text)
    assert "<script" not in text
    assert [a["src"][:5] for t, a in page.tags if t == "img"] == ["data:"] * 3
    assert text.count(html.escape(HOSTILE)) >= 8


def test_the_same_audit_is_the_same_page(text, audit):
    assert audit_report(audit, title="A title", about="of these rows") == text


def test_no_figure_stays_open(audit):
    before = pyplot.get_fignums()
    audit_report(audit)
    assert pyplot.get_fignums() == before


@pytest.mark.parametrize(
    ("rows", "n_pictures"),
    [
        (np.full((5, 2), np.nan), 0),
        (np.zeros((5, 2)), 1),
        (ROWS[:2], 1),
        (np.ones((5, 2)), 1),
        (ROWS[:3], 3),
    ],
)
def test_only_what_was_measured_is_drawn(rows, n_pictures):
    text = audit_report(check_metric(rows, "euclidean"))
    assert len(pictures(text)) == n_pictures
    assert Page(text).open == []


def test_the_recommended_metric_is_drawn_beside_the_one_asked_about(audit, text):
    assert (audit.metric, audit.recommended_metric) == ("dot", "cosine")
    alone = MetricAudit("dot", audit.findings, audit.statistics, "dot", "")
    assert pictures(audit_report(alone))[:2] == pictures(text)[:2]
    assert pictures(audit_report(alone))[2] != pictures(text)[2]


@pytest.mark.parametrize("metric", ["manhattan", "correlation", "sqeuclidean"])
def test_metrics_that_rank_like_others_or_by_themselves(metric):
    text = audit_report(check_metric(ROWS, metric))
    assert len(pictures(text)) == 3


def test_without_matplotlib_the_extra_is_named(audit, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'sknorms\[plot\]'"):
        audit_report(audit)


def test_scores_are_compared(audit):
    labels = np.arange(300) % 2
    text = audit_report(check_metric(ROWS, "euclidean", labels))
    assert "<th>leave-one-out accuracy</th>" in text
    assert "leave-one-out" not in audit_report(audit)
