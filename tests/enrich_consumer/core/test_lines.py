"""The daemon's lines as they come out of a pipe, in whatever pieces."""

import os
import threading

import pytest

from enrich_consumer.edges.kcl.protocol import Lines

LONG = b"x" * 3_000_000


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"one\n", b"two\n"], [b"one\n", b"two\n"]),
        ([b"one\ntwo\nth", b"ree\n\n"], [b"one\n", b"two\n", b"three\n", b"\n"]),
        ([b"o", b"ne", b"\n"], [b"one\n"]),
        ([LONG + b"\nnext\n"], [LONG + b"\n", b"next\n"]),
        ([b"one\nleft"], [b"one\n", b"left"]),
        ([], []),
    ],
)
def test_lines(pieces, lines):
    out, into = os.pipe()
    writer = threading.Thread(target=_write, args=(into, pieces))
    writer.start()
    found = Lines(out)
    assert [found.readline() for _ in lines] == lines
    assert (found.readline(), found.readline()) == (b"", b"")
    writer.join()
    os.close(out)


def _write(into, pieces):
    with os.fdopen(into, "wb", buffering=0) as file:
        for piece in pieces:
            file.write(piece)
