"""What the tests of ingest share."""

import pytest

from tests.ingest_lambda.doubles import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()
