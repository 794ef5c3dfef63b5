"""Stores of objects: a folder, or a bucket with all its versions."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from botocore.exceptions import ClientError

_CHANGED = ("PreconditionFailed", "412", "NoSuchKey", "404", "ConditionalRequestConflict", "409")
"""What S3 answers to If-Match where the object is another one, or gone."""


class StoredObject(NamedTuple):
    """One object, or one older version of it (`is_latest` false). `stamp` changes whenever its bytes do."""

    key: str
    size: int
    stamp: str
    version: str | None = None
    is_latest: bool = True
    etag: str | None = None


class Objects(Protocol):
    """What erasing needs of a store."""

    name: str

    def entries(self) -> Iterator[StoredObject]:
        """All of them, older versions included."""

    def read(self, entry: StoredObject) -> bytes | None:
        """Its bytes; None where it is gone meanwhile."""

    def write(self, entry: StoredObject, data: bytes) -> bool:
        """Replace it by `data` and take the bytes that stood there away. False, and nothing is done, where the
        object was changed or deleted since it was listed: the consumer cleans its session log up meanwhile."""

    def delete(self, entry: StoredObject) -> None:
        """Take it away for good."""


class Folder:
    """Files below a folder, but for `without`: names of folders that other parts look after."""

    def __init__(self, root: Path, name: str, without: tuple[str, ...] = ()) -> None:
        self.root = root
        self.name = name
        self._without = without

    def entries(self) -> Iterator[StoredObject]:
        for path in sorted(self.root.rglob("*")):
            key = path.relative_to(self.root).as_posix()
            if not key.startswith(self._without or ("\0",)) and path.is_file() and not path.is_symlink():
                about = path.stat()
                yield StoredObject(key, about.st_size, _stamp(about))

    def read(self, entry: StoredObject) -> bytes | None:
        try:
            return (self.root / entry.key).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, entry: StoredObject, data: bytes) -> bool:
        path = self.root / entry.key
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(data)
        if not path.exists() or _stamp(path.stat()) != entry.stamp:
            part.unlink()
            return False
        part.replace(path)
        return True

    def delete(self, entry: StoredObject) -> None:
        (self.root / entry.key).unlink(missing_ok=True)


def _stamp(about: os.stat_result) -> str:
    return f"{about.st_mtime_ns}-{about.st_size}-{about.st_ino}"


class Bucket:
    """Objects of a bucket, versions and all."""

    def __init__(self, s3: Any, bucket: str, without: tuple[str, ...] = ()) -> None:
        self.name = f"s3://{bucket}/"
        self._s3 = s3
        self._bucket = bucket
        self._without = without

    def entries(self) -> Iterator[StoredObject]:
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket):
            for one in page.get("Versions", ()):
                if not one["Key"].startswith(self._without or ("\0",)):
                    version = one.get("VersionId")
                    yield StoredObject(
                        one["Key"],
                        one["Size"],
                        f"{version}-{one['ETag']}",
                        None if version in (None, "null") else version,
                        one["IsLatest"],
                        one["ETag"],
                    )

    def read(self, entry: StoredObject) -> bytes | None:
        try:
            data: bytes = self._s3.get_object(**self._key_and_version(entry))["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion", "404"):
                return None
            raise
        return data

    def write(self, entry: StoredObject, data: bytes) -> bool:
        try:
            self._s3.put_object(Bucket=self._bucket, Key=entry.key, Body=data, IfMatch=entry.etag)
        except ClientError as error:
            if error.response["Error"]["Code"] in _CHANGED:
                return False
            raise
        if entry.version is not None:
            self._s3.delete_object(**self._key_and_version(entry))
        return True

    def delete(self, entry: StoredObject) -> None:
        self._s3.delete_object(**self._key_and_version(entry))

    def _key_and_version(self, entry: StoredObject) -> dict[str, str]:
        version = {} if entry.version is None else {"VersionId": entry.version}
        return {"Bucket": self._bucket, "Key": entry.key, **version}
