"""The session rule, what is remembered of a visitor, and the memory of a shard."""
