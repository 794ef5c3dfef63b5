"""One environment as data: its TOML file, read and checked, and the names of its resources."""
