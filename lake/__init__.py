"""Data at rest: its layout, and the jobs that read and repair it."""
