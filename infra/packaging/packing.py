"""Zips a folder so that the same files give the same bytes.

The order is that of the names; times, owners and rights of the disk are left out. Deflated, which
is all that Lambda unpacks, as hard as zlib can.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can tell."""
_RIGHTS = 0o100644 << 16
"""A plain file that everyone may read: Lambda runs as another user than it unpacks."""
_UNIX = 3
_HARDEST = 9


def pack(tree: Path, target: Path) -> None:
    """Write every file below `tree` into a new zip at `target`."""
    files = {path.relative_to(tree).as_posix(): path for path in tree.rglob("*") if path.is_file()}
    with zipfile.ZipFile(target, "w") as opened:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _RIGHTS
            entry.compress_type = zipfile.ZIP_DEFLATED
            opened.writestr(entry, files[name].read_bytes(), compresslevel=_HARDEST)
