"""The consumer's image, built and run as Fargate runs it. In `make soak`: building takes some five minutes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_MISSING = [name for name in ("buildah", "mmdebstrap", "unshare", "nsenter") if shutil.which(name) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.emulator,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not os.environ.get("RASTRO_SOAK"), reason="takes some seven minutes: make soak"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the container is made without a daemon"),
    pytest.mark.skipif(
        bool(_MISSING), reason=f"needs {', '.join(_MISSING)}: apt-get install buildah mmdebstrap"
    ),
]


def test_the_image_is_built_and_runs() -> None:
    """A row arrives, health tells a stalled shard, SIGTERM ends it in order (tests/system/image/__main__.py)."""
    build = [str(ROOT / "infra" / "packaging" / "build-without-docker.sh"), "rastro-consumer-test"]
    built = subprocess.run(build, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-2000:]
    run = [sys.executable, "-m", "tests.system.image", "rastro-consumer-test"]
    ran = subprocess.run(run, capture_output=True, text=True, check=False, cwd=ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr[-2000:]
