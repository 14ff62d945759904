"""Text of plots: titles that say measure, people and options, and the names of axes.

The first line of a title says what is plotted and of whom, the next ones the options. All fit into the plot.
"""

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import xarray as xr

from bitbox_xr.core.durations import seconds
from bitbox_xr.core.types import Attrs
from bitbox_xr.core.validation import counted
from bitbox_xr.core.variables import PERSON, RECORDING, SIGNAL1, SIGNAL2, VARIABLES
from bitbox_xr.inference.surrogate_numbers import smallest_p, too_few
from bitbox_xr.measures.results import largest_lag
from bitbox_xr.plotting.fitting import (
    POINTS_PER_INCH,
    fit_labels,
    fitted,
    literal,
    settled,
    shortened,
    space_of,
    text_width,
    unbroken,
)
from bitbox_xr.plotting.style import RC, TITLE_PT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = [
    "P_VALUES",
    "Of",
    "activation_rule",
    "attrs_of_part",
    "axis_text",
    "counts_text",
    "is_part",
    "of",
    "of_two",
    "options_text",
    "pair_of",
    "pair_text",
    "subject_text",
    "surrogates_text",
    "with_sign",
    "with_unit",
    "write_title",
]

MAX_OPTION_LINES = 3  # below the subject of a title, in narrow pictures; most need one
FIGURE_TITLE_X = 0.01  # where the title of a figure begins, as a share of its width
MAX_NAME = 60  # characters of the name of a person or recording; lines of text shorten it further
P_VALUES = {"p": "p", "p_fwe": "family-wise p", "q": "FDR q"}
MAX_EXTENSION = 8  # characters, with the dot
SEPARATORS = " ,;_-."
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
    "answered_above_chance": "share answered, corrected for chance",
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
    part = f"{condition} {data[condition].item()}" if is_part(data) else ""
    first, second = (str(attrs.get(f"source{side}", "")) for side in (1, 2))
    if "source" in attrs:  # a result of one person
        first = second = str(attrs["source"])
    if label:
        return Of("x", "y", ", ".join(filter(None, [label, part])))
    if first and first == second and not attrs.get("alone") and "source" not in attrs:
        return Of("x", "y", ", ".join(filter(None, [shortened(_stem(first), MAX_NAME), part])))
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
    return ", ".join(f"{name} {shortened(str(data[name].item()), MAX_NAME)}" for name in names)


def _stem(file: str) -> str:
    """The name of a file without its extension; of a description in several parts, the last one."""
    path = PurePath(file)
    if path.suffix and len(path.suffix) <= MAX_EXTENSION and " " not in path.suffix:
        return path.stem
    return file.split(", ")[-1]


def _distinct(first: str, second: str) -> tuple[str, str]:
    """Two names without the beginning and the end that both have, as far as whole words."""
    if first == second:
        return shortened(first, MAX_NAME), shortened(second, MAX_NAME)
    start = _shared_words(first, second)
    one, other = first[start:], second[start:]
    end = _shared_words(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    pair = (one, other) if one and other else (first, second)
    return shortened(pair[0], MAX_NAME), shortened(pair[1], MAX_NAME)


def _shared_words(first: str, second: str) -> int:
    """How many characters two names have in common at their beginning, up to the last separator."""
    same = next(
        (k for k, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
    return max(first.rfind(mark, 0, same) + 1 for mark in SEPARATORS)


# --- lines of titles


def subject_text(data: xr.Dataset | xr.DataArray) -> str:
    """The measure and whom it is of.

    >>> subject_text(xr.Dataset(attrs={"measure": "imitation", "source1": "anna.csv", "source2": "ben.csv"}))
    'Imitation of ben by anna'
    """
    who, measure = _as_words(of(data)), str(data.attrs.get("measure", ""))
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


def _as_words(who: Of) -> Of:
    return Of(*map(unbroken, who))


def pair_of(data: xr.Dataset | xr.DataArray) -> tuple[str, str]:
    """The two signals of a result of one pair."""
    return str(data[SIGNAL1].item()), str(data[SIGNAL2].item())


def pair_text(data: xr.Dataset | xr.DataArray, pair: tuple[str, str]) -> str:
    """The measure, and the two signals of a pair, each with its person.

    >>> attrs = {"measure": "imitation", "source1": "anna.csv", "source2": "ben.csv"}
    >>> pair_text(xr.Dataset(attrs=attrs), ("AU12", "AU06"))
    'Imitation: AU12 of anna, AU06 of ben'
    """
    who, measure = _as_words(of(data)), str(data.attrs.get("measure", ""))
    pair = unbroken(pair[0]), unbroken(pair[1])
    if data.attrs.get("alone"):
        text = f"{pair[0]} with {pair[1]}" + ("" if who.x == "x" else f" of {who.x}")
    else:
        text = f"{pair[0]} of {who.x}, {pair[1]} of {who.y}"
    text = f"{measure.capitalize()}: {text}" if measure else text
    return ", ".join(filter(None, [text, who.place]))


def attrs_of_part(data: xr.Dataset | xr.DataArray) -> Attrs:
    """The attributes of a result; of a label selected from several, with the number of windows of that label.

    The number is None if the result does not have it.

    >>> counts = xr.DataArray([7, 68], {"condition": ["calm", "talk"]}, "condition")
    >>> result = xr.Dataset({"n_windows": counts}, attrs={"by": "condition", "window_count": 75})
    >>> attrs_of_part(result)["window_count"], attrs_of_part(result.sel(condition="talk"))["window_count"]
    (75, 68)
    """
    if "window_count" not in data.attrs or not is_part(data):
        return data.attrs
    counts = data["n_windows"] if isinstance(data, xr.Dataset) and "n_windows" in data else None
    return {**data.attrs, "window_count": None if counts is None else int(counts.max())}


def is_part(data: xr.Dataset | xr.DataArray) -> bool:
    """Whether one label was selected from a result of several, such as one condition."""
    by = str(data.attrs.get("by", ""))
    return by in data.coords and not data[by].dims


def options_text(attrs: Attrs, count: int | None = None) -> list[str]:
    """The options of a result, the most important first; `count` is the number of windows with a correlation.

    >>> options_text({"window_count": 58, "width": 2.0, "step": 1.0, "max_lag": 1.0, "n": 199, "surrogates": "shift"})
    ['58 windows of 2 s', 'step 1 s', 'max_lag 1 s', '199 shift surrogates']
    """
    parts = []
    if "window_count" in attrs and "width" in attrs:
        number = attrs["window_count"]
        some = f"{count} of " if number is not None and count not in (None, int(number)) else ""
        windows = "windows" if number is None else counted(int(number), "window")
        parts.append(f"{some}{windows} of {seconds(attrs['width'])}")
        parts += [f"step {seconds(attrs['step'])}"] if "step" in attrs else []
        parts += [_max_lag_text(attrs)] if "max_lag" in attrs else []
    return [*parts, *surrogates_text(attrs)]


def _max_lag_text(attrs: Attrs) -> str:
    """The option max_lag, and how far lags reach if that is farther."""
    asked, largest = float(attrs["max_lag"]), largest_lag(attrs)
    farther = f" (lags to ±{seconds(largest)})" if largest > asked else ""
    return f"max_lag {seconds(asked)}{farther}"


def surrogates_text(attrs: Attrs) -> list[str]:
    """Number and kind of the surrogates, if the result has some; the smallest possible p if that is above .05."""
    if "n" not in attrs or "surrogates" not in attrs:
        return []
    few = f" (p ≥ {smallest_p(attrs['n'])})" if too_few(attrs) else ""
    return [f"{attrs['n']} {attrs['surrogates']} surrogates{few}"]


def activation_rule(attrs: Attrs) -> list[str]:
    """Which activations count, from the attributes of a result.

    >>> activation_rule({"min_rise": 0.3, "false_alarms_per_minute": 1.0})
    ['rise at least 0.3', 'at most 1 false alarm per minute']
    """
    rise, rate = (attrs.get(name) for name in ("min_rise", "false_alarms_per_minute"))
    text = [] if rise is None else [f"rise at least {rise:g}"]
    alarms = "false alarm" if rate == 1 else "false alarms"
    return text if rate is None else [*text, f"at most {rate:g} {alarms} per minute"]


def counts_text(few: int, many: int, what: str) -> str:
    """How many of all: '2 of 12 pairs'."""
    return f"{few} of {counted(many, what)}"


def write_title(where: "Axes | Figure | SubFigure", subject: str, options: list[str] | None = None) -> None:
    """Write a title at the left of axes or of a figure, and fit it and the labels of the axes into the figure.

    Call it when everything else is drawn. The first line is the subject, whose long names are shortened; it has two
    lines if one is too short for them. The options have the next line, and further ones if they need them. Options
    that do not fit are left out, the last ones first.
    """
    from matplotlib.axes import Axes

    write = _axes_title if isinstance(where, Axes) else _figure_title
    write(where, "\n".join([" "] * (1 + bool(options))))  # the layout leaves space for it
    settled(where)
    all_axes = [where, *_colour_bars(where)] if isinstance(where, Axes) else where.axes
    fit_labels(where, all_axes)
    width = _title_width(where)
    lines = [*fitted(subject, width, TITLE_PT, lines=2).split("\n"), *_lines(options or [], width)]
    text = "\n".join(filter(None, lines)).replace("\N{NO-BREAK SPACE}", " ")
    write(where, literal(text))
    if len(lines) > 1 + bool(options):  # further lines have made the axes lower
        settled(where)
        fit_labels(where, all_axes)


def _axes_title(ax: Any, text: str) -> None:
    ax.set_title(text, fontsize=TITLE_PT, loc="left", pad=RC["axes.titlepad"] + _height_of_legend_above(ax))


def _height_of_legend_above(ax: "Axes") -> float:
    """Height of a legend that lies above axes, in points; 0 without one."""
    if (legend := ax.get_legend()) is None:
        return 0.0
    box = legend.get_window_extent()
    return float(box.height) * POINTS_PER_INCH / ax.figure.dpi if box.y0 >= ax.get_window_extent().y1 - 1 else 0.0


def _figure_title(figure: Any, text: str) -> None:
    figure.suptitle(text, fontsize=TITLE_PT, x=FIGURE_TITLE_X, ha="left")


def _title_width(where: "Axes | Figure | SubFigure") -> float:
    """Space for a title, in points: to the right edge of the figure, or to the next axes."""
    from matplotlib.axes import Axes

    if isinstance(where, Axes):
        start = float(where.get_window_extent().x0)
        return space_of(where, vertical=False)[1] - start * POINTS_PER_INCH / where.figure.dpi
    return float((1 - FIGURE_TITLE_X) * where.bbox.width * POINTS_PER_INCH / where.dpi)


def _colour_bars(ax: "Axes") -> "list[Axes]":
    return [shown.colorbar.ax for shown in (*ax.images, *ax.collections) if shown.colorbar is not None]


def _lines(parts: list[str], width: float) -> list[str]:
    """The parts in lines of at most `width` points; those that do not fit into `MAX_OPTION_LINES` are left out."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]}, {part}" if lines else part
        if lines and text_width(f"{longer},", TITLE_PT) <= width:
            lines[-1] = longer
        elif len(lines) < MAX_OPTION_LINES:
            lines = [*lines[:-1], f"{lines[-1]},", part] if lines else [part]
        else:
            break
    return [fitted(line, width, TITLE_PT) for line in lines]


# --- text of axes


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


def with_unit(text: str, units: object) -> str:
    """A label of axes that Matplotlib draws as it is: a name, and its units if it has some.

    >>> with_unit("rise", "mm"), with_unit("rise", "1")
    ('rise, mm', 'rise')
    """
    return literal(text if units == "1" else f"{text}, {units}")


def with_sign(number: float) -> str:
    """A number with two decimals and a true minus; zero has no sign."""
    return f"{number:z.2f}".replace("-", "−")
