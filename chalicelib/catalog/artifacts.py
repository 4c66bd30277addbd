"""Files of the artifacts bucket, and how AWS's failures are told to the rest of the room.

Lives here: put and get of whole objects, gzip of line files, the mapping of client errors. Never
here: what the files mean, and which of them is current.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from ..documents import aws_calls
from ..errors import NotFoundError, PermanentError


class Artifacts:
    """The artifacts bucket. Raises TemporaryError when S3 cannot be reached or refuses."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, name: str, body: bytes) -> None:
        """Keep `body` (gzip) under `name`, over whatever stood there."""
        with aws_calls():
            self._s3.put_object(
                Bucket=self._bucket, Key=name, Body=body, ContentType="application/gzip"
            )

    def get(self, name: str) -> bytes:
        """The object's bytes; NotFoundError when there is none."""
        with aws_calls():
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=name)
            except self._s3.exceptions.NoSuchKey:
                raise NotFoundError("there is no such artifact", name=name) from None
            return bytes(answer["Body"].read())


def pack(lines: Iterable[bytes]) -> bytes:
    """Lines (each with its newline) as gzip; equal lines give equal bytes."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=4, mtime=0) as file:
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
