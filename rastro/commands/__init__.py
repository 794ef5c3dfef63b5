"""One module a command: `HELP`, `arguments`, `run`."""
