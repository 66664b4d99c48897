"""Where something is read from: a file, or a named part of one."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["FileError", "Place"]

_SUFFIXES = {".csv", ".npy", ".npz", ".parquet", ".txt"}


class FileError(ValueError):
    """A file cannot be read, or does not hold what it is asked for."""


@dataclass(frozen=True)
class Place:
    """Where something is: a file, and perhaps an array or a column in it.

    Attributes
    ----------
    path : Path
    part : str
        Name within the file, "" for all of it.
    """

    path: Path
    part: str

    @classmethod
    def of(cls, text: str) -> "Place":
        """Read ``FILE`` or ``FILE:NAME``; a file that has a colon in its name wins."""
        head, colon, tail = text.rpartition(":")
        named = colon and tail and Path(head).suffix.lower() in _SUFFIXES
        if not named or Path(text).exists():
            return cls(Path(text), "")
        return cls(Path(head), tail)

    def __str__(self) -> str:
        return f"{self.path}:{self.part}" if self.part else str(self.path)

    def require_whole(self) -> None:
        """Raise if a part is named of a file whose parts have no names."""
        if self.part:
            raise FileError(
                f"{self} must be {self.path}: rows of such a file have no names."
            )
