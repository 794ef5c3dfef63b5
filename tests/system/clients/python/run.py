"""`python run.py <client> <configuration as JSON>`: prints the client's errors as JSON."""

import importlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4]))
configuration = json.loads(sys.argv[2])
print(json.dumps(importlib.import_module(f"tests.system.clients.python.{sys.argv[1]}").run(**configuration)))
