"""Draws the layers of the package from the import-linter contract in pyproject.toml; conf.py calls `draw`."""

import ast
import tomllib
from pathlib import Path
from textwrap import wrap

PROJECT = Path(__file__).parents[1]

WIDTH, ROW, GAP = 9.0, 0.74, 0.26  # inches


def layers(pyproject: Path = PROJECT / "pyproject.toml") -> list[list[str]]:
    """The rows of the layers contract, top first; packages that share a row do not import each other."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    contract = next(contract for contract in contracts if contract["type"] == "layers")
    return [[name.strip("() ") for name in row.replace("|", ":").split(":")] for row in contract["layers"]]


def purpose(name: str, package: Path = PROJECT / "bitbox_xr") -> str:
    """The first line of a package's or module's docstring."""
    file = package / name / "__init__.py"
    text = (file if file.exists() else package / f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0].replace("`", "").rstrip(".")


def draw(rows: list[list[str]], purposes: dict[str, str], file: Path) -> None:
    """An SVG with a line of boxes for each row, top first; an arrow from each row to the next."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    height = len(rows) * (ROW + GAP)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "layers", "font.family": "sans-serif"}):
        figure = Figure(figsize=(WIDTH, height))
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
        axes.set_axis_off()
        for k, row in enumerate(rows):
            top, box = GAP / 2 + k * (ROW + GAP), (WIDTH - GAP * (len(row) + 1)) / len(row)
            for j, name in enumerate(row):
                _box(axes, GAP + j * (box + GAP), top, box, name, purposes[name])
            if k + 1 < len(rows):
                ends = {"xy": (WIDTH / 2, top + ROW + GAP), "xytext": (WIDTH / 2, top + ROW)}
                axes.annotate("", **ends, arrowprops={"arrowstyle": "->", "color": "#555555"})
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, format="svg", metadata={"Date": None}, facecolor="white")


def _box(axes, left: float, top: float, width: float, name: str, text: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    style = {"boxstyle": "round,pad=0,rounding_size=0.08", "facecolor": "#eef3fa", "edgecolor": "#33557f"}
    axes.add_patch(FancyBboxPatch((left, top), width, ROW, **style))
    middle = left + width / 2
    axes.text(middle, top + 0.2, name, ha="center", va="center", fontsize=11, weight="bold")
    lines = wrap(text, int(width * 15), max_lines=2, placeholder=" …")
    axes.text(middle, top + 0.52, "\n".join(lines), ha="center", va="center", fontsize=8, color="#333333")
