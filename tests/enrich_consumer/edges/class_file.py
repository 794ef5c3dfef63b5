"""What a Java class file declares: its methods and its string constants (JVM specification, chapter 4).

Java programs are not needed to look into a jar.
"""

import struct
import zipfile
from pathlib import Path
from typing import NamedTuple

PUBLIC = 0x0001
STATIC = 0x0008
_SIZES = {
    3: 4,
    4: 4,
    5: 8,
    6: 8,
    7: 2,
    8: 2,
    9: 4,
    10: 4,
    11: 4,
    12: 4,
    15: 3,
    16: 2,
    17: 4,
    18: 4,
    19: 2,
    20: 2,
}


class ClassFile(NamedTuple):
    """`setters`: names of public methods `setX` of one argument, as bean properties. `constants`: fields with
    a constant text."""

    setters: frozenset[str]
    constants: dict[str, str]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def bytes(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at]

    def u1(self) -> int:
        return self.bytes(1)[0]

    def u2(self) -> int:
        return int.from_bytes(self.bytes(2))

    def u4(self) -> int:
        return int.from_bytes(self.bytes(4))


def read(jar: Path, name: str) -> ClassFile:
    """The class `name`, with dots, of a jar."""
    with zipfile.ZipFile(jar) as archive:
        return parse(archive.read(name.replace(".", "/") + ".class"))


def parse(data: bytes) -> ClassFile:
    reader = _Reader(data)
    assert reader.u4() == 0xCAFEBABE
    reader.u4()  # version
    texts, strings = _constants(reader)
    reader.bytes(6)  # access, this, super
    reader.bytes(2 * reader.u2())  # interfaces
    constants = {}
    for _, name, _, attributes in _members(reader, texts):
        if "ConstantValue" in attributes:
            (index,) = struct.unpack(">H", attributes["ConstantValue"])
            if index in strings:
                constants[name] = texts[strings[index]]
    setters = {
        name[3].lower() + name[4:]
        for access, name, descriptor, _ in _members(reader, texts)
        if access & PUBLIC and not access & STATIC and name.startswith("set") and len(name) > 3
        if _one_argument(descriptor)
    }
    return ClassFile(frozenset(setters), constants)


def _constants(reader: _Reader) -> tuple[dict[int, str], dict[int, int]]:
    texts: dict[int, str] = {}
    strings: dict[int, int] = {}
    count = reader.u2()
    index = 1
    while index < count:
        tag = reader.u1()
        if tag == 1:
            texts[index] = reader.bytes(reader.u2()).decode("utf-8", "replace")
        elif tag == 8:
            strings[index] = reader.u2()
        else:
            reader.bytes(_SIZES[tag])
        index += 2 if tag in {5, 6} else 1  # long and double take two entries
    return texts, strings


def _members(reader: _Reader, texts: dict[int, str]) -> list[tuple[int, str, str, dict[str, bytes]]]:
    found = []
    for _ in range(reader.u2()):
        access, name, descriptor = reader.u2(), texts[reader.u2()], texts[reader.u2()]
        attributes = {}
        for _ in range(reader.u2()):
            attribute = texts[reader.u2()]
            attributes[attribute] = reader.bytes(reader.u4())
        found.append((access, name, descriptor, attributes))
    return found


def _one_argument(descriptor: str) -> bool:
    arguments = descriptor[1 : descriptor.index(")")].lstrip("[")
    return len(arguments) == 1 or (arguments.startswith("L") and arguments.find(";") == len(arguments) - 1)
