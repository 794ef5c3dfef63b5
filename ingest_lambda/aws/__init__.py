"""AWS without its SDK: signed calls, partial puts, configuration."""
