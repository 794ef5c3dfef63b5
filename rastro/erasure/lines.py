"""Removes the subject from JSON lines: raw records, failed deliveries of Firehose, any other text."""

import gzip
import json
import zlib
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Any

from rastro.erasure.subject import Subject


def opened(payload: str, encoding: str | None) -> bytes:
    """What a rejected row holds; an unreadable one as it stands."""
    try:
        if encoding in ("base64", "gzip+base64"):
            data = b64decode(payload)
            return gzip.decompress(data) if encoding == "gzip+base64" else data
    except (NotBase64, OSError, EOFError, zlib.error):
        pass
    return payload.encode("utf-8", "surrogatepass")


def hits(text: bytes, subject: Subject) -> int:
    """How often the subject stands in lines; in what Firehose encoded too."""
    found = subject.count(text)
    if subject.accounts and subject.hints.search(text):
        found += sum(_accounts(line, subject) for line in text.splitlines() if subject.hints.search(line))
    if b'"rawData"' in text:
        found += sum(_in_raw_data(line, subject) for line in text.splitlines())
    return found


def _accounts(line: bytes, subject: Subject) -> int:
    """How many events of a line name an account of the subject."""
    try:
        record = json.loads(line)
    except ValueError:
        return 0
    if not isinstance(record, dict):
        return 0
    events = record.get("events")
    own = subject.is_account(record.get("site"), record.get("user_id"))
    inner = events if isinstance(events, list) else []
    return own + sum(_is_events(one, record.get("site"), subject) for one in inner)


def _in_raw_data(line: bytes, subject: Subject) -> int:
    inner = _inner(line)
    found = subject.count(inner) + _accounts(inner, subject)
    return found + (_in_payload(inner, subject) if b"payload_encoding" in inner else 0)


def _inner(line: bytes) -> bytes:
    """What `rawData` of a line of Firehose holds."""
    try:
        return b64decode(json.loads(line)["rawData"])
    except (ValueError, KeyError, TypeError):
        return b""


def _in_payload(row: bytes, subject: Subject) -> int:
    """A rejected row that itself was not delivered."""
    try:
        fields = json.loads(row)
        return len(subject.hints.findall(opened(fields["payload"], fields["payload_encoding"])))
    except (ValueError, KeyError, TypeError):
        return 0


def without(text: bytes, subject: Subject) -> tuple[bytes, int]:
    """The lines that are not about the subject, and how many events and lines were taken out."""
    kept = []
    removed = 0
    for line in text.splitlines(keepends=True):
        left, gone = _line(line, subject)
        removed += gone
        if left is not None:
            kept.append(left)
    return b"".join(kept), removed


def _line(line: bytes, subject: Subject) -> tuple[bytes | None, int]:
    if b'"rawData"' in line and _in_raw_data(line, subject):
        return None, 1
    if not subject.hints.search(line):
        return line, 0
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        return subject.redacted(line), 1
    if subject.is_row(record.get("site"), record.get("visitor_id"), record.get("user_id")):
        return None, _count(record)
    return _record(line, record, subject)


def _record(line: bytes, record: dict[str, Any], subject: Subject) -> tuple[bytes | None, int]:
    """A raw record of somebody else, or of a visitor whom several accounts share."""
    events = record.get("events")
    if not isinstance(events, list):
        return subject.redacted(line), 0
    others = [one for one in events if not _is_events(one, record.get("site"), subject)]
    gone = len(events) - len(others)
    if gone and not others:
        return None, gone
    if gone:
        end = b"\n" if line.endswith(b"\n") else b""
        line = (
            json.dumps(record | {"events": others}, ensure_ascii=False, separators=(",", ":")).encode() + end
        )
    return subject.redacted(line), gone


def _is_events(event: Any, site: Any, subject: Subject) -> bool:
    return isinstance(event, dict) and subject.is_account(site, event.get("user_id"))


def _count(record: dict[str, Any]) -> int:
    events = record.get("events")
    return len(events) if isinstance(events, list) else 1
