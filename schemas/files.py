"""The JSON files beside this module."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def json_file(name: str) -> Any:
    """The parsed content of `schemas/<name>`, for example `event.schema.json`."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))
