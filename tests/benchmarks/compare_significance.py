"""Time per surrogate: `significance()` with n surrogates compared with n calls of the measure with `stats=True`.

    python tests/benchmarks/compare_significance.py [seconds]

The measure is timed with as many threads as significance has, which computes surrogates in parallel.
"""

import sys
import warnings

import bitbox_xr as bx

from benchmark_cases import STEP, WIDTH, median, recordings

N = 39
WINDOWS = {"width": WIDTH, "step": STEP}


def main(seconds=300):
    warnings.simplefilter("ignore", UserWarning)  # few partners, and windows of segments that share frames
    x, y = recordings(seconds)
    partners = [recordings(seconds, seed=seed)[1] for seed in range(1, 4)]
    for measure in (bx.imitation, bx.coordination):
        alone = median(lambda measure=measure: measure(x, y, stats=True, **WINDOWS), rounds=15)
        print(f"{measure.__name__}(stats=True): {1000 * alone:.1f} ms")
        for kind in ("shift", "segments", "phase", "partners"):
            n, more = (3, {"partners": partners}) if kind == "partners" else (N, {})
            options = {"measure": measure.__name__, "surrogates": kind, "n": n, "rng": 0, "progress": False, **more}
            whole = median(lambda options=options: bx.significance(x, y, **options, **WINDOWS), rounds=3, warm=1)
            print(f"  {kind:>10}: {whole / (n + 1) / alone:.2f} times the measure for each of y and {n} surrogates")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
