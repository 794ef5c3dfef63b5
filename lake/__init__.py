"""Data at rest: where it lies, and the jobs that read and repair it."""
