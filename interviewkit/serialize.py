"""The shared model as plain JSON values and back: words as they are, times as ISO 8601 with `Z`, references as text."""

from __future__ import annotations

import enum
import functools
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from interviewkit.errors import InterviewKitError, InvalidArgumentError
from interviewkit.model import LazySlot, Report, SessionRef

if TYPE_CHECKING:
    import cattrs

T = TypeVar("T")

_PLAIN: frozenset[Any] = frozenset(one | None for one in (str, bool, int, float))
"""Types that JSON has too: there is nothing to write differently."""
_NOT_IN_A_LINE = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Letters that JSON allows but that break lines, steer a terminal or have no UTF-8 form."""


def to_json(value: Any) -> dict[str, Any]:
    """An object of the shared model as a dict of plain JSON values, `raw` included.

    Raises `InvalidArgumentError` for a time without a zone.
    """
    made: dict[str, Any] = _converter().unstructure(value)
    return made


def to_encodable(value: Any) -> dict[str, Any]:
    """What `to_json` gives, but without any `raw`, and with times as they are, in UTC: msgspec writes them faster.

    Raises `InvalidArgumentError` for a time without a zone.
    """
    made: dict[str, Any] = _encodable().unstructure(value)
    return made


def dumps(value: Any) -> str:
    """An object of the shared model, or a plain JSON value, as one line of JSON.

    Raises `InvalidArgumentError` for what JSON has no word for.
    """
    plain = _converter().unstructure(value)
    try:
        text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError):
        raise InvalidArgumentError("this cannot be written as JSON") from None
    return _NOT_IN_A_LINE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def from_json(data: Any, shape: type[T]) -> T:
    """What `to_json` wrote, as the class it was (`Report`, `Session`, `Assessment`, `Invitation`, ...).

    Raises `InvalidArgumentError` that names the paths that do not fit, never their values.
    """
    from cattrs import transform_error
    from cattrs.errors import BaseValidationError

    try:
        return _converter().structure(data, shape)
    except BaseValidationError as error:
        paths = {text.rpartition(" @ ")[2] for text in transform_error(error)}
        raise InvalidArgumentError(f"not a {shape.__name__} as to_json writes it: {', '.join(sorted(paths))}") from None
    except (AttributeError, TypeError, ValueError, RecursionError):
        raise InvalidArgumentError(f"not a {shape.__name__} as to_json writes it") from None


def report_from_json(data: Any) -> Report:
    """The report that `to_json` wrote, equal to the one it was made of, `raw` included.

    Raises `InvalidArgumentError` that names the paths that do not fit.
    """
    return from_json(data, Report)


@functools.cache
def _converter() -> cattrs.Converter:
    made = _writer(_write_time)
    made.register_structure_hook(SessionRef, _read_ref)
    made.register_structure_hook(datetime, _read_time)
    for plain in (str, bool, int, float):
        made.register_structure_hook(plain, _strict)
    made.register_structure_hook_func(_is_mapping, _read_mapping)
    made.register_structure_hook_factory(_is_tuple, functools.partial(_tuple_reader, made))
    return made


@functools.cache
def _encodable() -> cattrs.Converter:
    from cattrs.gen import make_dict_unstructure_fn, override

    made = _writer(_in_utc)
    made.register_unstructure_hook_factory(
        lambda shape: isinstance(getattr(shape, "raw", None), LazySlot),
        lambda shape: make_dict_unstructure_fn(shape, made, raw=override(omit=True)),
    )
    return made


def _writer(write_time: Callable[[datetime], Any]) -> cattrs.Converter:
    import cattrs
    from cattrs.fns import identity  # by this one cattrs knows that it has nothing to call

    made = cattrs.Converter(forbid_extra_keys=True)
    made.register_unstructure_hook(datetime, write_time)
    made.register_unstructure_hook(SessionRef, str)
    made.register_unstructure_hook(InterviewKitError, _write_error)
    made.register_unstructure_hook_factory(_is_tuple, functools.partial(_tuple_writer, made))
    made.register_unstructure_hook_func(_is_raw, identity)
    made.register_unstructure_hook_func(lambda shape: shape in _PLAIN, identity)
    return made


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise InvalidArgumentError("a time without a zone cannot be written")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _write_time(value: datetime) -> str:
    return _in_utc(value).isoformat().removesuffix("+00:00") + "Z"


def _write_error(error: InterviewKitError) -> dict[str, str]:
    return {"error": type(error).__name__, "message": str(error)}


def _read_time(value: Any, _shape: Any) -> datetime:
    found = datetime.fromisoformat(_strict(value, str))
    if found.tzinfo is None:
        raise ValueError("no zone")
    return found.astimezone(UTC)


def _read_ref(value: Any, _shape: Any) -> SessionRef:
    return SessionRef.parse(_strict(value, str))


def _strict(value: Any, shape: Any) -> Any:
    if value.__class__ is shape or (shape is float and value.__class__ is int):
        return value
    if value.__class__ is str and issubclass(shape, enum.StrEnum):  # a StrEnum is read by the hook of str
        return shape(value)
    raise TypeError("another type")


def _is_tuple(shape: Any) -> bool:
    return shape is tuple or getattr(shape, "__origin__", None) is tuple


def _tuple_writer(made: cattrs.Converter, shape: Any) -> Any:
    if shape is tuple:
        return lambda values: [made.unstructure(value) for value in values]
    write = made.get_unstructure_hook(shape.__args__[0])
    return lambda values: [write(value) for value in values]


def _tuple_reader(made: cattrs.Converter, shape: Any) -> Any:
    row = shape.__args__[0]

    def read(value: Any, _shape: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise TypeError("not a list")
        return tuple(made.structure(one, row) for one in value)

    return read


def _is_raw(shape: Any) -> bool:
    return getattr(shape, "__origin__", None) is dict


def _is_mapping(shape: Any) -> bool:
    return getattr(shape, "__origin__", None) in {dict, Mapping}


def _read_mapping(value: Any, _shape: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value
