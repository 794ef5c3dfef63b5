"""The secret behind visitor ids that are made here."""

import secrets
from pathlib import Path


def visitor_key(home: Path) -> bytes:
    """Kept under `home`, so that a visitor stays the same in the next log."""
    path = home / "visitor.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return bytes.fromhex(path.read_text(encoding="ascii"))
