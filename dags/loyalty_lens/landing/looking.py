"""What a file's content is, read no more often than it takes to tell."""

import hashlib

from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.landing.content import BLOCK_BYTES, Content, ContentError, inspect, peek
from loyalty_lens.landing.discovery import LandedFile
from loyalty_lens.landing.known_content import is_new_size, remembered_sha256


def looked_at(cursor: Cursor, file: LandedFile) -> Content:
    """Reads the file through to hash it, unless its size alone says that its content is new.

    Behind a URL what the place says of the file is enough, if that is what it said last time; its
    `head` is not there then. Raises ContentError.
    """
    if file.mark and (sha256 := remembered_sha256(cursor, file)):
        return Content(sha256, file.mark.size, None, file.mark)
    if not file.is_compressed:
        content = peek(file.location)
        if is_new_size(cursor, file, content.size):
            return content
    return inspect(file.location, is_compressed=file.is_compressed)


def sha256_of(cursor: Cursor, file: LandedFile) -> str | None:
    """Of the uncompressed content; None where it cannot be read, which landing itself reports."""
    try:
        return remembered_sha256(cursor, file) or (
            inspect(file.location, is_compressed=file.is_compressed).sha256
        )
    except ContentError:
        return None


def as_delivered(file: LandedFile) -> Content:
    """Stands for a file that was not read to its end: the bytes as delivered, if any."""
    digest = hashlib.sha256()
    try:
        with file.location.open() as stream:
            while block := stream.read(BLOCK_BYTES):
                digest.update(block)
        size = file.location.mark().size
    except OSError:
        digest, size = hashlib.sha256(), 0
    return Content(digest.hexdigest(), size, b"", None)
