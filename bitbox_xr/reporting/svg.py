"""Matplotlib figures as SVG text that several of them can share a page of HTML with."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree  # only writes; what is parsed here is Matplotlib's own output

from bitbox_xr.plotting.style import RC

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["drawing", "inline_svg"]

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
METADATA = ("metadata", "style")  # elements that are left out: a style would apply to the whole page
INHERITED_STYLE = "stroke-linejoin: round; stroke-linecap: butt"  # what Matplotlib's style element says
MAX_VECTOR_POINTS = 3000  # of an artist; beyond, an image is smaller
IMAGE_DPI = 200
MM_PER_INCH = 25.4
# Pictures have the sizes and fonts of a journal. A screen shows them larger, a telephone at least a little so.
SCREEN_SCALE, MIN_SCALE = 1.6, 1.05


@contextmanager
def drawing(number: int, width: float, height: float) -> Iterator["Figure"]:
    """Yield a new figure of this size (mm) for the picture `number` of a page, with the settings for its SVG."""
    import matplotlib
    from matplotlib.figure import Figure

    # axes that are made before a plot draws on them have its style too; text stays text, can be searched and is small
    settings: Any = {**RC, "svg.fonttype": "none", "svg.hashsalt": f"bitbox_xr {number}"}  # keys are literals
    with matplotlib.rc_context(settings):
        yield Figure(figsize=(width / MM_PER_INCH, height / MM_PER_INCH), layout="constrained")


def inline_svg(figure: "Figure", number: int, description: str) -> str:
    """The figure as an element `svg`, with its own ids and with `description` for screen readers."""
    _rasterise_large(figure)
    stream = io.StringIO()
    figure.savefig(stream, format="svg", dpi=IMAGE_DPI, transparent=True, metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(stream.getvalue())
    _remove(root)
    _rename_ids(root, f"figure{number}-")
    width = float(root.attrib.pop("width").removesuffix("pt"))
    root.attrib.pop("height")
    size = f"width: {SCREEN_SCALE * width:.0f}pt; min-width: {MIN_SCALE * width:.0f}pt"
    attributes = {"role": "img", "aria-label": description, "style": f"{INHERITED_STYLE}; {size}"}
    root.attrib.update(attributes)
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _rasterise_large(figure: "Figure") -> None:
    """Draw artists with very many points as images, and meshes such as colour bars, whose cells show gaps in print."""
    from matplotlib.collections import QuadMesh

    for ax in figure.axes:
        for line in ax.lines:
            line.set_rasterized(len(line.get_xdata()) > MAX_VECTOR_POINTS)  # type: ignore[arg-type]
        for group in ax.collections:
            many = max(len(group.get_offsets()), len(group.get_paths()))  # type: ignore[arg-type]
            group.set_rasterized(isinstance(group, QuadMesh) or many > MAX_VECTOR_POINTS)


def _remove(element: ElementTree.Element) -> None:
    for child in list(element):
        if child.tag.rpartition("}")[2] in METADATA:
            element.remove(child)
        else:
            _remove(child)


def _rename_ids(root: ElementTree.Element, prefix: str) -> None:
    """Put `prefix` before every id and every reference to one. Text is not touched."""
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, prefix + value)
            elif value.startswith("#") and name.rpartition("}")[2] == "href":
                element.set(name, f"#{prefix}{value[1:]}")
            elif "url(#" in value:
                element.set(name, value.replace("url(#", f"url(#{prefix}"))
