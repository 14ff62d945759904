"""Selection by names of signals; messages name the nearest one, since trackers call the same unit AU12 or AU12_r."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, TypeVar

import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import listed

__all__ = ["nearest_name", "selected", "unknown_name"]

T = TypeVar("T", xr.DataArray, xr.Dataset)
MIN_LIKENESS = 0.7  # of names, as difflib measures it


def unknown_name(what: str, name: object, known: Iterable[object]) -> str:
    """Fault of a name that is not among the known ones; it names the nearest one, if there is one.

    >>> unknown_name("a signal of x", "AU12", ["AU04_r", "AU06_r", "AU12_r"])
    "expected a signal of x (AU04_r, AU06_r, AU12_r), got 'AU12'; the nearest name is 'AU12_r'"
    >>> unknown_name("a signal", "smile", ["AU04", "AU12"])
    "expected a signal (AU04, AU12), got 'smile'"
    """
    names = [str(one) for one in known]
    return f"expected {what} ({listed(names)}), got {name!r}{nearest_name(name, names)}"


def nearest_name(name: object, known: Iterable[object]) -> str:
    """The end of a message on an unknown name: the nearest one of the known names, if there is one.

    >>> nearest_name("maxlag", ["width", "max_lag"])
    "; the nearest name is 'max_lag'"
    """
    found = _nearest(str(name), [str(one) for one in known])
    return "" if found is None else f"; the nearest name is {found!r}"


def selected(obj: T, labels: dict[str, Any]) -> T:
    """Select by labels as `.sel()` does; raise KeyError with all labels of text dimensions that are not there."""
    faults = []
    for dim, label in labels.items():
        if dim not in obj.dims or dim not in obj.coords or obj[dim].dtype.kind not in "OUT" or isinstance(label, slice):
            continue
        known = obj[dim].values.tolist()
        asked = [label] if isinstance(label, str) else getattr(label, "values", label)
        faults += [unknown_name(f"a label of {dim}", one, known) for one in asked if one not in known]
    refuse("sel()", faults, KeyError)
    return obj.sel(labels)


def _nearest(name: str, names: list[str]) -> str | None:
    """The name with the same letters and the same number, or else the most similar one."""
    by_key = {_key(one): one for one in reversed(names)}
    if _key(name) in by_key:
        return by_key[_key(name)]
    keys = get_close_matches(_key(name), by_key, n=1, cutoff=MIN_LIKENESS)
    return by_key[keys[0]] if keys and not re.match(r"au\d", keys[0]) else None


def _key(name: str) -> str:
    """What two trackers' names of one signal have in common.

    >>> _key("AU12_r"), _key("AU 12"), _key("AU6 Evidence"), _key("mouthSmile_Left")
    ('au12', 'au12', 'au6', 'mouthsmileleft')
    """
    if unit := re.match(r"au ?0*(\d+)(?![0-9a-z])", name.lower().replace("_", " ")):
        return f"au{unit[1]}"
    return re.sub(r"[^0-9a-z]", "", name.lower())
