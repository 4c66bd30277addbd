"""Files of the artifacts bucket, and how AWS's failures are told to the rest of the room.

Lives here: put and get of whole objects, gzip of line files and of single bodies, the mapping of
client errors. Never here: what the files mean, and which of them is current.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from ..documents import aws_calls
from ..errors import NotFoundError, PermanentError

_GZIP_LEVEL = 4
_QUICK = 3
_GZIP_WINDOW = 31
"""zlib's number for a whole gzip member, header and CRC included."""
_PIECE_BYTES = 1 << 16


class Stored(NamedTuple):
    """An object's bytes, and the tag by which S3 tells them from other ones."""

    body: bytes
    tag: str


class Artifacts:
    """The artifacts bucket. Raises TemporaryError when S3 cannot be reached or refuses."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, name: str, body: bytes) -> str:
        """Keep `body` (gzip) under `name`, over whatever stood there; answers its tag."""
        with aws_calls():
            answer = self._s3.put_object(
                Bucket=self._bucket, Key=name, Body=body, ContentType="application/gzip"
            )
        return _tag(answer)

    def get(self, name: str) -> bytes:
        """The object's bytes; NotFoundError when there is none."""
        return self.fetch(name).body

    def fetch(self, name: str) -> Stored:
        """The object with its tag; NotFoundError when there is none."""
        with aws_calls(), _found(name):
            answer = self._s3.get_object(Bucket=self._bucket, Key=name)
            return Stored(bytes(answer["Body"].read()), _tag(answer))

    def tag(self, name: str) -> str:
        """The tag alone; NotFoundError when there is no such object."""
        with aws_calls(), _found(name):
            return _tag(self._s3.head_object(Bucket=self._bucket, Key=name))


@contextmanager
def _found(name: str) -> Iterator[None]:
    """NotFoundError for what S3 says of an object that is not there; HEAD has no words for it."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"].get("Code") in ("NoSuchKey", "404"):
            raise NotFoundError("there is no such artifact", name=name) from None
        raise


def _tag(answer: Any) -> str:
    return str(answer["ETag"]).strip('"')


def pack(lines: Iterable[bytes]) -> bytes:
    """Lines (each with its newline) as gzip; equal lines give equal bytes."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0) as file:
        for line in lines:
            file.write(line)
    return packed.getvalue()


def unpack(name: str, body: bytes) -> Iterator[bytes]:
    """The lines of a packed file; PermanentError when it is truncated or damaged."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            yield from file
    except (OSError, EOFError, zlib.error) as error:
        raise PermanentError("an artifact is corrupt", name=name) from error


def deflate(body: bytes) -> bytes:
    """A large body as one gzip member, quickly; equal bodies give equal bytes."""
    return gzip.compress(body, _QUICK, mtime=0)


def inflate(name: str, body: bytes) -> Iterator[bytes]:
    """What one gzip member holds, piece by piece. Raises PermanentError once it proves to be
    truncated or damaged, which may be after the last piece."""
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        for start in range(0, len(body), _PIECE_BYTES):
            yield inflater.decompress(body[start : start + _PIECE_BYTES])
    except zlib.error as error:
        raise PermanentError("an artifact is corrupt", name=name) from error
    if not inflater.eof or inflater.unused_data:
        raise PermanentError("an artifact is corrupt", name=name)
