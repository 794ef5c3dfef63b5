"""A problem that the person at the keyboard can act on."""


class Problem(Exception):  # noqa: N818 - said to a person, in the person's words
    """What is wrong and what to do about it, in one or two sentences. `code`: the same for a script; docs/operations.md
    lists those of the tools."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(f"{code}: {text}" if code else text)
        self.code = code
