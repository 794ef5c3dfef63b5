"""A problem that the person at the keyboard can act on."""


class Problem(Exception):  # noqa: N818 - said to a person, in the person's words
    """What is wrong and what to do about it, in one or two sentences."""
