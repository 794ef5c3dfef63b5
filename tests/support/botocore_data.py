"""botocore's data, read once in a test process.

moto makes boto3 begin another session for each test, and each session reads the megabytes of JSON that describe the
regions and services again: half of what the tests of the tools cost.
"""

from functools import cache

import botocore.session
import pytest
from botocore.loaders import Loader, create_loader


def read_once(patch: pytest.MonkeyPatch) -> None:
    """Every session from now on reads through one loader, which remembers."""
    shared = cache(create_loader)

    def loader(search_path: str | None = None) -> Loader:
        found = shared(search_path)
        found.search_paths[:] = dict.fromkeys(found.search_paths)  # each session of boto3 appends its folder
        return found

    patch.setattr(botocore.session, "create_loader", loader)
