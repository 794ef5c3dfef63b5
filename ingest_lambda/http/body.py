"""The body of a request: from what API Gateway hands over to a JSON document.

Every step has a bound: the size is checked before decoding, the decompressor stops at the limit, and the JSON
parser refuses a depth over 1,024.
"""

import binascii
import re
import zlib
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from ingest_lambda.errors import RequestRefused
from ingest_lambda.http.request import Request
from schemas import Reason

GZIP_MAGIC = b"\x1f\x8b"
DAMAGED = "\x1f\ufffd".encode()  # the same, after somebody took it for text
MEDIA_TYPES = ("application/json", "text/plain")
# API Gateway hands a body of the types above on as text, which destroys gzip; under these it arrives whole.
GZIP_TYPES = ("application/gzip", "application/octet-stream")
BOM = b"\xef\xbb\xbf"

# Everything that is not half a surrogate pair, in one piece (possessive, so that a megabyte takes no memory); an
# escaped backslash is read as such and never taken for the start of an escape. Or else: a half that stands alone.
SURROGATES = re.compile(
    rb"((?:[^\\]++|\\(?!u).|\\u(?![dD][89a-fA-F])"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})++)"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}",
    re.DOTALL,
)


class JsonBody(NamedTuple):
    """A parsed body. `damaged_text`: lone surrogates became U+FFFD. `size`: bytes of JSON."""

    document: Any
    damaged_text: bool
    size: int


def read_json(request: Request, *, limit: int) -> JsonBody:
    """Decode, decompress and parse, at most `limit` bytes of JSON.

    Raises:
        RequestRefused: 413, 415 or 400, in this order of checks: media type, size, JSON.
    """
    data = _raw(request.body, request.is_base64, request.headers.get("content-type"), limit)
    text = _decompressed(data, request.headers.get("content-encoding"), limit)
    document, damaged_text = _parsed(text.removeprefix(BOM))
    return JsonBody(document, damaged_text, len(text))


def read_text(request: Request, *, limit: int) -> str:
    """Decode and decompress, at most `limit` bytes; what is not UTF-8 becomes U+FFFD.

    Raises:
        RequestRefused: 413, 415 or 400.
    """
    data = _raw(request.body, request.is_base64, request.headers.get("content-type"), limit)
    return _decompressed(data, request.headers.get("content-encoding"), limit).decode("utf-8", "replace")


def _raw(body: str, is_base64: bool, media_type: str | None, limit: int) -> bytes:
    # A beacon may come without a type; anything else must say that it is text, JSON or gzip.
    named = (media_type or "").partition(";")[0].strip().lower()
    if media_type and named not in MEDIA_TYPES + GZIP_TYPES:
        raise _unsupported("Content-Type must be application/json or text/plain, or application/gzip")
    if len(body) > (limit * 4 // 3 + 4 if is_base64 else limit):
        raise _too_large(limit)
    if not is_base64:
        return body.encode("utf-8", "surrogatepass")  # what is not UTF-8 the parser refuses
    try:
        data = binascii.a2b_base64(body, strict_mode=True)
    except ValueError:
        raise _not_json("the body is not base64 though API Gateway says so") from None
    if named in GZIP_TYPES and not data.startswith(GZIP_MAGIC):
        raise _unsupported(f"a body of type {named} must be gzip")
    return data


def _decompressed(data: bytes, encoding: str | None, limit: int) -> bytes:
    named = (encoding or "identity").strip().lower()
    if named not in {"identity", "gzip"}:
        raise _unsupported("Content-Encoding must be gzip or none")
    # sendBeacon cannot set a header, so gzip is also known by its first bytes, which no JSON starts with.
    if named == "gzip" or data.startswith((GZIP_MAGIC, DAMAGED)):
        data = _gunzip(data, limit)
    if len(data) > limit:
        raise _too_large(limit)
    return data


def _gunzip(data: bytes, limit: int) -> bytes:
    if data.startswith(DAMAGED):
        raise _not_json(
            "the gzip body was read as text on its way; send it as Content-Type: application/gzip"
        )
    stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        text = stream.decompress(data, limit + 1)
    except zlib.error:
        raise _not_json("the body is not gzip") from None
    if len(text) > limit:
        raise _too_large(limit)
    if not stream.eof or stream.unused_data:
        raise _not_json("the gzip body is cut off or has something after its end")
    return text


def _parsed(text: bytes) -> tuple[Any, bool]:
    try:
        return orjson.loads(text), False
    except orjson.JSONDecodeError as error:
        first = error
    # A script that cuts a text in the middle of an emoji sends half a surrogate pair; that must not cost a
    # purchase.
    repaired = SURROGATES.sub(lambda found: found[1] or rb"\ufffd", text)
    if repaired != text:
        try:
            return orjson.loads(repaired), True
        except orjson.JSONDecodeError as error:
            first = error
    raise _not_json(f"the body is not JSON: {first.msg} at character {first.pos}") from None


def _too_large(limit: int) -> RequestRefused:
    return RequestRefused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        Reason.TOO_LARGE,
        f"the body may have {limit} bytes after decompression",
    )


def _unsupported(detail: str) -> RequestRefused:
    return RequestRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Reason.UNSUPPORTED_MEDIA_TYPE, detail)


def _not_json(detail: str) -> RequestRefused:
    return RequestRefused(HTTPStatus.BAD_REQUEST, Reason.NOT_JSON, detail)
