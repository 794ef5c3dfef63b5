"""The consumer's image, built and run as Fargate runs it: some three minutes, of which two are the build's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_MISSING = [name for name in ("buildah", "mmdebstrap", "unshare", "nsenter") if shutil.which(name) is None]
_NO_PACKAGES = 69

pytestmark = [
    pytest.mark.slow,
    pytest.mark.emulator,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the container is made without a daemon"),
    pytest.mark.skipif(
        bool(_MISSING), reason=f"needs {', '.join(_MISSING)}: apt-get install buildah mmdebstrap"
    ),
]


def test_the_image_is_built_and_runs() -> None:
    """A row arrives, health tells a stalled shard, SIGTERM ends it in order (tests/system/image/__main__.py)."""
    run = [sys.executable, "-m", "tests.system.image", "rastro-consumer-test", "--build"]
    ran = subprocess.run(run, capture_output=True, text=True, check=False, cwd=ROOT)
    output = ran.stdout + ran.stderr[-2000:]
    if ran.returncode == _NO_PACKAGES:
        pytest.skip(f"Debian's packages cannot be had: {output}")
    assert ran.returncode == 0, output
