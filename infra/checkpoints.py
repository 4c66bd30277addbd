"""How far a load of one file into one place has come, so that it can go on after a break."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Reject = Callable[[int, str], None]


class Checkpoint:
    """Counts the rows that are in, and keeps the rejected ones in step with them on disk."""

    def __init__(self, kept_in: Path, rejected_path: Path, lines: int) -> None:
        self.rejected_path = rejected_path
        self.lines = lines
        self.rows = self.rejected = self._rejected_bytes = 0
        self._kept_in = kept_in
        self._resume()

    @classmethod
    def of(cls, path: Path, target: str, folder: Path) -> Checkpoint:
        """For the file by its content, not its name: a file that was changed starts afresh."""
        digest, lines, ended = hashlib.sha256(f"{target}\n".encode()), 0, True
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                lines += chunk.count(b"\n")
                ended = chunk.endswith(b"\n")
        rejected_path = path.with_name(f"{path.name}.rejected.jsonl")
        return cls(folder / f"{digest.hexdigest()}.json", rejected_path, lines + (not ended))

    @contextmanager
    def rejections(self) -> Iterator[Reject]:
        """Where bad rows are put; what was put there after the last `advance` is dropped."""
        if not self.rows:
            self.rejected_path.unlink(missing_ok=True)
        with self.rejected_path.open("ab") as file:
            file.truncate(self._rejected_bytes)

            def reject(line: int, reason: str) -> None:
                self.rejected += 1
                written = json.dumps({"line": line, "reason": reason}) + "\n"
                self._rejected_bytes += file.write(written.encode())
                file.flush()

            yield reject

    def advance(self, rows: int) -> None:
        """These rows are in, or rejected."""
        self.rows += rows
        state = {
            "rows": self.rows,
            "rejected": self.rejected,
            "rejected_bytes": self._rejected_bytes,
        }
        self._kept_in.parent.mkdir(parents=True, exist_ok=True)
        written = self._kept_in.with_suffix(".new")
        written.write_text(json.dumps(state))
        written.replace(self._kept_in)

    def finish(self) -> None:
        """The file is through: another load of it starts afresh."""
        self._kept_in.unlink(missing_ok=True)
        if not self.rejected:
            self.rejected_path.unlink(missing_ok=True)

    def _resume(self) -> None:
        """A missing or damaged checkpoint only costs time: every load may be repeated."""
        try:
            state = json.loads(self._kept_in.read_text())
            rows, rejected, size = state["rows"], state["rejected"], state["rejected_bytes"]
        except (OSError, ValueError, KeyError, TypeError):
            return
        written = self.rejected_path.stat().st_size if self.rejected_path.exists() else 0
        if written >= size:
            self.rows, self.rejected, self._rejected_bytes = rows, rejected, size
