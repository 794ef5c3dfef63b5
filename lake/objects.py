"""Copies files of the lake from S3 as they appear."""

from pathlib import Path
from typing import Any


class Fetched:
    """Objects under one prefix of a bucket, each copied once to `folder`, partition folders kept."""

    def __init__(self, s3: Any, bucket: str, prefix: str, folder: Path) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix
        self._folder = folder
        self.files: list[Path] = []
        self._keys: set[str] = set()

    def new(self) -> list[Path]:
        """The files that came since the last call, in the order of their names."""
        fresh = []
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        for page in pages:
            for entry in page.get("Contents", []):
                key = entry["Key"]
                if key in self._keys or not entry["Size"]:
                    continue
                self._keys.add(key)
                # names of several folders in one: only the partition folders are needed to read them
                path = self._folder / key.removeprefix(self._prefix)
                path.parent.mkdir(parents=True, exist_ok=True)
                self._s3.download_file(self._bucket, key, str(path))
                fresh.append(path)
        self.files += fresh
        return fresh
