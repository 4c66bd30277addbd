"""The folder that the local run keeps its state in: one run at a time, and an operator's token.

journal.jsonl  the cloud     mailbox.jsonl, x-seen.jsonl  the carriers     clock.json  the clock
token          the operator's (mode 600)     loaded       which data was put in     lock
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from pathlib import Path

TOKEN_BYTES = 24


class FolderInUse(Exception):
    """Another run holds the folder."""


class Folder:
    """Held from the making of this to `release`. Raises FolderInUse."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            # The kernel lets go of it whenever and however the process ends.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._lock, 20).decode(errors="replace").strip()
            os.close(self._lock)
            raise FolderInUse(f"{path} is in use by process {holder or 'unknown'}") from None
        os.ftruncate(self._lock, 0)
        os.write(self._lock, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        os.ftruncate(self._lock, 0)
        os.close(self._lock)

    def empty(self) -> None:
        """Begin anew; only the operator's token stays as it was."""
        for entry in self.path.iterdir():
            if entry.name in ("lock", "token"):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def token(self) -> str:
        """The operator's token, made at the first run."""
        path = self.path / "token"
        if path.exists() and (kept := path.read_text(encoding="ascii").strip()):
            path.chmod(0o600)
            return kept
        made = secrets.token_urlsafe(TOKEN_BYTES)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w") as stream:
            stream.write(made + "\n")
        path.chmod(0o600)
        return made

    @property
    def loaded(self) -> str | None:
        """The name of the data that was put in, whole; None before that."""
        path = self.path / "loaded"
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    @loaded.setter
    def loaded(self, name: str) -> None:
        (self.path / "loaded").write_text(name + "\n", encoding="utf-8")
