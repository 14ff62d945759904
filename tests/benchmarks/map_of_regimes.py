"""Map of speed: imitation in many regimes, compared with Bitbox, sliding-window products and running sums.

    python -m pip install bitbox==2025.10.dev2 -e .
    python tests/benchmarks/map_of_regimes.py                     # the whole grid, a few hours
    python tests/benchmarks/map_of_regimes.py --sample 100        # 100 cells at random
    python tests/benchmarks/map_of_regimes.py --draw-only         # draws the cells measured so far

The grid has 1, 2, 6, 17, 52, 79, 153 and 1434 signals; 20 s, 5 min and 1 h; and several window widths, lags and steps.
All implementations run in one process, one after the other, in rounds; a time is the least over the rounds after a
first round, so that other work on the machine disturbs it little. Others that are far from the fastest in the first
round are not repeated. Each cell is added to a file when it is done (`--results`); an interrupted run continues there.
A cell or an implementation of more than a minute or 2 GB is left out and listed.
"""

import argparse
import gc
import json
import time
import warnings
from pathlib import Path

import numpy as np

from regimes import OTHERS, SIGNALS, Regime, bitbox_xr, grid

MAX_SECONDS, MAX_BYTES = 60.0, 2e9
ROUNDS, SECONDS_PER_CELL = 7, 4.0  # no round starts after so many seconds
PAUSE = 0.03  # s before each call: threads of BLAS occupy the cores for a while after a product
RIVAL = 3  # others that take so many times as long as the fastest of them are not repeated
SHORT = 0.002  # s; regimes in which the best of the others takes less are not judged
OURS = "bitbox_xr"
Cell = dict[str, float | str]


# --- measurement


def measured(regime: Regime) -> Cell:
    """Least seconds of each implementation, or the reason why one is left out."""
    cell: Cell = dict(regime._asdict())
    if regime.result_bytes > MAX_BYTES:
        return cell | {OURS: f"a result of {regime.result_bytes / 1e9:.1f} GB"}
    calls = {OURS: bitbox_xr}
    for name, other in OTHERS.items():
        seconds, size = other.seconds(regime), other.bytes(regime)
        if seconds > MAX_SECONDS or size > MAX_BYTES:
            cell[name] = f"about {seconds:.3g} s and {size / 1e9:.3g} GB"
        else:
            calls[name] = other.prepare
    if len(calls) == 1:
        return cell | {OURS: "all others are left out"}
    sides = regime.recordings()
    return cell | least_times({name: prepare(*sides, regime) for name, prepare in calls.items()})


def least_times(calls) -> Cell:
    """Least seconds of each call over rounds of alternating calls, after a first round.

    Calls that take several times as long as the fastest of the others in the first round are not repeated.
    """
    first: dict[str, float] = {}
    failed: Cell = {}
    for name, call in calls.items():
        try:
            first[name] = seconds_of(call)
        except (ImportError, MemoryError) as error:
            failed[name] = f"{type(error).__name__}: {error}"
    fastest = min((seconds for name, seconds in first.items() if name != OURS), default=0.0)
    times: dict[str, list[float]] = {name: [] for name in first if name == OURS or first[name] <= RIVAL * fastest}
    started = time.perf_counter()
    for _ in range(ROUNDS):
        if time.perf_counter() - started > SECONDS_PER_CELL:
            break
        for name, found in times.items():
            found.append(seconds_of(calls[name]))
    return failed | first | {name: min(found) for name, found in times.items()}


def seconds_of(call) -> float:
    time.sleep(PAUSE)
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


# --- evaluation


def best_of_others(cell: Cell) -> tuple[float, str]:
    """Seconds and name of the fastest other implementation."""
    return min((seconds, name) for name in OTHERS if isinstance(seconds := cell.get(name), float))


def ratio(cell: Cell) -> float:
    """How many times faster than the fastest of the others; NaN where nothing can be compared."""
    ours = cell[OURS]
    if isinstance(ours, str) or not any(isinstance(cell.get(name), float) for name in OTHERS):
        return float("nan")
    return best_of_others(cell)[0] / ours


def line(cell: Cell) -> str:
    regime = "".join(f"{cell[name]:>8}" for name in Regime._fields)
    times = "".join(
        f"{seconds:12.5f}" if isinstance(seconds := cell.get(name), float) else f"{'–':>12}" for name in (OURS, *OTHERS)
    )
    if np.isnan(ratio(cell)):
        return f"{regime}{times}   left out: {cell[OURS]}"
    seconds, name = best_of_others(cell)
    note = "  (under 2 ms)" if seconds <= SHORT else ""
    return f"{regime}{times} {ratio(cell):8.2f} x {name}{note}"


HEADER = "".join(f"{name:>8}" for name in Regime._fields) + "".join(f"{name[:11]:>12}" for name in (OURS, *OTHERS))


def report(cells: list[Cell]) -> None:
    """Print what was left out, the ten cells with the smallest ratios, and a summary."""
    compared = [cell for cell in cells if not np.isnan(ratio(cell))]
    judged = [cell for cell in compared if best_of_others(cell)[0] > SHORT]
    print(f"\nLeft out: {len(cells) - len(compared)} of {len(cells)} cells")
    for cell in cells:
        if np.isnan(ratio(cell)):
            print(line(cell))
    print(f"\nThe ten smallest ratios of {len(judged)} cells in which the best of the others takes more than 2 ms")
    print(HEADER)
    for cell in sorted(judged, key=ratio)[:10]:
        print(line(cell))
    if judged:
        ratios = np.array([ratio(cell) for cell in judged])
        print(f"\nmedian {np.median(ratios):.1f}, smallest {ratios.min():.2f}, below 1: {np.sum(ratios < 1)} cells")


# --- picture


def draw(cells: list[Cell], file: Path) -> None:
    """Draw the median ratio by number of signals and overlap W/S, with the smallest ratio below it."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm

    found: dict[tuple[float, float], list[float]] = {}
    for cell in cells:
        if not np.isnan(ratio(cell)) and best_of_others(cell)[0] > SHORT:
            found.setdefault((cell["signals"], cell["width"] / cell["step"]), []).append(ratio(cell))
    rows = [n for n in SIGNALS if any(n == key[0] for key in found)]
    overlaps = sorted({overlap for _, overlap in found})
    middle = np.full((len(rows), len(overlaps)), np.nan)
    figure, axes = plt.subplots(figsize=(7.1, 0.9 + 0.52 * len(rows)), layout="constrained")
    for (n, overlap), ratios in found.items():
        row, column = rows.index(n), overlaps.index(overlap)
        middle[row, column] = np.median(ratios)
        text = f"{_short(np.median(ratios))}\n({_short(min(ratios))})"
        dark = not 1 / 7 < np.median(ratios) < 7
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    # orange: slower, purple: faster; distinguishable with every kind of colour vision, and in grey by the numbers
    image = axes.imshow(
        np.ma.masked_invalid(middle),
        cmap=colormaps["PuOr"].with_extremes(bad="0.9"),
        norm=LogNorm(1 / 32, 32),
        aspect="auto",
    )
    axes.set_xticks(range(len(overlaps)), [_short(overlap) for overlap in overlaps])
    axes.set_yticks(range(len(rows)), [str(n) for n in rows])
    axes.set_xticks(np.arange(1, len(overlaps)) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, len(rows)) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    axes.set(xlabel="overlap: width / step of the windows", ylabel="signals of each person")
    axes.set_title("Times faster than the best of Bitbox and NumPy: median (smallest)", fontsize=10)
    figure.colorbar(image, label="times faster (median)", ticks=[1 / 16, 1 / 4, 1, 4, 16]).ax.set_yticklabels(
        ["1/16", "1/4", "1", "4", "16"]
    )
    figure.savefig(file, dpi=150)
    plt.close(figure)


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.95 else f"{value:.2g}"


# --- command line


def chosen(cells: list[Regime], sample: int | None, seed: int) -> list[Regime]:
    """All regimes in random order, or `sample` of them; the order does not depend on the number."""
    order = np.random.default_rng(seed).permutation(len(cells))
    return [cells[k] for k in order[:sample]]


def read(file: Path) -> dict[Regime, Cell]:
    lines = file.read_text().splitlines() if file.exists() else []
    cells = [json.loads(line) for line in lines]
    return {Regime(*(cell[name] for name in Regime._fields)): cell for cell in cells}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("map_of_regimes.jsonl"), help="JSON lines, one a cell")
    parser.add_argument("--picture", type=Path, default=Path("map_of_regimes.png"))
    parser.add_argument("--sample", type=int, metavar="K", help="only K cells, chosen at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--budget", type=float, default=np.inf, metavar="S", help="start no cell after S seconds")
    parser.add_argument("--draw-only", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    done = read(options.results)
    todo = (
        [] if options.draw_only else [cell for cell in chosen(grid(), options.sample, options.seed) if cell not in done]
    )
    print(HEADER)
    for cell in done.values():
        print(line(cell))
    started = time.perf_counter()
    with options.results.open("a") as file:
        for regime in todo:
            if time.perf_counter() - started > options.budget:
                break
            done[regime] = measured(regime)
            file.write(json.dumps(done[regime]) + "\n")
            file.flush()
            print(line(done[regime]), flush=True)
            gc.collect()
    missing = len(grid()) - len(done)
    report(list(done.values()))
    print(f"{missing} of {len(grid())} cells are not measured yet")
    if done:
        draw(list(done.values()), options.picture)


if __name__ == "__main__":
    main()
