"""Replaces a symbolic link in one step."""

import os
from pathlib import Path


def point(link: Path, target: str) -> None:
    """Turn the link in one step, so that a reader sees the old or the new and never nothing."""
    fresh = link.with_name(f".{link.name}-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
