"""The TOML file of a study: its measures and how its files become signals, for `run(config=…)` and the command line."""

import hashlib
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bitbox_xr.cohort.options import Request
from bitbox_xr.core.validation import listed, path_of

__all__ = ["Config", "read_config"]

Check = Callable[[object], bool]


class Config(NamedTuple):
    """A TOML file: its path, its content with the hash, and what it asks for."""

    file: Path
    content: bytes
    request: Request

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.content).hexdigest()


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _are_tables(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_table, value))


# key, what it must be, the field of Request that it becomes
KEYS: dict[str, tuple[Check, str, str]] = {
    "measures": (_is_table, "a table with a table for each measure, [measures.imitation]", "measures"),
    "read": (_is_table, "a table with options of open_signals(), [read]", "reader"),
    "align": (lambda value: isinstance(value, bool | Mapping), "true, or a table with options of align()", "align"),
    "by": (lambda value: isinstance(value, str), "a name for the labels of intervals", "by"),
    "each_interval": (lambda value: isinstance(value, bool), "true or false", "each_interval"),
    "intervals": (_is_table, "a table with options of open_intervals(), [intervals]", "intervals"),
    "mask": (_are_tables, "tables, [[mask]]", "mask"),
    "prepare": (_are_tables, "tables, [[prepare]]", "prepare"),
}
REMEDY = "write options of a measure under [measures.NAME], those of reading files under [read]"


def read_config(file: str | os.PathLike[str]) -> Config:
    """Read the TOML file of a study; faults of its keys are in the request, with which they are reported.

    Raises FileNotFoundError if there is no such file, ValueError if it is not TOML.
    """
    path = path_of("cohort", file)
    if not path.is_file():
        raise FileNotFoundError(f"expected a TOML file of a study, got {path}, which does not exist")
    content = path.read_bytes()
    try:
        given = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path.name}: expected TOML, got an error ({error}); correct the file") from None
    return Config(path, content, _request(given, path.name))


def _request(given: Mapping[str, Any], name: str) -> Request:
    unknown = [key for key in given if key not in KEYS]
    faults = [f"expected the keys {', '.join(KEYS)}, got {listed(unknown)}; {REMEDY}"] if unknown else []
    fields: dict[str, Any] = {"measures": {}}
    for key, (check, expected, field) in KEYS.items():
        if key in given:
            if check(given[key]):
                fields[field] = given[key]
            else:
                faults.append(f"{key}: expected {expected}, got {given[key]!r}")
    bad = [measure for measure, own in fields["measures"].items() if not isinstance(own, Mapping)]
    faults += [f"measures.{measure}: expected a table of options, got {fields['measures'].pop(measure)!r}"
               for measure in bad]  # fmt: skip
    return Request(**fields, subject=name, faults=tuple(faults))
