"""Two clocks that must not be mixed, by name in every signature that takes a time."""

EpochMs = int
"""Milliseconds since 1970-01-01T00:00Z. Records carry it: `received_at`, `sent_at`, `ts`."""

MonotonicSeconds = float
"""A clock that only goes forward, with any start: waiting, policies, time limits."""
