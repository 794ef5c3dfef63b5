"""PyIceberg 0.12 makes a missing list of structs an empty one, reading and writing: `items` would be `[]` where
an event has none. `keep` puts that right, once, for the whole process."""

from typing import Any

import pyarrow as pa
from pyiceberg.io.pyarrow import ArrowProjectionVisitor

_original = ArrowProjectionVisitor.list


def keep() -> None:
    """Missing lists stay missing. May be called again."""
    visitor: Any = ArrowProjectionVisitor
    visitor.list = _list


def _list(self: Any, list_type: Any, list_array: Any, value_array: Any) -> Any:
    made = _original(self, list_type, list_array, value_array)
    if made is None or not list_array.null_count or made.null_count:
        return made
    kind = pa.LargeListArray if pa.types.is_large_list(made.type) else pa.ListArray
    return kind.from_arrays(made.offsets, made.values, type=made.type, mask=list_array.is_null())
