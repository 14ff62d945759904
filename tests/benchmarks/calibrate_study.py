"""Power and family-wise error of the study in `examples/study.py`, over many draws of its recordings.

    python tests/benchmarks/calibrate_study.py FOLDER [MINUTES]

Simulates and measures studies of 40 dyads with `demo.study`, alternately with the planted effect and without, until
MINUTES of processor time are used (default 5), and keeps them in FOLDER. Another call continues. Studies of 20 dyads a
group are then drawn from all dyads of a group, and tested by `contrast`.

Power: the dyads as they are. Family-wise error: dyads without effect, less the mean of their group in every cell, so
that the groups differ in nothing but spread, losses and the height of expressions. What these do to the mean is the
bias, which is printed with its standard error.
"""

import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import xarray as xr

import bitbox_xr as bx
from bitbox_xr import cohort, demo

EFFECTS = (0.6, 0.0)
EACH = 20  # dyads of a group
PLANTED = ("AU04_r", "AU06_r", "AU12_r")
COMPARISON = "control - clinic, play - baseline"
ORDER = ("baseline", "talk", "play")
QUALITY = "\n[measures.quality]\n"  # of the TOML file; it takes time and is not tested here


def measured(effect, seed, client):
    """The summary of one simulated study."""
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder, "study")
        demo.study(study, effect=effect, seed=seed)
        config = study / "study.toml"
        text = config.read_text(encoding="utf-8")
        assert QUALITY in text
        config.write_text(text.replace(QUALITY, ""), encoding="utf-8")
        done = cohort.run(study / "study.csv", study / "out", config=config, client=client, progress=False)
        summary = done["significance"].summary[["excess", "observed"]].sel(condition=list(ORDER)).load()
        return xr.Dataset({name: (v.dims, v.values) for name, v in summary.data_vars.items()}, {
            **{name: (summary[name].dims, summary[name].values) for name in ("condition", "pair", "group")},
        })  # fmt: skip


def simulate(folder, minutes):
    """Measure further studies until the time is used."""
    from distributed import Client

    folder.mkdir(parents=True, exist_ok=True)
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": "127.0.0.1:0"}
    with Client(**options, set_as_default=False) as client:
        for seed in range(10_000):
            for effect in EFFECTS:
                file = folder / f"effect{effect:g}_seed{seed}.nc"
                if file.exists():
                    continue
                if time.process_time() > 60 * minutes:
                    return
                part = file.with_suffix(".part")
                measured(effect, seed, client).to_netcdf(part)
                part.rename(file)
                print(f"{file.name}: {time.process_time():.0f} s of the processor", flush=True)


def pools(folder):
    """Values of all dyads by group, `(recording, condition, pair)`: clinic, control, control without effect."""
    studies = {
        effect: xr.concat(
            [xr.load_dataset(file) for file in sorted(folder.glob(f"effect{effect:g}_seed*.nc"))], "recording"
        )
        for effect in EFFECTS
    }
    planted, none = (studies[effect] for effect in EFFECTS)
    clinic = xr.concat([s.isel(recording=s.group.values == "clinic") for s in (planted, none)], "recording")
    control, same = (s.isel(recording=s.group.values == "control") for s in (planted, none))
    return clinic, control, same


def drawn(rng, clinic, control, each=EACH):
    """A study of `each` dyads a group, drawn without replacement."""
    sides = [
        side.isel(recording=rng.choice(side.sizes["recording"], each, replace=False)) for side in (clinic, control)
    ]
    return xr.concat(sides, "recording").assign_coords(group=("recording", np.repeat(["clinic", "control"], each)))


def p_values(rng, clinic, control, variable="excess", n=199, each=EACH):
    """p_fwe of the interaction in all comparisons and pairs of a drawn study."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = drawn(rng, clinic, control, each)
        return bx.contrast(study, variable=variable, between="group", within="condition", n=n, rng=rng).p_fwe


def power(clinic, control, runs, seed=0, **options):
    """Shares of studies in which each planted pair, any and all of them, and any other pair, have p_fwe ≤ .05."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(runs):
        found = p_values(rng, clinic, control, **options) <= 0.05
        hits = found.sel(comparison=COMPARISON, pair=list(PLANTED)).values
        others = found.drop_sel(pair=list(PLANTED)).values.any()
        rows.append([*hits, hits.any(), hits.all(), others])
    return dict(zip((*PLANTED, "any of them", "all of them", "any other pair"), np.mean(rows, axis=0), strict=True))


def level(clinic, control, runs, seed=1, **options):
    """Share of studies with any p_fwe ≤ .05, if the groups have equal means in every cell."""
    rng = np.random.default_rng(seed)
    equal = [side[["excess"]] - side[["excess"]].mean("recording") for side in (clinic, control)]
    return float(np.mean([(p_values(rng, *equal, **options) <= 0.05).values.any() for _ in range(runs)]))


def bias(clinic, control, variable="excess"):
    """Interaction (play - baseline) without effect, averaged over planted and other pairs, with standard errors."""
    changes = [
        side[variable].sel(condition="play") - side[variable].sel(condition="baseline") for side in (clinic, control)
    ]
    found = {}
    for name, chosen in {
        "planted pairs": list(PLANTED), "other pairs": [p for p in clinic.pair.values if p not in PLANTED]
    }.items():  # fmt: skip
        first, second = (change.sel(pair=chosen).mean("pair").values for change in changes)
        error = np.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
        found[name] = (second.mean() - first.mean(), error)
    return found


def main(folder, minutes=5.0, runs=400):
    simulate(folder, minutes)
    clinic, control, same = pools(folder)
    sizes = ", ".join(f"{side.sizes['recording']}" for side in (clinic, control, same))
    print(f"dyads: clinic, control with effect, control without: {sizes}")
    print("power:", {name: round(float(share), 3) for name, share in power(clinic, control, runs).items()})
    print(f"family-wise error: {level(clinic, same, runs):.3f} ± {np.sqrt(0.05 * 0.95 / runs):.3f}")
    for variable in ("excess", "observed"):
        print("bias of", variable, {k: f"{m:+.3f} ± {e:.3f}" for k, (m, e) in bias(clinic, same, variable).items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(float, sys.argv[2:3]))
