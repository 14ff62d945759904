"""What a surrogate costs: `significance` with n of them beside n times the measure with `stats=True`, in one process.

    python tests/benchmarks/compare_significance.py [seconds]

The measure's own time is taken on as many threads as significance has: there surrogates go side by side.
"""

import sys
import time

import numpy as np
from cases import STEP, WIDTH, recordings

import bitbox_xr as bx

N = 39
WINDOWS = {"width": WIDTH, "step": STEP}


def seconds_of(call, times=5):
    call()
    found = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return np.median(found)


def main(seconds=300):
    x, y = recordings(seconds)
    partners = [recordings(seconds, seed=seed)[1] for seed in range(1, 4)]
    for measure in (bx.imitation, bx.coordination):
        alone = seconds_of(lambda measure=measure: measure(x, y, stats=True, **WINDOWS), 15)
        print(f"{measure.__name__}(stats=True): {1000 * alone:.1f} ms")
        for kind in ("shift", "segments", "phase", "partners"):
            n, more = (3, {"partners": partners}) if kind == "partners" else (N, {})
            options = {"measure": measure.__name__, "surrogates": kind, "n": n, "rng": 0, "progress": False, **more}
            whole = seconds_of(lambda options=options: bx.significance(x, y, **options, **WINDOWS), 3)
            print(f"  {kind:>10}: {whole / (n + 1) / alone:.2f} times the measure for each of y and {n} surrogates")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
