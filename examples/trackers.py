"""Open files of OpenFace, Py-Feat and Live Link Face with the same call; or your own files.

    python trackers.py [--fps FPS] [FILE …]

`--fps` replaces the times in the files; files without times need it. Without FILE, three files are simulated.
"""

# %% [markdown]
# # Tracker files
#
# **With your own file**, run this example as a script:
#
# ```sh
# python examples/trackers.py face.csv             # OpenFace, LibreFace, FaceReader, iMotions, Live Link Face, …
# python examples/trackers.py fex.csv --fps 30     # Py-Feat and other files without times
# ```
#
# It prints what is in the file, finds the clearest activations, and draws `trackers.png`. [Your file](../your-files.md)
# has a line for each tracker. Without files the example simulates three recordings of one face, in the formats of
# OpenFace, Py-Feat and Live Link Face. The face smiles at 3, 8 and 14 s.

# %% tags=["hide-input"]
import argparse
import sys

import numpy as np
import pandas as pd

import bitbox_xr as bx

SMILES = (3.0, 8.0, 14.0)  # s
SECONDS = 20
BOTH_SIDES = (
    "BrowDown BrowOuterUp CheekSquint EyeBlink EyeLookDown EyeLookIn EyeLookOut EyeLookUp EyeSquint EyeWide "
    "MouthDimple MouthFrown MouthLowerDown MouthPress MouthSmile MouthStretch MouthUpperUp NoseSneer"
)
SINGLE = (
    "BrowInnerUp CheekPuff JawForward JawLeft JawOpen JawRight MouthClose MouthFunnel MouthLeft MouthPucker MouthRight "
    "MouthRollLower MouthRollUpper MouthShrugLower MouthShrugUpper TongueOut"
)


def smile(time):
    """A signal between 0 and 0.8, with tracker noise."""
    rises = sum(np.exp(-0.5 * ((time - at) / 0.3) ** 2) for at in SMILES)
    return np.clip(0.8 * rises + 0.002 * np.random.default_rng(0).standard_normal(len(time)), 0, 1)


def openface(path):
    """30 frames per second, intensities from 0 to 5; the face is lost between 10 and 11 s."""
    time = np.arange(SECONDS * 30) / 30
    lost = (time >= 10) & (time < 11)
    table = {
        "frame": np.arange(1, len(time) + 1),
        "face_id": 0,
        "timestamp": time.round(3),
        "confidence": np.where(lost, 0.0, 0.98),
        "success": np.where(lost, 0, 1),
        "AU06_r": np.where(lost, 0, 3 * smile(time)).round(2),
        "AU12_r": np.where(lost, 0, 5 * smile(time)).round(2),
    }
    pd.DataFrame(table).to_csv(path, index=False)


def py_feat(path):
    """25 frames per second; the file does not contain this rate."""
    time = np.arange(SECONDS * 25) / 25
    box = {"FaceRectX": 200, "FaceRectY": 120, "FaceRectWidth": 240, "FaceRectHeight": 240, "FaceScore": 0.99}
    table = {"frame": np.arange(len(time)), **box, "AU06": 0.6 * smile(time), "AU12": smile(time)}
    pd.DataFrame(table).round(4).to_csv(path, index=False)


def live_link(path):
    """30 frames per second, timecodes in 60ths of a second; the rows of 15 dropped frames are missing."""
    names = sorted([*SINGLE.split(), *(f"{name}{side}" for name in BOTH_SIDES.split() for side in ("Left", "Right"))])
    ticks = np.delete(np.arange(SECONDS * 30) * 2, np.s_[150:165])
    clock = [f"13:13:{tick // 60:02}:{tick % 60:02}.000" for tick in ticks]
    table = {"Timecode": clock, "BlendShapeCount": 52, **dict.fromkeys(names, 0.0)}
    table |= {"MouthSmileLeft": smile(ticks / 60), "MouthSmileRight": 0.9 * smile(ticks / 60)}
    pd.DataFrame(table).round(4).to_csv(path, index=False)


# %% [markdown]
# ## Open them
#
# `open_signals` recognises the format by the content of the file. You must supply what the file does not contain. A
# Py-Feat file has no times, so it needs `fps`. Without it `open_signals` raises an error.

# %%
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("files", nargs="*", metavar="FILE")
parser.add_argument("--fps", type=float)
# in a notebook the arguments of the process do not belong to this script
arguments = parser.parse_args(sys.argv[1:] if "__file__" in globals() else [])

if arguments.files:
    opened = [bx.open_signals(file, fps=arguments.fps) for file in arguments.files]
else:
    for write in (openface, py_feat, live_link):
        write(f"{write.__name__}.csv")
    try:
        bx.open_signals("py_feat.csv")
    except ValueError as error:
        print(f"refused: {error}\n")
    opened = [bx.open_signals(f"{name}.csv") for name in ("openface", "live_link")]
    opened.insert(1, bx.open_signals("py_feat.csv", fps=25))

# %% [markdown]
# ## What the files contain
#
# The frame rate, the number of lost frames and the range of the values. A lost frame may be a row in the file, as in
# OpenFace, or a missing row, as in Live Link Face. In both cases it becomes NaN.

# %%
for x in opened:
    report = bx.regularity(x)
    low, high = float(x.min()), float(x.max())
    size = f"{x.sizes['signal']} signals, {x.sizes['time']} frames, {float(report.fps):g} a second"
    print(f"{x.attrs['source']}: {x.attrs.get('backend') or 'a table'}, {size}, {int(report.lost)} lost;", end=" ")
    print(f"values from {low:.2f} to {high:.2f}")

# %% [markdown]
# ## The same measure for all
#
# Trackers have different units (the intensities of OpenFace go up to 5), but the times of the smiles agree. Here we
# take the signal that varies most, and its activations above half of its maximum. Live Link Face writes times of day.
# Here they start at 0, and the attribute `time_origin` has the time of day, which `align` uses if both recordings have
# one. To align such a recording with another camera, give `offset`.

# %%
for x in opened:
    name = str(x.std("time").idxmax("signal").item())
    found = x.sel(signal=[name]).bitbox.events(scales=[1, 2], aggregate=True)
    clear = found.isel(event=(found.magnitude > 0.5 * float(x.sel(signal=name).max())).values)
    times = " ".join(f"{time:.2f}" for time in np.sort(clear.time.values)[:12])
    print(f"{x.attrs['source']}: {clear.sizes['event']} activations of {name}, at {times} s")

# %%
figure = opened[0].bitbox.plot.decomposition(scales=[0.5, 1, 2])
figure.savefig("trackers.png")
