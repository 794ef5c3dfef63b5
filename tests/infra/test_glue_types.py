"""Column types are checked before Athena sees them."""

import pytest

from infra.stacks.pipeline.glue_types import BadType, check


@pytest.mark.parametrize(
    "text",
    [
        "string",
        "decimal(18,4)",
        "array<string>",
        "map<string,array<int>>",
        "array<struct<item_id:string,price:decimal(18,4),tags:array<string>>>",
    ],
)
def test_a_type_of_athena_passes(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "text", "String", "integer ", "decimal", "decimal(4,18)", "decimal(39,0)", "decimal(0,0)", "array<>",
        "array<string", "array<string>>", "struct<>", "struct<a>", "struct<a:int,>", "map<array<int>,int>", "int,int",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadType):
        check(text)
