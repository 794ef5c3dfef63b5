"""Shared by the tools that put data back: the pipeline they work on, what they read, how they put, what it costs."""
