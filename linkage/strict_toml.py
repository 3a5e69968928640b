"""Strict settings: TOML into msgspec Structs, every mistake one sentence with file and key.

Reads files and checks shapes; what the settings mean is the business of those who declare them.
They say what is wrong by `Where`: Chinese first, and tables as people count them, from 1.
Durations and distances are written with their unit ("30s", "150m") in fields typed `Duration`
and `Distance`, sizes in those typed `Size`.
"""

import difflib
import enum
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from linkage.errors import BadSettings

T = TypeVar("T")

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_METRES = {"m": 1.0, "km": 1000.0}
_BYTES = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_A_DURATION = ('带单位的时长，如 "10m"', 'a duration with its unit, such as "30s" or "10m"')
_A_DISTANCE = ('带单位的距离，如 "150m"', 'a distance with its unit, such as "150m"')
_A_SIZE = ('带单位的大小，如 "64MB"', 'a size with its unit, such as "64MB" or "200GB"')
_MEASURE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<key>[^`]+)`")
_EXPECTED = re.compile(r"Expected (?P<expected>.+?)(?:, got (?P<got>.+))?", re.DOTALL)
_STEPS = re.compile(r"[^.\[\]]+|\[[^\]]*\]")
_ZH = {
    "str": "文字",
    "int": "整数",
    "float": "数字",
    "bool": "true/false",
    "array": "列表",
    "object": "表",
    "null": "空",
    "of length": "长度",
    "matching regex": "符合",
}
SAVED_OTHERWISE = (
    "不是 UTF-8 编码（可能是 GBK 或 UTF-16）：请用编辑器“另存为”，编码选 UTF-8 / "
    "is not UTF-8 text (perhaps GBK or UTF-16): save it again with the encoding UTF-8"
)


class Duration(float):
    """Seconds, written in the file as "30s", "10m", "2h"…"""


class Distance(float):
    """Metres, written in the file as "150m" or "1.5km"."""


class Size(float):
    """Bytes, written in the file as "64MB" or "200GB": thousands, as disks are sold."""


_MEASURES: dict[type, tuple[dict[str, float], str, str]] = {
    Duration: (_SECONDS, *_A_DURATION),
    Distance: (_METRES, *_A_DISTANCE),
    Size: (_BYTES, *_A_SIZE),
}


@dataclass(frozen=True)
class Where:
    """A table of a settings file, to say what is wrong in it."""

    file: str
    tables: tuple[str, ...] = ()

    def table(self, word: str, index: int, name: object = None) -> "Where":
        """The table at `index` of the list `word` in this one; people count from 1."""
        return Where(self.file, (*self.tables, _numbered(word, index, name)))

    def wrong(self, key: str, zh: str, en: str, hint: str = "") -> BadSettings:
        """The sentence about `key` of this table; `hint` is what `nearest` gave."""
        return BadSettings(f"{self.file}: {', '.join((*self.tables, key))}: {zh} / {en}{hint}")


def parse_duration_s(text: str) -> float:
    """Seconds of "500ms", "30s", "10m", "2h" or "1d". Raises ValueError saying what is expected."""
    return _measure(text, _SECONDS, *_A_DURATION)


def parse_distance_m(text: str) -> float:
    """Metres of "150m" or "1.5km". Raises ValueError saying what is expected."""
    return _measure(text, _METRES, *_A_DISTANCE)


def load(path: Path, kind: type[T]) -> T:
    """The settings in the file at `path`, checked against the Struct `kind`.

    Raises BadSettings: file not readable, not TOML, an unknown key (with the nearest right one),
    a key missing, or a wrong value.
    """
    try:
        # Windows' editors begin the file with a byte order mark
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadSettings(f"{path}: 读不到 / cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BadSettings(f"{path}: line {line}: {SAVED_OTHERWISE}") from error
    return loads(text, kind, name=str(path))


def loads(text: str, kind: type[T], *, name: str) -> T:
    """As `load`, for text that is at hand; `name` stands for the file in messages."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{name}: 不是正确的 TOML / is not TOML: {error}") from error
    shape = inspect.type_info(kind)
    for path, hint in _unknown_keys(data, shape, ""):
        where, key = _place(Where(name), path, data)
        raise where.wrong(key, "没有这个键", "unknown key", hint)
    try:
        return msgspec.convert(data, kind, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise _explained(Where(name), str(error), data, shape) from error


def nearest(wrong: str, right: Iterable[str]) -> str:
    """`; did you mean X?` or `; known: …` in both languages, to end a message about a wrong word
    with."""
    right = sorted(right)
    close = difflib.get_close_matches(wrong, right, n=1, cutoff=0.5)
    if close:
        return f"; 是不是 / did you mean {close[0]!r}?"
    return f"; 可用 / known: {', '.join(right)}" if right else ""


def _measure(text: str, units: dict[str, float], zh: str, en: str) -> float:
    found = _MEASURE.fullmatch(text.strip())
    if found is None or found[2] not in units:
        raise ValueError(_got(zh, en, repr(text)))
    return float(found[1]) * units[found[2]]


def _got(zh: str, en: str, got: str) -> str:
    return f"应为{zh}，写的是 {got} / expected {en}, got {got}"


def _decode(kind: type, value: Any) -> Any:
    if kind not in _MEASURES:
        raise NotImplementedError(f"settings have no type {kind.__name__}")
    units, zh, en = _MEASURES[kind]
    if not isinstance(value, str):
        got = str(value).lower() if isinstance(value, bool) else str(value)
        raise TypeError(_got(zh, en, got))
    return kind(_measure(value, units, zh, en))


def _shapes(shape: inspect.Type) -> tuple[inspect.Type, ...]:
    return shape.types if isinstance(shape, inspect.UnionType) else (shape,)


def _numbered(word: str, index: int, name: object) -> str:
    number = f"{word} {index + 1}"
    return f'{number} "{name}"' if isinstance(name, str) and name else number


def _place(where: Where, path: str, data: object) -> tuple[Where, str]:
    """The table and the key in it, of a path such as `rule[1].match.kinds[0]`."""
    keys: list[str] = []
    for part in _STEPS.findall(path):
        if not part.startswith("["):
            keys.append(part)
            data = data.get(part) if isinstance(data, dict) else None
            continue
        index = int(part[1:-1]) if part[1:-1].isdecimal() else None
        if index is None or not isinstance(data, list) or index >= len(data):
            data = None
            continue
        data = data[index]
        word = ".".join(keys)
        if isinstance(data, dict):
            where, keys = where.table(word, index, data.get("name")), []
        else:
            keys = [_numbered(word, index, None)]
    return where, ".".join(keys)


def _unknown_keys(data: object, shape: inspect.Type, path: str) -> Iterator[tuple[str, str]]:
    """The path of each, and the hint to end its sentence with."""
    for one in _shapes(shape):
        if isinstance(one, inspect.StructType) and isinstance(data, dict):
            fields = {f.encode_name: f.type for f in one.fields}
            for key, value in data.items():
                where = f"{path}.{key}" if path else key
                if key not in fields:
                    yield where, nearest(key, fields)
                else:
                    yield from _unknown_keys(value, fields[key], where)
        elif isinstance(one, inspect.DictType) and isinstance(data, dict):
            for key, value in data.items():
                yield from _unknown_keys(value, one.value_type, f"{path}.{key}" if path else key)
        elif isinstance(data, list):
            item = getattr(one, "item_type", None)
            if item is not None:
                for i, value in enumerate(data):
                    yield from _unknown_keys(value, item, f"{path}[{i}]")


def _explained(where: Where, message: str, data: object, shape: inspect.Type) -> BadSettings:
    found = _AT.match(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    missing = _MISSING.match(what)
    if missing is not None:
        path = f"{path}.{missing['key']}" if path else missing["key"]
        table, key = _place(where, path, data)
        return table.wrong(key, "缺少这个键", "this key is missing")
    table, key = _place(where, path, data)
    # that a key may be left out is no help to whoever wrote one
    what = what.replace("`", "").replace(" | null", "")
    if what.startswith("Invalid enum value"):
        wrong = what.removeprefix("Invalid enum value").strip().strip("'")
        hint = nearest(wrong, _choices(shape, path))
        return table.wrong(key, f"没有 {wrong!r}", f"{wrong!r} is not known", hint)
    zh, slash, en = what.partition(" / ")
    if slash:
        # said by _measure, in both languages
        return table.wrong(key, zh, en)
    return table.wrong(key, _in_chinese(what), what[:1].lower() + what[1:])


def _in_chinese(what: str) -> str:
    found = _EXPECTED.fullmatch(what)
    if found is None:
        return "写法不对"
    said = f"应为 {found['expected']}"
    if found["got"]:
        said += f"，写的是 {found['got']}"
    for en, zh in _ZH.items():
        said = re.sub(rf"\b{en}\b", zh, said)
    return said


def _choices(shape: inspect.Type, path: str) -> list[str]:
    """The words allowed at `path`, where the type there is an enum."""
    for part in _STEPS.findall(path):
        inner: inspect.Type | None = None
        for one in _shapes(shape):
            if part.startswith("["):
                inner = getattr(one, "item_type", getattr(one, "value_type", None)) or inner
            elif isinstance(one, inspect.StructType):
                inner = next((f.type for f in one.fields if f.encode_name == part), inner)
        if inner is None:
            return []
        shape = inner
    enums = (s.cls for s in _shapes(shape) if isinstance(s, inspect.EnumType))
    return [str(m.value) for cls in enums if issubclass(cls, enum.Enum) for m in cls]
