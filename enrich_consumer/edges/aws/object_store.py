"""Object stores of the session log: memory, a folder, S3. One test suite holds all to `ports.ObjectStore`."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from enrich_consumer.ports import ObjectStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DELETE_AT_ONCE = 1000
"""DeleteObjects takes at most 1,000 keys."""


class MemoryObjectStore:
    """A dict; for tests, simulation and local runs."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self._lock = threading.Lock()  # the snapshot is written beside the worker

    def names(self, prefix: str) -> list[str]:
        with self._lock:
            return sorted(name for name in self.objects if name.startswith(prefix))

    def read(self, name: str) -> bytes | None:
        return self.objects.get(name)

    def create(self, name: str, data: bytes) -> bool:
        with self._lock:
            if name in self.objects:
                return False
            self.objects[name] = data
            return True

    def delete(self, names: Sequence[str]) -> None:
        with self._lock:
            for name in names:
                self.objects.pop(name, None)


class FileObjectStore(NamedTuple):
    """Files below a folder; for one machine."""

    folder: Path

    def names(self, prefix: str) -> list[str]:
        start = self.folder / prefix.rpartition("/")[0]
        found = (path.relative_to(self.folder).as_posix() for path in start.rglob("*") if path.is_file())
        return sorted(name for name in found if name.startswith(prefix) and not name.endswith(".part"))

    def read(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def create(self, name: str, data: bytes) -> bool:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.part")
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)  # atomic, and refuses an existing name
        except FileExistsError:
            return False
        finally:
            part.unlink()
        return True

    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)


class S3ObjectStore:
    """Objects below a prefix of a bucket. Conditional writes (`If-None-Match: *`) make `create` atomic."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def names(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        return sorted(
            item["Key"].removeprefix(self._prefix) for page in pages for item in page.get("Contents", [])
        )

    def read(self, name: str) -> bytes | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
        except self._client.exceptions.NoSuchKey:
            return None
        return answer["Body"].read()

    def create(self, name: str, data: bytes) -> bool:
        for _ in range(CONFLICTS):
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=self._prefix + name, Body=data, IfNoneMatch="*"
                )
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code in ("PreconditionFailed", "412"):
                    return False
                if code in ("ConditionalRequestConflict", "409"):
                    continue  # two writers at the same instant: S3 asks to try again
                raise
            return True
        raise TimeoutError(f"s3://{self._bucket}/{self._prefix}{name} was contended {CONFLICTS} times")

    def delete(self, names: Sequence[str]) -> None:
        for start in range(0, len(names), DELETE_AT_ONCE):
            part = names[start : start + DELETE_AT_ONCE]
            answer = self._client.delete_objects(
                Bucket=self._bucket,
                Delete={"Objects": [{"Key": self._prefix + name} for name in part], "Quiet": True},
            )
            for error in answer.get(
                "Errors", []
            ):  # a refusal of single keys comes in an answer that is a success
                key = f"s3://{self._bucket}/{error.get('Key')}"
                raise OSError(f"cannot delete {key}: {error.get('Code')}")


CONFLICTS = 5


def open_object_store(uri: str, application: str) -> ObjectStore:
    """`s3://bucket/prefix`, `file:/folder` or `memory:` → the object store of one application below it.

    Raises:
        ValueError: none of the three.
    """
    parts = urlsplit(uri)
    if parts.scheme == "s3" and parts.netloc:
        client = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 5}))
        return S3ObjectStore(client, parts.netloc, f"{parts.path.strip('/')}/{application}".lstrip("/"))
    if parts.scheme == "file" and parts.path:
        return FileObjectStore(Path(parts.path) / application)
    if parts.scheme == "memory":
        return MemoryObjectStore()
    raise ValueError(f"the state's URI is {uri!r}; it has to be s3://bucket/prefix or file:/folder")
