"""Runs `rastro recover` for one click of the console: rows refused for one reason, judged again and put back."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_SECONDS = 300


def recover(home: Path, reason: str, first_at: int, last_at: int, *, dry: bool) -> str:
    """What the command says. Times in epoch ms, both included; `dry`: only say what would go back."""
    since = datetime.fromtimestamp(first_at // 1000, UTC).isoformat()
    until = datetime.fromtimestamp(last_at // 1000 + 1, UTC).isoformat()
    command = [sys.executable, "-m", "rastro", "recover", "rejected", "--since", since, "--until", until]
    command += ["--reason", reason, "--home", str(home), *(["--dry-run"] if dry else [])]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=MOST_SECONDS, check=False
    )
    return (done.stdout + done.stderr).strip()
