"""One line for every tool that changes or reads data: who, what, when, how much."""

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE_NAME = "audit.jsonl"


def audit(
    home: Path,
    tool: str,
    options: dict[str, Any],
    summary: dict[str, Any],
    client: Any = None,
    bucket: str = "",
) -> None:
    """Append to `<home>/audit.jsonl`; with an S3 client also as an object under `audit/` of the bucket."""
    at = datetime.now(UTC)
    line = json.dumps(
        {
            "at": at.isoformat(timespec="milliseconds"),
            "who": getpass.getuser(),
            "tool": tool,
            "options": {name: str(value) for name, value in options.items() if value not in (None, False)},
            "summary": summary,
        }
    )
    home.mkdir(parents=True, exist_ok=True)
    with (home / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    if client is not None:
        client.put_object(
            Bucket=bucket, Key=f"audit/dt={at:%Y-%m-%d}/{at:%H%M%S%f}-{tool}.json", Body=line.encode()
        )
