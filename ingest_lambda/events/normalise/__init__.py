"""The one rule of tolerance: what is unambiguous is converted, what is not costs only its own field.

One module a subject; every converter is pure, never raises for what a client can send, and notes what it changed.
"""
