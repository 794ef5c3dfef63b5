"""The session rule, a visitor's state, and the state of a shard."""
