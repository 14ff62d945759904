"""Text of plots: titles that say measure, people and options, and the names of axes.

A title has two lines: what is plotted and of whom, and the options. Each line is shortened to the width of the plot.
"""

import textwrap
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

import xarray as xr

from bitbox_xr.core.durations import seconds
from bitbox_xr.core.types import Attrs
from bitbox_xr.core.validation import counted
from bitbox_xr.core.variables import PERSON, RECORDING, SIGNAL1, SIGNAL2, VARIABLES
from bitbox_xr.inference.surrogate_numbers import too_few
from bitbox_xr.plotting.style import POINTS_PER_INCH, TITLE_PT, largest_lag

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = [
    "P_VALUES",
    "Of",
    "axis_text",
    "counts_text",
    "literal",
    "of",
    "of_two",
    "options_text",
    "pair_of",
    "pair_text",
    "shortened",
    "subject_text",
    "surrogates_text",
    "with_sign",
    "wrapped",
    "wrapped_to_points",
    "write_title",
]

CHARACTER_WIDTH = 0.56  # of the font size, for an average character
MIN_CHARACTERS_PER_LINE = 12
MAX_NAME = 28  # characters of the name of a person or recording
P_VALUES = {"p": "p", "p_fwe": "family-wise p", "q": "FDR q"}
MAX_EXTENSION = 8  # characters, with the dot
SEPARATORS = " ,;_-."
MARGIN_PT = 4.0
NAMES = {  # short names of axes; the table of variables has long ones
    "lag": "lag",
    "corr": "correlation",
    "corr_mean": "mean correlation",
    "corr_abs_mean": "mean absolute correlation",
    "corr_std": "standard deviation of the correlation",
    "corr_lag": "mean lag",
    "best_lag": "best lag",
    "profile": "mean correlation",
    "window": "time (middle of the window)",
    "surrogate_z": "standard deviations above chance",
    "p": "p of the pair",
    "p_fwe": "family-wise p",
    "q": "false discovery rate q",
    "excess": "mean correlation minus chance",
    "observed": "mean correlation",
    "answered": "share answered",
    "answered_above_chance": "share answered minus chance",
}


class Of(NamedTuple):
    """Whom a result is of: names for x and y, and the recording or condition, each "" if not known."""

    x: str
    y: str
    place: str


# --- names of people and recordings


def of(data: xr.Dataset | xr.DataArray) -> Of:
    """Whom a result is of.

    The label of a recording that was selected from several names it. Then the names of files are not used, because
    `xr.concat` keeps those of the first recording. Parts that the names of both files share are left out.

    >>> of(xr.Dataset(attrs={"source1": "dyad07_child.csv", "source2": "dyad07_mother.csv"}))
    Of(x='child', y='mother', place='')
    >>> of(xr.Dataset(coords={"recording": "P02"}, attrs={"source1": "P01_child.csv", "source2": "P01_mother.csv"}))
    Of(x='x', y='y', place='recording P02')
    """
    attrs, label = data.attrs, _label(data)
    condition = str(attrs.get("by", ""))
    part = f"{condition} {data[condition].item()}" if condition in data.coords and not data[condition].dims else ""
    first, second = (str(attrs.get(f"source{side}", "")) for side in (1, 2))
    if "source" in attrs:  # a result of one person
        first = second = str(attrs["source"])
    if label:
        return Of("x", "y", ", ".join(filter(None, [label, part])))
    if first and first == second and not attrs.get("alone") and "source" not in attrs:
        return Of("x", "y", ", ".join(filter(None, [shortened(_stem(first)), part])))
    return Of(*_distinct(_stem(first) or "x", _stem(second) or "y"), part)


def of_two(x: object, y: object) -> Of:
    """Whom two recordings are of; each may be anything that `signals()` takes."""
    sides = [one if isinstance(one, xr.DataArray) else xr.DataArray() for one in (x, y)]
    sources = {f"source{k}": str(side.attrs.get("source", "")) for k, side in enumerate(sides, 1)}
    labels = [coord for name, coord in sides[0].coords.items() if not coord.dims]
    return of(xr.Dataset(coords={str(coord.name): coord for coord in labels}, attrs=sources))


def _label(data: xr.Dataset | xr.DataArray) -> str:
    """Name and label of the recording or person that was selected from several; "" if none was."""
    known = [name for name in (RECORDING, PERSON) if name in data.coords and not data[name].dims]
    labels = [str(name) for name, coord in data.coords.items() if not coord.dims and coord.dtype.kind in "UOT"]
    known_names = {*VARIABLES, SIGNAL1, SIGNAL2, data.attrs.get("by")}
    own = [name for name in labels if name.rstrip("12") not in VARIABLES and name not in known_names]
    names = known or own[:1]
    return ", ".join(f"{name} {shortened(str(data[name].item()))}" for name in names)


def _stem(file: str) -> str:
    """The name of a file without its extension; of a description in several parts, the last one."""
    path = PurePath(file)
    if path.suffix and len(path.suffix) <= MAX_EXTENSION and " " not in path.suffix:
        return path.stem
    return file.split(", ")[-1]


def _distinct(first: str, second: str) -> tuple[str, str]:
    """Two names without the beginning and the end that both have, as far as whole words."""
    if first == second:
        return shortened(first), shortened(second)
    start = _shared_words(first, second)
    one, other = first[start:], second[start:]
    end = _shared_words(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    return (shortened(one), shortened(other)) if one and other else (shortened(first), shortened(second))


def _shared_words(first: str, second: str) -> int:
    """How many characters two names have in common at their beginning, up to the last separator."""
    same = next(
        (k for k, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
    return max(first.rfind(mark, 0, same) + 1 for mark in SEPARATORS)


def shortened(name: str, most: int = MAX_NAME) -> str:
    """The beginning and the end of a long name, at most `most` characters in all."""
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-(most // 2) :]}"


# --- lines of titles


def subject_text(data: xr.Dataset | xr.DataArray) -> str:
    """The measure and whom it is of.

    >>> subject_text(xr.Dataset(attrs={"measure": "imitation", "source1": "anna.csv", "source2": "ben.csv"}))
    'Imitation of ben by anna'
    """
    who, measure = of(data), str(data.attrs.get("measure", ""))
    if not measure:
        return who.place
    if measure == "imitation":
        text = f"Imitation of {who.y} by {who.x}"
    elif measure == "contingency":
        text = f"Answers of {who.x} to {who.y}"
    elif data.attrs.get("alone"):
        text = "Coordination" if who.x == "x" else f"Coordination within {who.x}"
    elif measure == "coordination":
        text = f"Coordination of {who.x} with {who.y}"
    else:
        text = measure.capitalize() if who.x == "x" else f"{measure.capitalize()} of {who.x}"
    return ", ".join(filter(None, [text, who.place]))


def pair_of(data: xr.Dataset | xr.DataArray) -> tuple[str, str]:
    """The two signals of a result of one pair."""
    return str(data[SIGNAL1].item()), str(data[SIGNAL2].item())


def pair_text(data: xr.Dataset | xr.DataArray, pair: tuple[str, str]) -> str:
    """The measure, and the two signals of a pair, each with its person.

    >>> attrs = {"measure": "imitation", "source1": "anna.csv", "source2": "ben.csv"}
    >>> pair_text(xr.Dataset(attrs=attrs), ("AU12", "AU06"))
    'Imitation: AU12 of anna, AU06 of ben'
    """
    who, measure = of(data), str(data.attrs.get("measure", ""))
    if data.attrs.get("alone"):
        text = f"{pair[0]} with {pair[1]}" + ("" if who.x == "x" else f" of {who.x}")
    else:
        text = f"{pair[0]} of {who.x}, {pair[1]} of {who.y}"
    text = f"{measure.capitalize()}: {text}" if measure else text
    return ", ".join(filter(None, [text, who.place]))


def options_text(attrs: Attrs, count: int | None = None) -> list[str]:
    """The options of a result, the most important first; `count` is the number of windows with a correlation.

    >>> options_text({"window_count": 58, "width": 2.0, "step": 1.0, "max_lag": 1.0, "n": 199, "surrogates": "shift"})
    ['58 windows of 2 s', 'step 1 s', 'max_lag 1 s', '199 shift surrogates']
    """
    parts = []
    if "window_count" in attrs and "width" in attrs:
        number = int(attrs["window_count"])
        some = f"{count} of " if count not in (None, number) else ""
        parts.append(f"{some}{counted(number, 'window')} of {seconds(attrs['width'])}")
        parts += [f"step {seconds(attrs['step'])}"] if "step" in attrs else []
        parts += [_max_lag_text(attrs)] if "max_lag" in attrs else []
    return [*parts, *surrogates_text(attrs)]


def _max_lag_text(attrs: Attrs) -> str:
    """The option max_lag, and how far lags reach if that is farther."""
    farther = f" (lags to ±{seconds(largest_lag(attrs))})" if largest_lag(attrs) > float(attrs["max_lag"]) else ""
    return f"max_lag {seconds(attrs['max_lag'])}{farther}"


def surrogates_text(attrs: Attrs) -> list[str]:
    """Number and kind of the surrogates, if the result has some."""
    if "n" not in attrs or "surrogates" not in attrs:
        return []
    few = " (too few)" if too_few(attrs) else ""
    return [f"{attrs['n']} {attrs['surrogates']} surrogates{few}"]


def counts_text(few: int, many: int, what: str) -> str:
    """How many of all: '2 of 12 pairs'."""
    return f"{few} of {counted(many, what)}"


def write_title(
    where: "Axes | Figure | SubFigure", subject: str, options: list[str] | None = None, width: float | None = None
) -> None:
    """Write a title of at most two lines at the left of axes or of a figure, in at most `width` points.

    Options that do not fit into the second line are left out, the last ones first.
    """
    from matplotlib.axes import Axes

    size = (where.figure if isinstance(where, Axes) else where).bbox.width * POINTS_PER_INCH
    size /= where.figure.dpi if isinstance(where, Axes) else where.dpi
    start = where.get_position().x0 if isinstance(where, Axes) else 0.0
    width = size * (1 - start) - MARGIN_PT if width is None else width
    lines = [_cut(subject, width), _joined(options or [], width)]
    text = literal("\n".join(filter(None, lines)))
    if isinstance(where, Axes):
        where.set_title(text, fontsize=TITLE_PT, loc="left")
    else:
        where.suptitle(text, fontsize=TITLE_PT, x=0.01, ha="left")


def _cut(text: str, width: float) -> str:
    """`text` in at most `width` points, without its middle if it is longer."""
    most = len(text)
    while most > MIN_CHARACTERS_PER_LINE and _width(shortened(text, most)) > width:
        most -= 1
    return shortened(text, most)


def _joined(parts: list[str], width: float) -> str:
    while len(parts) > 1 and _width(", ".join(parts)) > width:
        parts = parts[:-1]
    return _cut(", ".join(parts), width)


def _width(text: str) -> float:
    """Width of a line of a title, in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    return float(text_to_path.get_text_width_height_descent(text, FontProperties(size=TITLE_PT), ismath=False)[0])


# --- text of Matplotlib


def literal(text: str) -> str:
    """`text`, escaped so that Matplotlib draws exactly these characters, whatever is between its dollar signs.

    Names of signals, recordings and files are not formulas. The text itself is escaped, because Matplotlib creates
    further artists for ticks and legends, also long after a plot is drawn.
    """
    import matplotlib

    # with formulas switched off, artists would show the backslash
    return text.replace("$", r"\$") if matplotlib.rcParams["text.parse_math"] else text


def axis_text(values: xr.DataArray) -> str:
    """Name and units of a variable, for an axis label: a short name, or the variable's own long name.

    >>> axis_text(xr.DataArray(0.5, name="corr_lag", attrs=VARIABLES["corr_lag"]._asdict()))
    'mean lag,\\xa0s'
    """
    name, units = str(values.name), str(values.attrs.get("units", "1"))
    own = str(values.attrs.get("long_name", name))
    usual = name in NAMES and (own == VARIABLES[name].long_name or own.startswith(NAMES[name]))
    text = NAMES[name] if usual else own
    return text if units == "1" else f"{text},\N{NO-BREAK SPACE}{units}"


def wrapped(text: str, width: int) -> str:
    """`text` in lines of at most `width` characters, escaped by `literal`."""
    return literal("\n".join(textwrap.wrap(text, width)))


def wrapped_to_points(text: str, width: float, size: float) -> str:
    """`text` of font size `size` in lines of at most `width` points, escaped by `literal`."""
    return wrapped(text, _characters(width, size))


def _characters(width: float, size: float) -> int:
    return max(MIN_CHARACTERS_PER_LINE, int(width / (CHARACTER_WIDTH * size)))


def with_sign(number: float) -> str:
    """A number with two decimals and a true minus; zero has no sign."""
    return f"{number:z.2f}".replace("-", "−")
