"""The built scripts are in the repository: they are what the sources give, small enough, and typed."""

import gzip
import json
import re
from base64 import b64encode
from hashlib import sha384
from pathlib import Path

import pytest

from tests.storefront.node import STOREFRONT, node, npm

DIST = STOREFRONT / "dist"
OLDER = re.compile(r"rastro(-[a-z0-9]+)?-\d+\.\d+\.\d+\.js")
MANIFEST = json.loads((DIST / "manifest.json").read_text())
SCRIPTS = json.loads((STOREFRONT / "scripts.json").read_text())


RELEASED = {
    "rastro-1.0.0.js": "sha384-Rpg0VmAk4rK/7KczQdPqykzEfslYraX03EAfcCHaU2LTyjJxvyHPPG4Sl7MLrTYz",
}
"""Of versions that a release had and the next one changed: pages name them with their hash."""


@pytest.fixture(scope="module")
def tools() -> None:
    """esbuild, Terser and TypeScript as the lock file names them."""
    if not (STOREFRONT / "node_modules" / ".package-lock.json").exists():
        made = npm("ci")
        assert made.returncode == 0, made.stderr


def test_what_is_in_the_repository_is_what_the_sources_give(tools: None, tmp_path: Path):
    made = node("build.mjs", str(tmp_path))
    assert made.returncode == 0, made.stderr
    fresh = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    in_dist = {file.name: file.read_bytes() for file in DIST.iterdir()}
    assert {name: content for name, content in in_dist.items() if name in fresh} == fresh, (
        "run: make storefront"
    )
    version = json.loads((STOREFRONT / "package.json").read_text())["version"]
    older = in_dist.keys() - fresh.keys()
    assert all(OLDER.fullmatch(name) and version not in name for name in older), older


def test_a_build_removes_nothing(tools: None, tmp_path: Path):
    """Pages name the files of older versions."""
    old = tmp_path / "rastro-0.9.9.js"
    old.write_text("old")
    assert node("build.mjs", str(tmp_path)).returncode == 0
    assert old.read_text() == "old"


@pytest.mark.parametrize("name", RELEASED)
def test_what_a_release_had_stays_as_it_was(name: str):
    assert RELEASED[name] == f"sha384-{b64encode(sha384((DIST / name).read_bytes()).digest()).decode()}"


def test_the_page_names_the_hash_and_the_size():
    page = (STOREFRONT.parent / "docs" / "storefront.md").read_text(encoding="utf-8")
    name = next(name for name in MANIFEST["files"] if name.startswith("rastro-1"))
    assert page.count(f'integrity="{MANIFEST["files"][name]["integrity"]}"') == 1
    both = [MANIFEST["files"][one]["gzip"] for one in (name, "rastro.mjs")]
    assert f"| `{name}`, `rastro.mjs` | {both[0]:,} / {both[1]:,} |" in page


def test_types(tools: None):
    made = node("node_modules/typescript/bin/tsc")
    assert made.returncode == 0, made.stdout


@pytest.mark.parametrize("name", MANIFEST["files"])
def test_sizes_and_hashes(name: str):
    content = (DIST / name).read_bytes()
    built = MANIFEST["files"][name]
    assert built["integrity"] == f"sha384-{b64encode(sha384(content).digest()).decode()}"
    assert abs(len(gzip.compress(content, 9)) - built["gzip"]) <= 30, "another zlib, a few bytes"
    assert built["gzip"] <= built["most"]


def test_the_limits_of_the_sizes():
    limits = {"rastro": 4000, "rastro.mjs": 4000, "rastro-ga4": 3000}
    adapters = {name: 1000 for name, script in SCRIPTS.items() if "/adapters/" in script["source"]}
    for name, most in (limits | adapters).items():
        assert name not in SCRIPTS or SCRIPTS[name]["most"] <= most


def test_names_that_lists_of_blockers_know_are_not_in_them():
    for name in MANIFEST["files"]:
        assert not re.search(r"track|collect|analytic|stats|beacon|pixel|telemetry", name), name


def test_nothing_is_needed_at_run_time_and_the_lock_names_no_host():
    assert "dependencies" not in json.loads((STOREFRONT / "package.json").read_text())
    assert "://registry" not in (STOREFRONT / "package-lock.json").read_text()
    assert '"resolved"' not in (STOREFRONT / "package-lock.json").read_text()
    for file in DIST.glob("*.js"):
        assert not re.search(r"https?://", file.read_text()), file
