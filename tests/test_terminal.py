"""Tables line up, fit the terminal, and cannot control it."""

import pytest

from sknorms._terminal import one_line, table, visible


def test_columns_line_up_and_lines_do_not_end_in_spaces():
    shown = table(("a", "long name", "last"), [("1", "x", "one"), ("22", "yy", "")])
    assert shown.split("\n") == [
        "a   long name  last",
        "--  ---------  ----",
        "1   x          one",
        "22  yy",
    ]


def test_a_header_alone():
    assert table(("a", "bc"), []) == "a  bc\n-  --"


@pytest.mark.parametrize("width", [30, 40, 79])
def test_the_last_column_is_wrapped_within_the_width(width):
    words = [f"word{i}" for i in range(40)]
    shown = table(("a", "b"), [("key", " ".join(words))], width)
    lines = shown.split("\n")
    assert max(map(len, lines)) <= width
    assert " ".join(lines[2:]).split() == ["key", *words]
    assert all(line.startswith(" " * 5) for line in lines[3:])


def test_further_lines_such_as_code_stay_whole():
    code = "-> " + "f(x) " * 30 + "end"
    shown = table(("a", "b"), [("key", f"text\n{code}")], 40)
    assert shown.split("\n")[-1] == " " * 5 + code


def test_a_terminal_without_room_is_not_obeyed():
    shown = table(("a", "b"), [("k" * 30, "some words to wrap at")], 10)
    assert shown.split("\n")[2:] == ["k" * 30 + "  some words to wrap", " " * 32 + "at"]


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "a\rb", "bell\a", "\u202eright", "\x9b"]
)
def test_what_controls_a_terminal_is_written_out(text):
    shown = table(("a", "b"), [(text, text)])
    for line in (visible(text), one_line(text), *shown.split("\n")):
        assert line.isprintable()


def test_text_of_any_language_stays():
    assert visible("Käse 馬 naïve ±") == "Käse 馬 naïve ±"


def test_one_line_is_one():
    assert one_line("a\n  b\tc\r\n") == "a b c"
