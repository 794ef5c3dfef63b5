"""Pictures of the console for the pages of the course."""

import json
import subprocess
from pathlib import Path

PAGES = {
    "console-live": "/live",
    "console-evento": "/trace?id=11111111-1111-4111-8111-111111111111",
    "console-sessoes": "/sessions?visitor=fusao",
    "console-painel": "/dashboards/overview",
}


def take(student: Path, folder: Path) -> list[Path]:
    """A picture of each page of the running stack's console, in Portuguese."""
    console = json.loads((student / ".rastro" / "local.json").read_text(encoding="utf-8"))["console_url"]
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, page in PAGES.items():
        path = folder / f"{name}.png"
        subprocess.run(
            [
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--lang=pt-BR",
                "--accept-lang=pt-BR",
                "--window-size=1200,850",
                "--timeout=60000",
                f"--user-data-dir={student / 'perfil'}",
                f"--screenshot={path}",
                f"{console}{page}",
            ],
            check=True,
            capture_output=True,
        )
        made.append(path)
    return made
