"""Known vulnerabilities of the pinned packages, as far as the registries publish them: exit 1 if there is one.

    python -m tests.audit     (`make audit`)

A registry that does not answer is said and is no failure: a check that needs the network must not stop work without it.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.storefront.node import npm

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ("requirements/consumer.txt", "requirements/lambda.txt")
NODE = ("storefront", "website/slides")
"""Folders with a package-lock.json: what shops serve and what the slides are made with. Other makers' clients that
tests and benchmarks compare with stay at the release they name."""


def pip_audit(requirements: str) -> str:
    """What pip-audit prints of a file of requirements; its last word where it could not look."""
    program = str(Path(sys.executable).with_name("pip-audit"))
    options = ("--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json")
    done = subprocess.run(
        [program, *options, "-r", requirements], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout or done.stderr.strip().rpartition("\n")[2]


def npm_audit(folder: str) -> str:
    """What npm prints of a folder with a package-lock.json."""
    return npm("audit", "--package-lock-only", "--json", cwd=ROOT / folder).stdout


def of_pip(printed: str) -> tuple[str, bool]:
    """What to say of it, and whether something is known against one of the packages."""
    found = _read(printed)
    if "dependencies" not in found:
        return f"not audited: {printed}", False
    packages = found["dependencies"]
    bad = [f"{p['name']} {p['version']}: {v['id']}" for p in packages for v in p.get("vulns", ())]
    audited = sum("skip_reason" not in package for package in packages)
    return _said(bad, f"{audited} of {len(packages)} packages audited"), bool(bad)


def of_npm(printed: str) -> tuple[str, bool]:
    """The same of what npm printed."""
    found = _read(printed)
    if "auditReportVersion" not in found:
        return f"not audited: {found.get('message') or found.get('error') or printed}", False
    bad = [f"{name}: {about['severity']}" for name, about in found["vulnerabilities"].items()]
    return _said(bad, f"{found['metadata']['dependencies']['total']} packages audited"), bool(bad)


def _read(printed: str) -> dict[str, Any]:
    """A JSON object, empty where it is none."""
    try:
        found = json.loads(printed)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _said(bad: Sequence[str], audited: str) -> str:
    return "\n  ".join([f"{audited}, {len(bad)} vulnerable", *bad])


def main() -> int:
    looked = [(name, *of_pip(pip_audit(name))) for name in PYTHON]
    looked += [(name, *of_npm(npm_audit(name))) for name in NODE]
    for name, said, _ in looked:
        print(f"{name}: {said}")
    return int(any(bad for *_, bad in looked))


if __name__ == "__main__":
    sys.exit(main())
