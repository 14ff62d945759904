"""Units of time: their names, and conversion of times to float64 seconds.

`frame_rate.seconds()` uses this module for every time axis, whether it comes from a file, a table or a DataArray.
Integers are subtracted and divided as integers, because float64 cannot hold nanoseconds since 1970 exactly. The steps
between such times keep all their digits.
"""

import re
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

__all__ = ["SYMBOLS", "TimeUnit", "canonical", "of_dates", "of_numbers", "parsed"]

# symbol: seconds, other symbols (case matters), words (upper or lower case, with or without -s)
_UNITS: dict[str, tuple[Fraction, tuple[str, ...], tuple[str, ...]]] = {
    "s": (Fraction(1), (), ("sec", "second")),
    "ms": (Fraction(1, 10**3), (), ("msec", "millisec", "millisecond")),
    "us": (Fraction(1, 10**6), ("µs", "μs"), ("usec", "µsec", "μsec", "microsec", "microsecond")),  # two letters mu
    "ns": (Fraction(1, 10**9), (), ("nsec", "nanosec", "nanosecond")),
    "min": (Fraction(60), (), ("min", "minute")),
    "h": (Fraction(3600), (), ("hr", "hour")),
    "d": (Fraction(86400), (), ("day",)),
    "week": (Fraction(7 * 86400), (), ("week",)),
}
SYMBOLS = tuple(_UNITS)
_SPELLINGS = {text: symbol for symbol, (_, others, _) in _UNITS.items() for text in (symbol, *others)}
_WORDS = {word + end: symbol for symbol, (_, _, names) in _UNITS.items() for word in names for end in ("", "s")}

# units of NumPy's dates and durations, in seconds
_NUMPY = {
    "W": Fraction(7 * 86400),
    "D": Fraction(86400),
    "h": Fraction(3600),
    "m": Fraction(60),
    "s": Fraction(1),
    **{prefix + "s": Fraction(1, 1000**k) for k, prefix in enumerate("munpfa", 1)},
}

_DATE = re.compile(
    r"(\d{1,4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:\s+|T)(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(\.\d*)?)?)?)?"
    r"\s*(?:Z|UTC|GMT|([+-])(\d{1,2}):?(\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_CALENDARS = ("standard", "gregorian", "proleptic_gregorian")
_REFORM = datetime(1582, 10, 15)  # earlier dates of the standard calendar are Julian
_EPOCH = datetime(1970, 1, 1)
MAX_EXACT_INTEGER = 2**53  # float64 cannot hold every integer beyond this


class TimeUnit(NamedTuple):
    """A unit of time."""

    seconds: Fraction
    origin: Fraction | None = None  # date from which times are counted, in seconds since 1970-01-01 UTC


def parsed(text: str, calendar: str | None = None) -> TimeUnit:
    """Parse a unit of time, `<unit>` or `<unit> since <date>`, as CF and udunits spell it.

    Raises ValueError for an unknown unit, for a date that is not `year-month-day [hour:minute:second] [zone]`, and for
    a calendar other than that of datetime64.

    >>> parsed("msec").seconds
    Fraction(1, 1000)
    >>> float(parsed("hours since 1970-01-02 02:00 +02:00").origin)
    86400.0
    """
    symbol, date = _split(text)
    seconds = _UNITS[symbol][0]
    return TimeUnit(seconds) if date is None else TimeUnit(seconds, _reference(text, date, calendar))


def canonical(text: str) -> str:
    """A unit in the spelling of this package. Raises ValueError as `parsed` does.

    >>> canonical("Milliseconds"), canonical("µs"), canonical("secs since 2026-01-31")
    ('ms', 'us', 's since 2026-01-31')
    """
    symbol, date = _split(text)
    parsed(text)
    return symbol if date is None else f"{symbol} since {date}"


def _split(text: Any) -> tuple[str, str | None]:
    """The symbol of the unit, and the date after `since` if there is one."""
    parts = re.split(r"\s+since\s+", text.strip(), maxsplit=1, flags=re.IGNORECASE) if isinstance(text, str) else [""]
    symbol = _SPELLINGS.get(parts[0]) or _WORDS.get(parts[0].casefold())
    if symbol is None:
        raise ValueError(
            f"expected a unit of time, {', '.join(SYMBOLS)} or '<unit> since <date>', got {text!r}; convert the times "
            "to seconds and set the unit to 's'"
        )
    return symbol, parts[1] if len(parts) > 1 else None


def _reference(text: str, date: str, calendar: str | None) -> Fraction:
    """Seconds from 1970-01-01 UTC to a date."""
    known = str(calendar or "standard").lower()
    if known not in _CALENDARS:
        raise ValueError(
            f"expected one of the calendars {', '.join(_CALENDARS)} for {text!r}, got {calendar!r}; convert the times "
            "to seconds and set the unit to 's'"
        )
    found = _DATE.fullmatch(date.strip())
    try:
        if found is None:
            raise ValueError("another format")
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError as error:
        raise ValueError(
            f"expected a date, year-month-day hour:minute:second, in {text!r}, got {date!r} ({error}); correct it, or "
            "set the unit without a date"
        ) from None
    if moment < _REFORM and known != "proleptic_gregorian":
        raise ValueError(
            f"expected a date from 1582-10-15 on in {text!r}, got {date!r}, which is ambiguous in the calendar "
            f"{known}; set the calendar to 'proleptic_gregorian', or the unit without a date"
        )
    fraction, sign, hours, minutes = found.groups()[6:]
    zone = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    whole = (moment - zone - _EPOCH) // timedelta(seconds=1)
    return Fraction(whole) + Fraction(f"0{fraction}0" if fraction else 0)


def of_numbers(values: np.ndarray, unit: TimeUnit) -> tuple[np.ndarray, str | None]:
    """Convert numbers in a unit to float64 seconds; also return the date at which they start, if the unit has one.

    Times since a date become seconds since the first time that is present; its date is returned as ISO text. Other
    times are not shifted.

    >>> of_numbers(np.array([0, 40, 80]), parsed("ms"))
    (array([0.  , 0.04, 0.08]), None)
    >>> of_numbers(np.array([36000000, 36000040]), parsed("ms since 2026-01-01"))
    (array([0.  , 0.04]), '2026-01-01T10:00:00')
    """
    values = _exact(values)
    if unit.origin is None:
        return _scaled(values, unit.seconds), None
    present = values[np.isfinite(values)].ravel()
    first = present[0] if len(present) else values.dtype.type(0)
    start = unit.origin + Fraction(*first.item().as_integer_ratio()) * unit.seconds
    return _scaled(values - first, unit.seconds), _written(start)


def of_dates(values: np.ndarray) -> tuple[np.ndarray, str | None]:
    """Convert datetime64 or timedelta64 to float64 seconds, as `of_numbers` does. NaT becomes NaN."""
    kind, origin = ("datetime64", Fraction(0)) if values.dtype.kind == "M" else ("timedelta64", None)
    if np.datetime_data(values.dtype)[0] not in _NUMPY:  # years and months, or NaT without a unit
        values = values.astype(f"{kind}[s]")
    code, count = np.datetime_data(values.dtype)
    missing = np.isnat(values)
    numbers = values.astype(np.int64)
    if len(present := numbers[~missing].ravel()):
        numbers[missing] = present[0]  # NaT is stored as the smallest integer
    else:
        numbers[...] = 0
    seconds, start = of_numbers(numbers, TimeUnit(_NUMPY[code] * count, origin))
    return np.where(missing, np.nan, seconds), start


def _exact(values: np.ndarray) -> np.ndarray:
    """The numbers as int64 if they are integers with differences within int64, else as float64 or longer floats."""
    if values.dtype.kind in "iu":
        span = int(values.max()) - int(values.min()) if values.size else 0
        fits = span < 2**63 and (not values.size or int(values.max()) < 2**63)
        return values.astype(np.int64 if fits else np.float64)
    return values if values.dtype.itemsize > 8 else values.astype(np.float64)


def _scaled(values: np.ndarray, seconds: Fraction) -> np.ndarray:
    """Numbers times `seconds`, the length of their unit, as float64."""
    above, below = seconds.numerator, seconds.denominator
    if values.dtype.kind == "i" and values.size and below > 1 and np.abs(values).max() >= MAX_EXACT_INTEGER:
        whole, rest = np.divmod(values, below)
        scaled = whole.astype(np.float64) + rest / below
        return scaled * above if above > 1 else scaled
    return (values.astype(np.float64) if values.dtype.kind == "i" else values).astype(np.float64) * above / below


def _written(moment: Fraction) -> str:
    """Seconds since 1970-01-01 as ISO text, rounded to nanoseconds."""
    nanoseconds = round(moment * 10**9)
    whole, rest = divmod(nanoseconds, 10**9)
    text = str(np.datetime64(whole, "s"))
    return f"{text}.{rest:09d}".rstrip("0") if rest else text
