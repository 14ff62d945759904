"""A cohort that is killed at random moments and run again: its results must equal those of a run without a kill.

    python tests/benchmarks/killed_runs.py [recordings] [kills] [seed]

Half of the kills hit only the program, whose workers must then end by themselves; the others hit all of its processes.
All files are compared by SHA-256 with those of a run without a kill; `status.csv` without the columns seconds and
retries, which depend on the runs.
"""

import csv
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import bitbox_xr as bx

FPS, SECONDS, SIGNALS, FILES = 30, 10, 5, 50
RUN_COLUMNS = ("seconds", "retries")


def study(folder: Path, recordings: int) -> None:
    """Write `study.csv` and the files that it names into `folder`."""
    rng = np.random.default_rng(0)
    for k in range(FILES):
        for side in "xy":
            values = rng.normal(size=(SECONDS * FPS, SIGNALS)).cumsum(axis=0)
            bx.to_netcdf(bx.signals(values, fps=FPS), folder / f"{side}{k}.nc")
    rows = [{"recording": f"r{k:04}", "signals": f"x{k % FILES}.nc", "reference": f"y{k // FILES % FILES}.nc", "age": k}
            for k in range(recordings)]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "study.csv", index=False)


def started(folder: Path, out: str) -> subprocess.Popen[bytes]:
    """Start a run in its own process group; its output is in the file `output`."""
    command = (
        f"bitbox_xr cohort study.csv --measure imitation --out {out} --width 1 --step .5 --workers 2 --no-progress"
    )
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *command.split()], cwd=folder, start_new_session=True, stdout=output, stderr=output
        )


def tree(out: Path) -> dict[str, str]:
    """SHA-256 of each result by path, without hidden files."""
    found = {}
    for file in sorted(out.rglob("*")):
        path = file.relative_to(out)
        if file.is_file() and not any(part.startswith(".") for part in path.parts):
            content = _status(file) if path == Path("status.csv") else file.read_bytes()
            found[str(path)] = hashlib.sha256(content).hexdigest()
    return found


def _status(file: Path) -> bytes:
    with file.open(encoding="utf-8", newline="") as stream:
        rows = [{name: cell for name, cell in row.items() if name not in RUN_COLUMNS} for row in csv.DictReader(stream)]
    return repr(rows).encode()


def killed(folder: Path, out: str, kills: int, longest: float, rng: random.Random) -> list[tuple[float, int]]:
    """Start a run and kill it after up to `longest` seconds, `kills` times; returns moments and numbers of results."""
    found = []
    for _ in range(kills):
        run = started(folder, out)
        moment = rng.uniform(0.0, longest)
        time.sleep(moment)
        if rng.random() < 0.5:
            os.kill(run.pid, signal.SIGKILL)
        else:
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        found.append((moment, len([*folder.glob(f"{out}/*/recordings/*.nc")])))
    return found


def finished(folder: Path, out: str) -> float:
    """Run to the end; returns the seconds it took."""
    clock = time.perf_counter()
    run = started(folder, out)
    if run.wait() != 0:
        raise RuntimeError((folder / "output").read_text())
    return time.perf_counter() - clock


def main(recordings: int = 500, kills: int = 20, seed: int = 0) -> None:
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study(folder, recordings)
        seconds = finished(folder, "undisturbed")
        print(f"{recordings} recordings in {seconds:.1f} s without a kill")
        for moment, done in killed(folder, "killed", kills, seconds / 2, rng):
            print(f"killed after {moment:5.1f} s, {done} recordings done")
        print(f"the last run took {finished(folder, 'killed'):.1f} s")
        expected, found = tree(folder / "undisturbed"), tree(folder / "killed")
        different = sorted(path for path in expected.keys() | found.keys() if expected.get(path) != found.get(path))
        print(f"{len(expected)} files, {len(different)} different {different[:10]}")
        sys.exit(bool(different))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
