"""The body of a request: from what API Gateway hands over to a JSON document.

Every step has a bound: the size is checked before decoding, the decompressor stops at the limit, and the JSON
parser refuses a depth over 1,024.
"""

import binascii
import re
import zlib
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from ingest_lambda.errors import RequestRefused
from ingest_lambda.http.lenient_json import exact_json
from ingest_lambda.http.request import MAX_QUERY_FIELDS, Request
from schemas import Reason

GZIP_MAGIC = b"\x1f\x8b"
DAMAGED = "\x1f\ufffd".encode()  # the same, after somebody took it for text
FORM = "application/x-www-form-urlencoded"  # what curl -d, old beacons and some proxies call a body of JSON
# Types under which a body can only be meant as JSON, so that one that is none is a broken body (400); under any other
# type it is something else (415). The content decides: JSON is taken under every type.
JSON_TYPES = ("", "application/json", "text/plain", "application/gzip", "application/octet-stream", FORM)
MAX_MEMBERS = 256  # of a gzip body: a million empty ones would be a cheap attack
BOM = b"\xef\xbb\xbf"

# Everything that is not half a surrogate pair, in pieces that bound what the matcher remembers for its way back; an
# escaped backslash is read as such and never taken for the start of an escape. Or else: a half that stands alone.
# (Nothing possessive around alternatives: Python before 3.11.5, such as Debian 12's, then skips what does match.)
SURROGATES = re.compile(
    rb"((?:[^\\]+|\\(?!u).|\\u(?![dD][89a-fA-F])"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}){1,1000})"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}",
    re.DOTALL,
)


class FormFields(dict[str, str]):
    """The fields of a form, which are an event in the names of the pixel."""


class JsonBody(NamedTuple):
    """A parsed body. `damaged_text`: lone surrogates became U+FFFD. `text` is its JSON in UTF-8, `size` its bytes."""

    document: Any
    damaged_text: bool
    size: int
    text: bytes = b""


def read_json(request: Request, *, limit: int) -> JsonBody:
    """Decode, decompress and parse, at most `limit` bytes of JSON, whatever the body's type says.

    Raises:
        RequestRefused: 413 for its size, 415 for another encoding or another content under another type, or 400.
    """
    data = _raw(request.body, request.is_base64, limit)
    text = _decompressed(data, request.headers.get("content-encoding"), limit).removeprefix(BOM)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        return _parsed(text)
    except RequestRefused:
        if media_type == FORM and (decoded := _of_form(text)) is not None:
            return decoded
        if media_type in JSON_TYPES or media_type.endswith("+json"):
            raise
        raise _unsupported("the body is not JSON, and its Content-Type does not say that it is") from None


def read_text(request: Request, *, limit: int) -> str:
    """Decode and decompress, at most `limit` bytes; what is not UTF-8 becomes U+FFFD.

    Raises:
        RequestRefused: 413, 415 or 400.
    """
    data = _raw(request.body, request.is_base64, limit)
    return _decompressed(data, request.headers.get("content-encoding"), limit).decode("utf-8", "replace")


def _of_form(text: bytes) -> JsonBody | None:
    """JSON that a form encoded: whole, as the one name or as the one value; or the fields themselves."""
    with suppress(ValueError):
        fields = parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
        named = dict(fields)
        if "event" in named:
            return JsonBody(FormFields(named), damaged_text=False, size=len(text))
        if len(fields) == 1:
            ((name, value),) = fields
            with suppress(RequestRefused):
                return _parsed((value or name).encode())
    return None


def _raw(body: str, is_base64: bool, limit: int) -> bytes:
    if len(body) > (limit * 4 // 3 + 4 if is_base64 else limit):
        raise _too_large(limit)
    if not is_base64:
        return body.encode("utf-8", "surrogatepass")  # what is not UTF-8 the parser refuses
    try:
        return binascii.a2b_base64(body, strict_mode=True)
    except ValueError:
        raise _not_json("the body is not base64 though API Gateway says so") from None


def _decompressed(data: bytes, encoding: str | None, limit: int) -> bytes:
    named = (encoding or "identity").strip().lower()
    if named not in {
        "identity",
        "gzip",
        "x-gzip",
        "utf-8",
    }:  # the last is no encoding, but some clients say so
        raise _unsupported("Content-Encoding must be gzip or none")
    # sendBeacon cannot set a header, so gzip is also known by its first bytes, which no JSON starts with.
    if data.startswith((GZIP_MAGIC, DAMAGED)):
        data = _gunzip(data, limit)
    elif named.endswith("gzip") and data.lstrip()[:1] not in {b"{", b"["}:
        raise _not_json("the body is not gzip" if data else "the gzip body is cut off")
    if len(data) > limit:
        raise _too_large(limit)
    return data


def _gunzip(data: bytes, limit: int) -> bytes:
    if data.startswith(DAMAGED):
        raise _not_json(
            "the gzip body was read as text on its way; send it as Content-Type: application/gzip"
        )
    text = bytearray()
    for _ in range(MAX_MEMBERS):
        stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            text += stream.decompress(data, limit + 1 - len(text))
        except zlib.error:
            raise _not_json("the body is not gzip, or has something after its end") from None
        if len(text) > limit:
            raise _too_large(limit)
        if not stream.eof:
            raise _not_json("the gzip body is cut off")
        data = stream.unused_data.lstrip(b"\0")  # archivers fill up with zeros
        if not data:
            return bytes(text)
    raise _not_json(f"the gzip body has more than {MAX_MEMBERS} members")


def _parsed(text: bytes) -> JsonBody:
    try:
        return JsonBody(orjson.loads(text), damaged_text=False, size=len(text), text=text)
    except orjson.JSONDecodeError as error:
        first = error
    # A script that cuts a text in the middle of an emoji sends half a surrogate pair; that must not cost a
    # purchase.
    repaired = SURROGATES.sub(lambda found: found[1] or rb"\ufffd", text)
    if repaired != text:
        try:
            return JsonBody(orjson.loads(repaired), damaged_text=True, size=len(text), text=repaired)
        except orjson.JSONDecodeError as error:
            first = error
    if b"NaN" in repaired or b"Infinity" in repaired or "number" in first.msg:
        # Python and Java write NaN, and a number of 400 digits is one: that must not cost the other events.
        with suppress(ValueError):
            return JsonBody(
                exact_json(repaired), damaged_text=repaired != text, size=len(text), text=repaired
            )
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
