"""The daemon's protocol on stdin and stdout, protected from other output; one process per shard speaks it.

Stdout is the protocol: a printed line can be a command, so nothing else may write there.
"""

import fcntl
import gc
import os
import signal
import sys
from contextlib import suppress
from typing import Any, TextIO

import orjson
from amazon_kclpy import dispatch, kcl, messages
from amazon_kclpy.v3 import processor as interface

PIPE_BYTES = 1 << 20
"""Linux's own limit for a process without privileges (/proc/sys/fs/pipe-max-size)."""


class Lines:
    """Lines of a file descriptor, read as they come."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    def readline(self) -> bytes:
        """The next line with its end; what is left of the last at the end of the file, then nothing."""
        parts = []
        piece = self._rest
        while (end := piece.find(b"\n") + 1) == 0:
            parts.append(piece)
            piece = os.read(self._descriptor, PIPE_BYTES)
            if not piece:
                end = 0
                break
        self._rest = piece[end:]
        parts.append(piece[:end] if self._rest else piece)
        return b"".join(parts)


class Protocol(kcl.KCLProcess):  # type: ignore[misc] # the package has no types
    """KCL's own process, except that it reads the daemon's lines with a faster parser and leaves records plain.

    The package makes an object of each record and parses its time stamp as text; with one event a record
    that is a third of all the work.
    """

    def __init__(self, processor: Any, lines: Lines, output: TextIO, errors: TextIO) -> None:
        super().__init__(processor, lines, output, errors)
        self.io_handler.load_action = load_action


def load_action(line: bytes | str) -> Any:
    """A line of the daemon as the message to dispatch; the records of processRecords stay dicts."""
    message = orjson.loads(line)
    if message.get("action") == "processRecords":
        return messages.ProcessRecordsInput(message)
    return dispatch.message_decode(message)


def take_stdout() -> TextIO:
    """Keep the protocol to ourselves: fd 1 becomes fd 2, so that a stray print cannot be read as a command.

    First of all things in the process.
    """
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return protocol


def take_stdin() -> "Lines":
    """The daemon's lines. One can be megabytes: read in pieces of 8 KiB, as a buffered file does, and out of a pipe of
    64, it costs more than its parsing."""
    with suppress(OSError):  # not a pipe, or the system's limit for pipes is reached
        fcntl.fcntl(0, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return Lines(0)


def leave_signals_to_the_daemon() -> None:
    """A SIGTERM to the whole process group, or Ctrl-C, must not kill this process before the daemon has asked
    it to finish."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def run(processor: interface.RecordProcessorBase, protocol: TextIO) -> None:
    """Serve the daemon until it closes our stdin."""
    # What is there now stays; rows come and go without cycles, so looking for cycles rarely is enough.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    Protocol(processor, take_stdin(), protocol, sys.stderr).run()
