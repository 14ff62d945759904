"""Files of OpenFace, Py-Feat and Live Link Face, each opened by the same call; give files of your own by their paths.

    python trackers.py [--fps FPS] [FILE …]

`--fps` replaces the times in the files, and is needed for those without any. Without files, three are made up.
"""

# %% [markdown]
# # Files of trackers
#
# Run as a script, this takes the files whose paths it is given: `python trackers.py face.csv`. Without any it makes up
# three recordings of one face as OpenFace, Py-Feat and Live Link Face would have written them, with smiles at 3, 8 and
# 14 seconds.

# %%
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
    """From 0 to 0.8, with a tracker's noise."""
    rises = sum(np.exp(-0.5 * ((time - at) / 0.3) ** 2) for at in SMILES)
    return np.clip(0.8 * rises + 0.002 * np.random.default_rng(0).standard_normal(len(time)), 0, 1)


def openface(path):
    """30 frames a second, intensities from 0 to 5, a lost face between 10 and 11 s."""
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
    """25 frames a second; the file does not say so."""
    time = np.arange(SECONDS * 25) / 25
    box = {"FaceRectX": 200, "FaceRectY": 120, "FaceRectWidth": 240, "FaceRectHeight": 240, "FaceScore": 0.99}
    table = {"frame": np.arange(len(time)), **box, "AU06": 0.6 * smile(time), "AU12": smile(time)}
    pd.DataFrame(table).round(4).to_csv(path, index=False)


def live_link(path):
    """30 frames a second by the phone's clock, in 60ths; 15 frames were dropped, and their rows with them."""
    names = sorted([*SINGLE.split(), *(f"{name}{side}" for name in BOTH_SIDES.split() for side in ("Left", "Right"))])
    ticks = np.delete(np.arange(SECONDS * 30) * 2, np.s_[150:165])
    clock = [f"13:13:{tick // 60:02}:{tick % 60:02}.000" for tick in ticks]
    table = {"Timecode": clock, "BlendShapeCount": 52, **dict.fromkeys(names, 0.0)}
    table |= {"MouthSmileLeft": smile(ticks / 60), "MouthSmileRight": 0.9 * smile(ticks / 60)}
    pd.DataFrame(table).round(4).to_csv(path, index=False)


# %% [markdown]
# ## Open them
#
# `open_signals` recognises the format by its content. What a file does not say has to be given: Py-Feat writes no
# times, so that its rate is the reader's to know. Without it the file is refused.

# %%
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("files", nargs="*", metavar="FILE")
parser.add_argument("--fps", type=float)
# a notebook has no file, and its arguments are not meant for this
asked = parser.parse_args(sys.argv[1:] if "__file__" in globals() else [])

if asked.files:
    opened = [bx.open_signals(file, fps=asked.fps) for file in asked.files]
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
# ## What they hold
#
# The rate, the frames that were lost, whether they stand in the file as rows or not, and the span of the values. Lost
# frames are NaN.

# %%
for x in opened:
    report = bx.regularity(x)
    low, high = float(x.min()), float(x.max())
    size = f"{x.sizes['signal']} signals, {x.sizes['time']} frames, {float(report.fps):g} a second"
    print(f"{x.attrs['source']}: {x.attrs.get('backend') or 'a table'}, {size}, {int(report.lost)} lost;", end=" ")
    print(f"values from {low:.2f} to {high:.2f}")

# %% [markdown]
# ## One measure for all
#
# Units differ between trackers (OpenFace's intensities go to 5), moments do not: the activations of the signal that
# varies most, above half of its largest. Live Link Face counts the time of day; `align` with `offset` brings two such
# clocks together.

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
