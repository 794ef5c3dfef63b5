"""The list that a customer signs, from website/acceptance.toml: `python -m website.acceptance [NAME ...]`.

With names it runs those points' commands, keeps the line of each that tells the result, with its date, and writes the
page anew. Without names it only writes docs/pt-BR/aceite.md.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parent
SOURCE = HERE / "acceptance.toml"
RESULTS = HERE / "acceptance.results.json"
PAGE = ROOT / "docs" / "pt-BR" / "aceite.md"
_TOP = """# Aceite

A lista que se assina na entrega. Cada ponto diz o que foi pedido, o comando que o mostra e o último resultado visto,
com a data. `python -m website.acceptance NOME` roda um ponto outra vez e anota o que deu.

Onde diz *na conta da loja*, o resultado só pode ser visto lá, e a linha fica em branco até a implantação.
"""
_FOOT = """
## Assinaturas

| | nome | data | assinatura |
| --- | --- | --- | --- |
| pela loja | | | |
| pelo fornecedor | | | |

Ressalvas:
"""
SHOWN = 8000
"""Characters of a failed command's output: the line that tells the result does not tell the reason."""
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Point(NamedTuple):
    """One point. `shows`: what must be so; `line`: a pattern of the line that tells the result."""

    name: str
    group: str
    shows: str
    command: str
    line: str
    where: str


class Result(NamedTuple):
    """`good`: the command ended with 0."""

    day: str
    good: bool
    text: str


def points() -> list[Point]:
    """All points, in the order of the page."""
    document = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    return [
        Point(
            name,
            group["titulo"],
            part["mostra"],
            part["comando"],
            part.get("linha", r"\S"),
            part.get("onde", "aqui"),
        )
        for group in document["grupo"]
        for name, part in group["ponto"].items()
    ]


def results() -> dict[str, Result]:
    """The last result of each point that was run."""
    if not RESULTS.exists():
        return {}
    document: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return {name: Result(**one) for name, one in document.items()}


def page() -> str:
    """The whole page."""
    found = results()
    parts = [_TOP]
    last = ""
    for point in points():
        if point.group != last:
            parts += [f"\n## {point.group}\n", "| | o que se mostra | comando | último resultado |"]
            parts.append("| --- | --- | --- | --- |")
            last = point.group
        parts.append(
            f"| ☐ | {point.shows} | `{_cell(point.command)}` | {_outcome(point, found.get(point.name))} |"
        )
    return "\n".join([*parts, _FOOT])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _outcome(point: Point, result: Result | None) -> str:
    if point.where != "aqui":
        return "*na conta da loja*"
    if result is None:
        return "*ainda não rodado*"
    return f"{result.day}: {'' if result.good else '**falhou** '}{_cell(result.text)}"


def run(point: Point, today: date) -> Result:
    """Run the command in the checkout's root."""
    done = subprocess.run(
        ["bash", "-c", f"source .venv/bin/activate; {point.command}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-SHOWN:], file=sys.stderr)
    lines = [line.strip() for line in _ANSI.sub("", done.stdout).splitlines() if re.search(point.line, line)]
    return Result(
        today.isoformat(), done.returncode == 0, lines[-1] if lines else f"status {done.returncode}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m website.acceptance", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args(argv)
    named = {point.name: point for point in points()}
    if unknown := set(arguments.names) - set(named):
        print(f"rastro: no point {', '.join(unknown)}; there are {', '.join(named)}", file=sys.stderr)
        return 2
    found = results()
    good = True
    for name in arguments.names:
        found[name] = run(named[name], date.today())  # noqa: DTZ011 - a signature's day is the signer's own
        good = good and found[name].good
        print(f"{name}: {found[name].text}", flush=True)
        text = json.dumps(
            {key: one._asdict() for key, one in sorted(found.items())}, ensure_ascii=False, indent=2
        )
        RESULTS.write_text(text + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
