"""Strict settings: TOML into msgspec Structs, every mistake one sentence with file and key.

Reads files and checks shapes; what the settings mean is the business of those who declare them.
Durations and distances are written with their unit ("30s", "150m") in fields typed `Duration`
and `Distance`.
"""

import difflib
import enum
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from linkage.errors import BadSettings

T = TypeVar("T")

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_METRES = {"m": 1.0, "km": 1000.0}
_MEASURE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<key>[^`]+)`")


class Duration(float):
    """Seconds, written in the file as "30s", "10m", "2h"…"""


class Distance(float):
    """Metres, written in the file as "150m" or "1.5km"."""


def parse_duration_s(text: str) -> float:
    """Seconds of "500ms", "30s", "10m", "2h" or "1d". Raises ValueError saying what is expected."""
    return _measure(text, _SECONDS, 'a duration with its unit, such as "30s" or "10m"')


def parse_distance_m(text: str) -> float:
    """Metres of "150m" or "1.5km". Raises ValueError saying what is expected."""
    return _measure(text, _METRES, 'a distance with its unit, such as "150m"')


def load(path: Path, kind: type[T]) -> T:
    """The settings in the file at `path`, checked against the Struct `kind`.

    Raises BadSettings: file not readable, not TOML, an unknown key (with the nearest right one),
    a key missing, or a wrong value.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: is not UTF-8 text") from error
    return loads(text, kind, name=str(path))


def loads(text: str, kind: type[T], *, name: str) -> T:
    """As `load`, for text that is at hand; `name` stands for the file in messages."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{name}: is not TOML: {error}") from error
    shape = inspect.type_info(kind)
    for unknown in _unknown_keys(data, shape, ""):
        raise BadSettings(f"{name}: {unknown}")
    try:
        return msgspec.convert(data, kind, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise BadSettings(f"{name}: {_explained(str(error), data, shape)}") from error


def nearest(wrong: str, right: Iterable[str]) -> str:
    """`; did you mean X?` or `; known: …`, to end a message about a wrong word with."""
    right = sorted(right)
    close = difflib.get_close_matches(wrong, right, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(right)}" if right else ""


def _measure(text: str, units: dict[str, float], expected: str) -> float:
    found = _MEASURE.fullmatch(text.strip())
    if found is None or found[2] not in units:
        raise ValueError(f"expected {expected}, got {text!r}")
    return float(found[1]) * units[found[2]]


def _decode(kind: type, value: Any) -> Any:
    # a bare number lands in the parser too, whose message then names the unit that is missing
    if kind is Duration:
        return Duration(parse_duration_s(str(value)))
    if kind is Distance:
        return Distance(parse_distance_m(str(value)))
    raise NotImplementedError(f"settings have no type {kind.__name__}")


def _shapes(shape: inspect.Type) -> tuple[inspect.Type, ...]:
    return shape.types if isinstance(shape, inspect.UnionType) else (shape,)


def _unknown_keys(data: object, shape: inspect.Type, path: str) -> Iterator[str]:
    for one in _shapes(shape):
        if isinstance(one, inspect.StructType) and isinstance(data, dict):
            fields = {f.encode_name: f.type for f in one.fields}
            for key, value in data.items():
                where = f"{path}.{key}" if path else key
                if key not in fields:
                    yield f"unknown key {where!r}{nearest(key, fields)}"
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


def _explained(message: str, data: object, shape: inspect.Type) -> str:
    found = _AT.match(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    missing = _MISSING.match(what)
    if missing is not None:
        where = f"{path}.{missing['key']}" if path else missing["key"]
        return f"key {where!r} is missing"
    what = what.replace("`", "")
    if what.startswith("Invalid enum value"):
        wrong = what.removeprefix("Invalid enum value").strip().strip("'")
        what = f"{wrong!r} is not known{nearest(wrong, _choices(shape, path))}"
    else:
        what = what[:1].lower() + what[1:]
    return f"key {path!r}: {what}" if path else what


def _choices(shape: inspect.Type, path: str) -> list[str]:
    """The words allowed at `path`, where the type there is an enum."""
    for part in re.findall(r"[^.\[\]]+|\[[^\]]*\]", path):
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
