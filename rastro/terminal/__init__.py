"""What the operator sees: errors, progress, tables."""
