"""The command line: what it prints and writes, and with which code it ends."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

import sknorms
from sknorms.__main__ import main
from sknorms.audit import check_metric
from sknorms.datasets import load_word_vectors
from sknorms.neighbors import Retriever

REPOSITORY = Path(sknorms.__file__).parents[1]
GLOVE = load_word_vectors()
WORDS, NAMES = GLOVE.data, GLOVE.words
WINE, WINE_Y = load_wine(return_X_y=True)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    np.save("words.npy", WORDS)
    np.save("queries.npy", WORDS[[100, 200, 300]])
    Path("names.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    np.savetxt("wine.csv", WINE, delimiter=",")
    np.savetxt("labels.txt", WINE_Y, fmt="%d")
    return tmp_path


def process(*arguments, **environment):
    """Run the command line as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "sknorms", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
    )


# ---- audit ----


@pytest.mark.parametrize(
    ("metric", "code", "use"),
    [("euclidean", 1, "cosine"), ("dot", 1, "cosine"), ("cosine", 0, "cosine")],
)
def test_word_vectors(folder, capsys, metric, code, use):
    assert main(["audit", "words.npy", "--metric", metric]) == code
    out, err = capsys.readouterr()
    severity = "problem" if code else "ok"
    first = f"words.npy: 10,000 rows x 50 columns, metric {metric}: {severity}"
    assert out.split("\n")[0] == first
    assert f"\nUse {use}: " in out
    assert err == ""


def test_the_table_has_every_finding_and_fits(folder, capsys):
    main(["audit", "words.npy"])
    out = capsys.readouterr().out
    found = check_metric(WORDS)
    lines = out.split("\n")
    assert max(len(line) for line in lines if "->" not in line) <= 100
    flat = " ".join(out.split())
    for finding in found.findings:
        assert any(
            line.split()[:2] == [finding.severity, finding.kind] for line in lines
        )
        assert all(word in flat for word in finding.message.split())
        assert not finding.remedy or f"-> {finding.remedy}" in out
    for metric in ("euclidean", "dot", "cosine"):
        assert any(line.startswith(metric) and "%" in line for line in lines)


def test_json_is_that_of_the_audit(folder, capsys):
    expected = check_metric(WORDS, "dot").to_json()
    assert main(["audit", "words.npy", "-m", "dot", "--json", "out.json"]) == 1
    assert "severity" in capsys.readouterr().out
    assert Path("out.json").read_text("utf-8") == expected + "\n"


def test_json_on_standard_output_stands_alone(folder, capsys):
    assert main(["audit", "words.npy", "-m", "cosine", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["metric"] == "cosine"


def test_labels_are_used(folder, capsys):
    assert main(["audit", "wine.csv", "--labels", "labels.txt", "--json", "-"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads(check_metric(WINE, y=WINE_Y).to_json())
    assert found["statistics"]["scores"]["score"] == "leave-one-out accuracy"


def test_labels_show_in_the_table(folder, capsys):
    np.savez("all.npz", X=StandardScaler().fit_transform(WINE), y=WINE_Y)
    assert main(["audit", "all.npz:X", "--labels", "all.npz:y"]) == 0
    assert "leave-one-out accuracy\n" in capsys.readouterr().out


@pytest.mark.parametrize("as_ids", [True, False])
def test_relevance_is_used(folder, capsys, as_ids):
    given = ["--queries", "queries.npy", "--relevant", "relevant.txt"]
    lines = [f"{i} {i + 1}" for i in (100, 200, 300)]
    if as_ids:
        given += ["--labels", "names.txt"]
        lines = [f"{NAMES[i]} {NAMES[i + 1]}" for i in (100, 200, 300)]
    Path("relevant.txt").write_text("\n".join(lines), encoding="utf-8")
    main(["audit", "words.npy", *given, "--json", "-"])
    found = json.loads(capsys.readouterr().out)
    expected = check_metric(
        WORDS,
        queries=WORDS[[100, 200, 300]],
        relevant=[[100, 101], [200, 201], [300, 301]],
    )
    assert found == json.loads(expected.to_json())
    assert found["statistics"]["scores"]["n_scored"] == 3


@pytest.mark.parametrize(("given", "sample"), [("500", 500), ("all", None)])
def test_sample_and_its_seed(folder, capsys, given, sample):
    main(["audit", "wine.csv", "--sample", given, "--random-state", "3", "--json", "-"])
    found = json.loads(capsys.readouterr().out)
    expected = check_metric(WINE, sample=sample, random_state=3)
    assert found == json.loads(expected.to_json())


def test_rows_that_are_not_finite_are_a_problem_and_no_error(folder, capsys):
    rows = WORDS.copy()
    rows[5, 3] = np.nan
    np.save("rows.npy", rows)
    assert main(["audit", "rows.npy", "-m", "cosine"]) == 1
    assert "non_finite" in capsys.readouterr().out
    np.save("rows.npy", np.full((100, 4), np.nan))
    assert main(["audit", "rows.npy"]) == 1


def test_sparse_rows_are_audited(folder, capsys):
    rows = sparse.random_array((300, 40), density=0.2, rng=np.random.default_rng(0))
    sparse.save_npz("rows.npz", rows.tocsr())
    main(["audit", "rows.npz", "--json", "-"])
    expected = check_metric(rows.tocsr()).to_json()
    assert capsys.readouterr().out == expected + "\n"


# ---- the page ----


def test_the_page_is_written(folder):
    assert main(["audit", "words.npy", "--html", "out.html"]) == 1
    page = Path("out.html").read_text("utf-8")
    assert page.count("data:image/png;base64,") == 3
    assert "Metric audit of words.npy" in page
    assert "words.npy: 10,000 rows x 50 columns" in page


def test_without_matplotlib_the_extra_is_named(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["audit", "words.npy", "--html", "out.html"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "pip install 'sknorms[plot]'" in err
    assert main(["audit", "words.npy", "-m", "cosine"]) == 0


# ---- search ----


def test_search_finds_what_a_retriever_finds(folder, capsys):
    given = ["search", "words.npy", "queries.npy", "-k", "3", "--ids", "names.txt"]
    assert main([*given, "--json", "out.json", "--csv", "out.csv"]) == 0
    out, err = capsys.readouterr()
    result = (
        Retriever("cosine", n_neighbors=3)
        .fit(WORDS, NAMES)
        .search(WORDS[[100, 200, 300]])
    )
    assert err == ""
    lines = [line.split() for line in out.strip().split("\n")]
    assert lines[0] == ["query", "rank", "similarity", "id"]
    assert [line[3] for line in lines[2:]] == result.ids.ravel().tolist()
    found = json.loads(Path("out.json").read_text("utf-8"))
    assert (found["metric"], found["k"]) == ("cosine", 3)
    for i, query in enumerate(found["queries"]):
        assert query["query"] == str(i)
        assert query["hits"] == [vars(hit) for hit in result[i]]
    with open("out.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["rank"] for row in table] == ["1", "2", "3"] * 3
    assert [row["id"] for row in table] == result.ids.ravel().tolist()
    assert [int(row["index"]) for row in table] == result.indices.ravel().tolist()
    for name, values in [
        ("distance", result.distances),
        ("similarity", result.similarities),
    ]:
        written = np.array([row[name] for row in table], dtype=values.dtype)
        np.testing.assert_array_equal(written, values.ravel())


@pytest.mark.parametrize(
    ("metric", "kind", "other"),
    [("manhattan", "distance", "similarity"), ("dot", "similarity", "distance")],
)
def test_one_value_where_a_metric_has_one(folder, capsys, metric, kind, other):
    rows = StandardScaler().fit_transform(WINE)
    np.save("rows.npy", rows / np.linalg.norm(rows, axis=1, keepdims=True))
    given = ["search", "rows.npy", "rows.npy", "-k", "2", "-m", metric]
    assert main(given) == 0
    assert capsys.readouterr().out.split()[:4] == ["query", "rank", kind, "id"]
    assert main([*given, "--csv", "-"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert all(row[kind] and not row[other] for row in rows)


def test_limits_shorten_lists(folder, capsys):
    given = ["search", "words.npy", "queries.npy", "--csv", "-"]
    assert main([*given, "--min-score", "0.9"]) == 0
    good = capsys.readouterr().out.split("\n")
    assert main([*given, "--radius", "0.1"]) == 0
    assert capsys.readouterr().out.split("\n") == good
    assert 1 < len(good) < 30


def test_queries_have_names_and_many_are_not_all_shown(folder, capsys):
    np.save("many.npy", WORDS[:500])
    np.save("names.npy", NAMES[:500])
    given = ["search", "words.npy", "many.npy", "-k", "1", "--query-ids", "names.npy"]
    assert main(given) == 0
    out = capsys.readouterr().out
    shown = [line.split()[0] for line in out.split("\n")[2:] if " 1 " in line]
    assert shown == NAMES[:20].tolist()
    assert "480 more queries: --csv FILE" in out
    assert main([*given, "--csv", "-"]) == 0
    assert capsys.readouterr().out.count("\n") == 501


def test_ids_cannot_control_the_terminal(folder, capsys):
    names = NAMES.astype(object)
    names[100] = "\x1b[2Jso"
    np.save("names.npy", names.astype(str))
    given = ["search", "words.npy", "queries.npy", "-k", "1", "--ids", "names.npy"]
    assert main(given) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert r"\x1b[2Jso" in out


# ---- what goes wrong ----


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["audit", "absent.npy"], "absent.npy cannot be read: No such file"),
        (["audit", "text.npy"], "text.npy cannot be read"),
        (["audit", "cut.npy"], "shorter than its header says"),
        (["audit", "line.npy"], r"one row a vector; got an array of shape \(50,\)"),
        (["audit", "names.txt"], "one of the kinds"),
        (["audit", "words.csv"], "got 'king' in line 2, column 1"),
        (["audit", "words.npy", "-m", "cosinus"], "cosinus.*'cosine'"),
        (["audit", "words.npy", "--labels", "labels.txt"], "10,000 rows; got 178"),
        (["audit", "words.npy", "--sample", "1"], "sample must be >= 2; got 1"),
        (["audit", "words.npy", "--queries", "wine.csv"], "queries must have the col"),
        (["audit", "words.npy", "--relevant", "labels.txt"], "pass queries"),
        (["audit", "wine.csv", "--json", "no/such/folder.json"], "No such file"),
        (["audit", "wine.csv", "-m", "haversine"], "haversine"),
        (["search", "words.npy", "wine.csv"], "13 features.*50 features"),
        (["search", "words.npy", "queries.npy", "-k", "0"], "Got 0"),
        (["search", "words.npy", "nan.npy"], "NaN"),
        (["search", "nan.npy", "words.npy"], "NaN"),
        (["search", "words.npy", "queries.npy", "--ids", "labels.txt"], "got 178"),
        (["search", "words.npy", "queries.npy", "--query-ids", "names.txt"], "3 rows"),
        (
            ["search", "words.npy", "queries.npy", "-m", "dot", "--radius", "1"],
            "radius",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::sknorms.audit.MetricMismatchWarning")
def test_errors_are_one_line_and_have_the_code_2(folder, capsys, arguments, message):
    (folder / "text.npy").write_text("hello")
    (folder / "cut.npy").write_bytes((folder / "words.npy").read_bytes()[:5000])
    np.save("line.npy", WORDS[0])
    np.save("nan.npy", np.full((3, 50), np.nan))
    (folder / "words.csv").write_text("a,b\nking,1\n")
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"python -m sknorms {arguments[0]}: error: ")
    assert err.count("\n") == 1
    assert re.search(message, err), err


@pytest.mark.parametrize(
    "arguments",
    [[], ["audit"], ["search", "a.npy"], ["audit", "a.npy", "--sample", "x"], ["find"]],
)
def test_arguments_that_are_none(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m sknorms" in capsys.readouterr().err


def test_a_fault_of_ours_is_shown_in_full_and_not_taken_for_a_problem(
    folder, capsys, monkeypatch
):
    def broken(*args, **kwargs):
        raise AssertionError("cannot be")

    monkeypatch.setattr("sknorms.audit.check_metric", broken)
    assert main(["audit", "words.npy"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["audit", "search"])
def test_help_names_the_formats(capsys, command):
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert all(name in out for name in (".npy", ".npz", ".csv", ".parquet", ".txt"))


# ---- as a process ----


def test_codes_of_the_process(folder):
    bad = process("audit", "words.npy")
    assert (bad.returncode, bad.stderr) == (1, "")
    assert "-> metric=" in bad.stdout
    good = process("audit", "words.npy", "-m", "cosine")
    assert (good.returncode, good.stderr) == (0, "")
    broken = process("audit", "names.npy")
    assert (broken.returncode, broken.stdout, broken.stderr.count("\n")) == (2, "", 1)
    version = process("--version")
    assert (version.returncode, version.stdout) == (0, sknorms.__version__ + "\n")


def test_warnings_are_one_line(folder):
    given = ["search", "words.npy", "queries.npy", "-m", "euclidean", "--csv", "-"]
    run = process(*given)
    assert (run.returncode, run.stdout.count("\n")) == (0, 31)
    assert run.stderr.startswith("python -m sknorms search: warning: ")
    assert run.stderr.count("\n") == 1
    assert "cosine" in run.stderr


def test_a_warning_that_is_to_be_an_error_is_one(folder):
    given = ["search", "words.npy", "queries.npy", "-m", "euclidean"]
    run = process(*given, PYTHONWARNINGS="error::UserWarning")
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert run.stderr.startswith("python -m sknorms search: error: ")


def test_a_terminal_of_few_letters_and_a_reader_that_leaves(folder):
    names = np.where(np.arange(len(NAMES)) % 2, "馬", "ö")
    Path("names.txt").write_text("\n".join(names), encoding="utf-8")
    np.save("many.npy", WORDS[:2000])
    given = ["search", "words.npy", "many.npy", "--ids", "names.txt"]
    run = process(*given, PYTHONIOENCODING="ascii")
    assert (run.returncode, run.stderr) == (0, "")
    assert r"\u99ac" in run.stdout
    with subprocess.Popen(
        [sys.executable, "-m", "sknorms", *given, "--csv", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 0
