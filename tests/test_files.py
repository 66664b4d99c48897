"""Files come back as they were written, and bad ones are refused in one sentence."""

import pickle
import struct
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from pyarrow import parquet
from scipy import sparse

from sknorms._file_place import FileError
from sknorms._files import read_matrix, read_relevant, read_values

ROWS = np.array([[1.5, -2.0, 3.0], [0.0, 1e-300, 5.0]])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def text_file(name, text):
    with open(name, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return name


# ---- tables ----


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ">f4", "i8", "u1", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_keeps_values_and_types(folder, dtype, order):
    rows = np.asarray([[1, 0, 3], [4, 5, 0]], dtype=dtype, order=order)
    np.save("rows.npy", rows)
    found = read_matrix("rows.npy")
    assert_array_equal(found, rows)
    assert found.dtype == rows.dtype


def test_npz_with_one_array_or_a_named_one(folder):
    np.savez("one.npz", anything=ROWS)
    np.savez_compressed("two.npz", a=ROWS, b=2 * ROWS)
    assert_array_equal(read_matrix("one.npz"), ROWS)
    assert_array_equal(read_matrix("two.npz:b"), 2 * ROWS)


def test_a_file_whose_name_has_a_colon_is_that_file(folder):
    np.savez("x.npz", a=ROWS)
    np.save("x.npz:a", 3 * ROWS)
    (folder / "x.npz:a.npy").rename(folder / "x.npz:a")
    with pytest.raises(FileError, match=r"one of the kinds \.npy.*got '\.npz:a'"):
        read_matrix("x.npz:a")


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "bsr", "dia"])
def test_sparse_matrices_stay_sparse(folder, kind):
    sparse.save_npz("s.npz", sparse.csr_array(ROWS).asformat(kind))
    found = read_matrix("s.npz")
    assert found.format == "csr"
    assert_array_equal(found.toarray(), ROWS)


CSV = {
    "plain": "1.5,-2,3\n0,1e-300,5\n",
    "no end of line": "1.5,-2,3\n0,1e-300,5",
    "Windows": "a,b,c\r\n1.5,-2,3\r\n0,1e-300,5\r\n",
    "byte order mark": "\ufeff1.5,-2,3\n0,1e-300,5\n",
    "header": "a,b,c\n1.5,-2,3\n0,1e-300,5\n",
    "header over two lines": '"a\nb",b,c\n1.5,-2,3\n0,1e-300,5\n',
    "semicolons": "a;b;c\n1.5;-2;3\n0;1e-300;5\n",
    "tabs": "1.5\t-2\t3\n0\t1e-300\t5\n",
    "quotes": '"1.5","-2","3"\n"0","1e-300","5"\n',
    "blank lines": "1.5,-2,3\n\n0,1e-300,5\n\n",
    "spaces": "1.5, -2, 3\n0, 1e-300, 5\n",
    "numbered columns": "0,1,2\n1.5,-2,3\n0,1e-300,5\n",
    "index": ",a,b,c\n0,1.5,-2,3\n1,0,1e-300,5\n",
    "index and numbers": ",0,1,2\n7,1.5,-2,3\n8,0,1e-300,5\n",
    "index of text": ",a,b,c\n7,1.5,-2,3\n8,0,1e-300,5\n",
}


@pytest.mark.parametrize("text", CSV.values(), ids=CSV)
def test_csv_dialects(folder, text):
    assert_array_equal(read_matrix(text_file("rows.csv", text)), ROWS)


def test_empty_fields_are_missing(folder):
    found = read_matrix(text_file("rows.csv", "a,b\n1,\n,2\nnan,3\n"))
    assert_array_equal(found, [[1, np.nan], [np.nan, 2], [np.nan, 3]])


@pytest.mark.parametrize("index", [True, False])
def test_csv_of_pandas_comes_back(folder, index):
    rows = np.random.default_rng(0).normal(size=(20, 4))
    pd.DataFrame(rows).to_csv("rows.csv", index=index)
    assert_array_equal(read_matrix("rows.csv"), rows)


def test_parquet_columns_of_numbers(folder):
    frame = pd.DataFrame(ROWS.astype(np.float32), columns=list("abc"))
    frame.index = ["x", "y"]
    frame.to_parquet("rows.parquet")
    found = read_matrix("rows.parquet")
    assert found.dtype == np.float32
    assert_array_equal(found, ROWS.astype(np.float32))


def test_parquet_missing_numbers_are_nan(folder):
    pd.DataFrame(
        {"a": pd.array([1, None], "Int64"), "b": pd.array([True, None], "boolean")}
    ).to_parquet("rows.parquet")
    assert_array_equal(read_matrix("rows.parquet"), [[1, 1], [np.nan, np.nan]])


def test_parquet_lists_beside_text(folder):
    frame = pd.DataFrame({"word": ["a", "b"], "e": list(ROWS), "f": list(-ROWS)})
    frame[["word", "e"]].to_parquet("one.parquet")
    frame.to_parquet("two.parquet")
    assert_array_equal(read_matrix("one.parquet"), ROWS)
    assert_array_equal(read_matrix("two.parquet:f"), -ROWS)


# ---- tables that are none ----


def npy(header, data=b""):
    text = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def header(shape, dtype="'<f8'"):
    return f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}"


whole = npy(header((2, 3)), ROWS.tobytes())
BAD_BYTES = {
    "nothing.npy": (b"", "cannot be read"),
    "text.npy": (b"hello, this is not an array\n", "Python objects"),
    "truncated.npy": (whole[:-8], "shorter than its header"),
    "header_cut.npy": (whole[:30], "cannot be read"),
    "huge.npy": (npy(header((10**12, 10**6))), "cannot be read"),
    "large.npy": (npy(header((10**6, 10**3))), "shorter than its header"),
    "overflow.npy": (npy(header((2**62, 2**62))), "cannot be read"),
    "negative.npy": (npy(header((-1, 3))), "cannot be read"),
    "code.npy": (npy("__import__('os').system('false')"), "cannot be read"),
    "deep.npy": (npy("(" * 5000), "cannot be read"),
    "record.npy": (
        npy(header((1, 1), "[('a', '<f8')]"), bytes(8)),
        "must hold numbers",
    ),
    "complex.npy": (npy(header((1, 1), "'<c16'"), bytes(16)), "must hold numbers"),
    "zip.npz": (b"PK\x03\x04 and then nothing", "cannot be read"),
    "text.npz": (b"hello", "Python objects"),
    "text.parquet": (b"PAR1 and no more", "cannot be read"),
    "empty.parquet": (b"", "cannot be read"),
    "latin.csv": ("a,b\nÄ,2\n".encode("latin-1"), "not text in UTF-8"),
    "nul.csv": (b"1,2\n\x00,3\n", "line 2"),
    "empty.csv": (b"", "empty"),
    "blank.csv": (b"\n\n", "empty"),
    "header.csv": (b"a,b\n", "at least one row"),
    "ragged.csv": (b"1,2,3\n4,5\n", "3 fields in every line.*got 2 in line 2"),
    "longer.csv": (b"a,b\n1,2,3\n4,5,6\n", "2 fields in every line.*got 3 in line 2"),
    "index.csv": (b",a\n0,1\n1,2,3\n", "got 3 in line 3"),
    "words.csv": (b"a,b\n1,2\n3,king\n", "got 'king' in line 3, column 2"),
    "first.csv": (b"king,1\nqueen,2\n", "got 'king' in line 1, column 1"),
    "open.csv": (b'a,b\n1,"2\n3,x\n', "cannot be read: unexpected end"),
    "rows.xlsx": (b"", r"one of the kinds \.npy, .*; got '\.xlsx'"),
    "rows": (b"", "got 'no suffix'"),
    "rows.txt": (b"1 2\n", "got '.txt'"),
}


@pytest.mark.parametrize("name", BAD_BYTES)
def test_broken_files_are_refused_in_one_sentence(folder, name):
    data, message = BAD_BYTES[name]
    (folder / name).write_bytes(data)
    with pytest.raises(FileError, match=message) as caught:
        read_matrix(name)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)


class Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (open, ("sprung", "w"))


def test_pickles_are_never_loaded(folder):
    np.save("rows.npy", np.array([[Trap()]], dtype=object), allow_pickle=True)
    np.savez("rows.npz", np.array([[Trap()]], dtype=object))
    (folder / "bare.npy").write_bytes(pickle.dumps(Trap()))
    for name in ("rows.npy", "rows.npz", "bare.npy"):
        with pytest.raises(FileError, match="Python objects, which are never loaded"):
            read_matrix(name)
    assert not (folder / "sprung").exists()


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.float64(3), r"must hold a table.*shape \(\)"),
        (np.zeros(3), r"must hold a table.*shape \(3,\)"),
        (np.zeros((2, 2, 2)), r"must hold a table.*shape \(2, 2, 2\)"),
        (np.zeros((0, 3)), "at least one row and one column; got 0 x 3"),
        (np.zeros((3, 0)), "at least one row and one column; got 3 x 0"),
        (np.array([["a", "b"]]), "must hold numbers; got dtype <U1"),
        (np.array([["2020"]], "M8[Y]"), "must hold numbers; got dtype datetime64"),
    ],
)
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_arrays_that_are_no_tables(folder, array, message, suffix):
    save = {".npy": np.save, ".npz": np.savez}[suffix]
    save("rows" + suffix, array)
    with pytest.raises(FileError, match=message):
        read_matrix("rows" + suffix)


def test_indices_beyond_a_sparse_matrix_are_refused(folder):
    matrix = sparse.csr_array(ROWS)
    np.savez(
        "s.npz",
        format="csr",
        shape=matrix.shape,
        data=matrix.data,
        indices=matrix.indices + 1000,
        indptr=matrix.indptr,
    )
    with pytest.raises(FileError, match=r"s\.npz cannot be read: .*indices"):
        read_matrix("s.npz")


def test_a_member_that_claims_too_much_is_refused(folder):
    with zipfile.ZipFile("rows.npz", "w") as archive:
        archive.writestr("a.npy", npy(header((10**12, 10**6))))
    with pytest.raises(FileError, match="cannot be read"):
        read_matrix("rows.npz")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("two.npz", "must name one array.* two.npz:NAME; it has a, b"),
        ("two.npz:c", "must name one array.* it has a, b"),
        ("one.npy:a", "must be one.npy"),
        ("rows.csv:a", "must be rows.csv"),
        ("two.parquet", "must name one column of lists.* it has e, f"),
        ("two.parquet:g", "must name a column of the file; it has e, f, w"),
        ("two.parquet:w", "must be a column of lists; got (large_)?string"),
        (
            "text.parquet",
            "numbers; got (large_)?string in column 'w'.*text.parquet:NAME",
        ),
        ("ragged.parquet", "lists of one length; got 1 to 2"),
        ("holes.parquet", "a list in every row; got missing ones"),
        ("none.parquet", "at least one row and one column; got 0 x 0"),
        ("empty.parquet", "at least one row and one column; got 2 x 0"),
        ("words.parquet", "must hold numbers; got dtype object"),
        ("absent.npy", "cannot be read: No such file"),
        ("folder.npy", "cannot be read: Is a directory"),
    ],
)
def test_what_is_not_there(folder, text, message):
    np.savez("two.npz", a=ROWS, b=ROWS)
    np.save("one.npy", ROWS)
    text_file("rows.csv", "a,b\n1,2\n")
    frame = pd.DataFrame({"e": list(ROWS), "f": list(ROWS), "w": ["x", "y"]})
    frame.to_parquet("two.parquet")
    frame[["w"]].to_parquet("text.parquet")
    pd.DataFrame({"e": [[1.0], [1.0, 2.0]]}).to_parquet("ragged.parquet")
    pd.DataFrame({"e": [[1.0], None]}).to_parquet("holes.parquet")
    pd.DataFrame({"e": [[], []]}).to_parquet("empty.parquet")
    pd.DataFrame({"e": list(ROWS)}).to_parquet("none.parquet")
    table = parquet.read_table("none.parquet").slice(0, 0)
    parquet.write_table(table, "none.parquet")
    pd.DataFrame({"e": [["a"], ["b"]]}).to_parquet("words.parquet")
    (folder / "folder.npy").mkdir()
    with pytest.raises(FileError, match=message):
        read_matrix(text)


def test_without_pyarrow_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FileError, match=r"pip install 'sknorms\[parquet\]'"):
        read_matrix("rows.parquet")


# ---- labels and ids ----


@pytest.mark.parametrize(
    ("name", "text", "numbers", "expected"),
    [
        ("y.txt", "cat\ndog\n", True, ["cat", "dog"]),
        ("y.txt", "a b\n\n", True, ["a b", ""]),
        ("y.txt", "7\r\n08\r\n", True, [7, 8]),
        ("y.txt", "7\n08\n", False, ["7", "08"]),
        ("y.txt", "0.5\n1\n", True, [0.5, 1.0]),
        ("y.txt", "line\u2028separator\nx\n", False, ["line\u2028separator", "x"]),
        ("y.csv", "label\ncat\ndog\n", True, ["cat", "dog"]),
        ("y.csv", "cat\ndog\n", True, ["cat", "dog"]),
        ("y.csv", "3\n1\n", True, [3, 1]),
        ("y.csv", '"a, b"\nc\n', True, ["a, b", "c"]),
        ("y.csv:w", "v,w\n1,x\n2,y\n", True, ["x", "y"]),
        ("y.csv:v", "v,w\n1,x\n2,y\n", True, [1, 2]),
    ],
)
def test_values_in_text(folder, name, text, numbers, expected):
    text_file(name.partition(":")[0], text)
    found = read_values(name, 2, numbers=numbers)
    assert found.tolist() == expected
    assert found.dtype.kind == np.array(expected).dtype.kind


@pytest.mark.parametrize(
    "array",
    [
        np.array([1, 2]),
        np.array([[1], [2]]),
        np.array(["a", "b"]),
        np.array([b"a", b"b"]),
        np.array([0.5, 1.5]),
        np.array([True, False]),
    ],
)
def test_values_in_arrays(folder, array):
    np.save("y.npy", array)
    np.savez("y.npz", X=ROWS, y=array)
    expected = [v.decode() if isinstance(v, bytes) else v for v in array.ravel()]
    for name in ("y.npy", "y.npz:y"):
        assert read_values(name, 2, numbers=True).tolist() == expected


@pytest.mark.parametrize("values", [["a", "b"], [3, 4], [0.5, 1.0]])
def test_values_in_parquet(folder, values):
    frame = pd.DataFrame({"y": values, "e": list(ROWS)})
    frame.to_parquet("all.parquet")
    frame[["y"]].to_parquet("y.parquet")
    for name in ("all.parquet:y", "y.parquet"):
        assert read_values(name, 2, numbers=True).tolist() == values


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("y.txt", "a\n", "one value for each of the 2 rows; got 1"),
        ("y.txt", "a\nb\nc\n", "one value for each of the 2 rows; got 3"),
        ("y.txt", "", "one value for each of the 2 rows; got 0"),
        ("y.csv", "a,b\n1,2\n", r"one value a line; got 2 .*y\.csv:NAME"),
        ("y.csv:c", "a,b\n1,2\n3,4\n", "must name a column of the file; it has a, b"),
        ("y.csv:b", "a,b\n1,2\n3\n", "2 fields in every line; got 1"),
        ("y.json", "[1, 2]", r"one of the kinds .*\.txt; got '\.json'"),
    ],
)
def test_values_that_do_not_fit(folder, name, text, message):
    text_file(name.partition(":")[0], text)
    with pytest.raises(FileError, match=message):
        read_values(name, 2, numbers=True)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 2)), r"one value a row; got shape \(2, 2\)"),
        (np.zeros(2, complex), "text or numbers; got dtype complex128"),
        (np.array([b"\xff", b"a"]), "not text in UTF-8"),
    ],
)
def test_arrays_that_are_no_values(folder, array, message):
    np.save("y.npy", array)
    with pytest.raises(FileError, match=message):
        read_values("y.npy", 2, numbers=True)


def test_missing_values_of_parquet_are_refused(folder):
    pd.DataFrame({"y": ["a", None]}).to_parquet("y.parquet")
    with pytest.raises(FileError, match="a value in every row; got missing ones"):
        read_values("y.parquet", 2, numbers=True)


# ---- relevance ----


@pytest.mark.parametrize(
    ("name", "text", "numbers", "expected"),
    [
        ("r.txt", "1 2\n\n3\n", True, [[1, 2], [], [3]]),
        ("r.txt", "1 2\n3\n", False, [["1", "2"], ["3"]]),
        ("r.txt", "a b\nc\n", True, [["a", "b"], ["c"]]),
        ("r.csv", "1,2\n3\n", True, [[1, 2], [3]]),
        ("r.csv", '"a b",c\n', True, [["a b", "c"]]),
    ],
)
def test_relevant_ids_in_text(folder, name, text, numbers, expected):
    assert read_relevant(text_file(name, text), numbers=numbers) == expected


def test_relevance_as_a_matrix(folder):
    mask = ROWS > 0
    np.save("r.npy", mask)
    sparse.save_npz("r.npz", sparse.csr_array(mask))
    assert_array_equal(read_relevant("r.npy", numbers=True), mask)
    assert_array_equal(read_relevant("r.npz", numbers=True).toarray(), mask)
