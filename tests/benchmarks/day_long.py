"""Time and peak memory of measures of a day-long recording on dask, each in a new process.

    python tests/benchmarks/day_long.py [frames]

2.6 million frames of 79 signals (a day at 30 frames per second), float32, simulated in chunks of 18,000 frames when
they are read.
"""

import resource
import subprocess
import sys
import time

CHUNK, SIGNALS, FPS = 18_000, 79, 30
CALLS = {
    "imitation(stats=True)": lambda bx, x, y: bx.imitation(x, y, width=1.1, step=0.5, stats=True),
    "expressivity": lambda bx, x, y: bx.expressivity(x, scales=6),
    "expressivity(robust=True)": lambda bx, x, y: bx.expressivity(x, scales=6, robust=True),
    "expressivity(aggregate=True)": lambda bx, x, y: bx.expressivity(x, scales=6, aggregate=True),
}


def recording(frames, seed):
    """A slow, stationary random signal, each chunk with its own seed."""
    import dask.array as da
    import numpy as np
    from scipy.signal import lfilter

    def chunk(block_info=None):
        (start, stop), (_, signals) = block_info[None]["array-location"]
        noise = np.random.default_rng([seed, start]).normal(size=(stop - start, signals)).astype(np.float32)
        return np.abs(lfilter([1], [1, np.float32(-0.95)], noise, axis=0)).astype(np.float32)

    sizes = [CHUNK] * (frames // CHUNK) + [frames % CHUNK] * bool(frames % CHUNK)
    return da.map_blocks(chunk, chunks=(tuple(sizes), (SIGNALS,)), dtype=np.float32)


def one(name, frames):
    import bitbox_xr as bx

    x, y = (bx.signals(recording(frames, seed), fps=FPS) for seed in (0, 1))
    CALLS[name](bx, x[:900], y[:900]).compute()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.perf_counter()
    CALLS[name](bx, x, y).compute()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:>30} {seconds:6.1f} s, peak {peak:5.0f} MB (before the call {before:.0f} MB)", flush=True)


def main(frames=2_600_000):
    for name in CALLS:
        subprocess.run([sys.executable, __file__, name, str(frames)], check=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        one(sys.argv[1], int(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
