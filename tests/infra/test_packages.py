"""The Lambda packages: right content, small, the same bytes each time."""

import zipfile
from pathlib import Path

import pytest

from infra.environments.settings import Ingest
from infra.packaging import lambda_zip
from infra.packaging.lambda_zip import Target

pytestmark = pytest.mark.slow

LIMIT = 12 * 1024 * 1024


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lambda_zip.build(Target("aarch64", "3.13"), tmp_path_factory.mktemp("cache"))


def test_it_holds_our_code_and_wheels_of_the_target(package: Path) -> None:
    names = zipfile.ZipFile(package).namelist()
    assert "ingest_lambda/handler.py" in names
    assert "schemas/event.schema.json" in names
    assert not [name for name in names if "examples" in name or "__pycache__" in name]
    assert [name for name in names if name.startswith("orjson/") and "313-aarch64" in name]
    assert not [name for name in names if "x86_64" in name]


def test_it_is_small(package: Path) -> None:
    assert package.stat().st_size < LIMIT


def test_the_same_input_gives_the_same_bytes(package: Path, tmp_path: Path) -> None:
    again = lambda_zip.build(Target("aarch64", "3.13"), tmp_path)
    assert (again.name, again.read_bytes()) == (package.name, package.read_bytes())


def test_a_package_is_built_once(package: Path) -> None:
    before = package.stat().st_mtime_ns
    assert lambda_zip.build(Target("aarch64", "3.13"), package.parent) == package
    assert package.stat().st_mtime_ns == before


def test_a_package_with_one_more_file_holds_all_of_it(package: Path) -> None:
    one, again = (lambda_zip.with_file(package, "sites.json", b"{}") for _ in range(2))
    assert one == again != package
    assert lambda_zip.with_file(package, "sites.json", b"{ }") != one
    with zipfile.ZipFile(one) as archive:
        assert archive.read("sites.json") == b"{}"
        assert set(archive.namelist()) == {*zipfile.ZipFile(package).namelist(), "sites.json"}


def test_the_targets_of_the_settings() -> None:
    assert lambda_zip.target(Ingest(architecture="arm64", python="3.13")) == Target("aarch64", "3.13")
    assert lambda_zip.target(Ingest(architecture="x86_64", python="3.12")).machine == "x86_64"


def test_a_target_without_wheels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(lambda_zip.PackageError, match=r"for sparc, Python 3.13 could not be built"):
        lambda_zip.build(Target("sparc", "3.13"), tmp_path)
