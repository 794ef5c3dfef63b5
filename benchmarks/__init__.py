"""Figures: speed and memory, printed and saved as JSON."""
