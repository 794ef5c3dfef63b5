"""The commit point: state as slots on an object store, its format, and how it is restored."""
