"""`python -m infra [ENV ...]`: write the CloudFormation templates to `cdk.out/<ENV>/`, offline."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.environments import loader
from infra.packaging.lambda_zip import PackageError

OUT = Path("cdk.out")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra", description=__doc__)
    parser.add_argument("environments", nargs="*", metavar="ENV", help="default: all of infra/environments/")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the templates (default: cdk.out)")
    arguments = parser.parse_args(argv)
    try:
        for name in arguments.environments or loader.names():
            environment = loader.read(name)
            from infra.stacks.app import build  # noqa: PLC0415 - starts Node; a wrong file is refused without it

            out = arguments.out / name
            shutil.rmtree(out, ignore_errors=True)  # assets of earlier runs
            try:
                build(environment, out).synth()
            except RuntimeError as error:
                if "ValidationFailed" not in str(error):
                    raise
                return 2  # CDK has printed every finding
            print(out)
    except (loader.BadEnvironment, PackageError) as error:
        print(f"infra: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
