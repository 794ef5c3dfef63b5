"""Athena (Hive) column types: checked here, because Glue takes any text and Athena fails only when asked."""

import re

from aws_cdk import aws_glue as glue

PRIMITIVES = frozenset(
    {"string", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "date", "timestamp"}
)
_TOKENS = re.compile(r"[a-z_][a-z0-9_]*|\d+|[<>(),:]")


class BadType(ValueError):  # noqa: N818 - reads as what it is where it is raised
    """A text that is no Athena column type."""


def glue_type(text: str) -> glue.Type:
    """The type for a Glue column.

    Raises:
        BadType: not an Athena type in lower case, without blanks.
    """
    check(text)
    return glue.Schema.custom(text, text in PRIMITIVES or text.startswith("decimal"))


def check(text: str) -> None:
    """Raise `BadType` unless `text` is a whole type: `decimal(18,4)`, `array<struct<a:int>>`."""
    tokens = _TOKENS.findall(text)
    if "".join(tokens) != text:
        raise BadType(f"{text!r}: lower-case names, digits and <>(),: only")
    rest = _one(tokens, text)
    if rest:
        raise BadType(f"{text!r}: {''.join(rest)!r} is left over")


def _one(tokens: list[str], text: str) -> list[str]:
    """Take one type off the front; return what follows it."""
    match tokens:
        case ["decimal", "(", precision, ",", scale, ")", *rest] if precision.isdigit() and scale.isdigit():
            if not 0 <= int(scale) <= int(precision) <= 38 or precision == "0":
                raise BadType(f"{text!r}: a decimal has 1 to 38 digits and no more decimals than digits")
            return rest
        case ["array", "<", *rest]:
            return _expect(">", _one(rest, text), text)
        case ["map", "<", key, ",", *rest] if key in PRIMITIVES:
            return _expect(">", _one(rest, text), text)
        case ["struct", "<", *rest]:
            while True:
                if len(rest) < 2 or rest[1] != ":":
                    raise BadType(f"{text!r}: a struct is name:type,name:type")
                rest = _one(rest[2:], text)
                if rest[:1] != [","]:
                    return _expect(">", rest, text)
                rest = rest[1:]
        case [name, *rest] if name in PRIMITIVES:
            return rest
    raise BadType(f"{text!r}: no Athena type starts with {''.join(tokens[:2]) or 'nothing'!r}")


def _expect(token: str, tokens: list[str], text: str) -> list[str]:
    if tokens[:1] != [token]:
        raise BadType(f"{text!r}: {token} is missing")
    return tokens[1:]
