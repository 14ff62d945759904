"""The expressivity of one face: how often and how strongly is it active, at which time scales?"""

# %% [markdown]
# # The expressivity of one face
#
# A simulated face shows twelve expressions of three action units in one minute, some fast and some slow. We know what
# the analysis should find. With your own recording, start with `face = bx.open_signals("face.csv")`.

# %%
import warnings

import numpy as np

import bitbox_xr as bx
from bitbox_xr.demo import make_face

face, planted = make_face()
print(planted.head(4).to_string(index=False))

# %% [markdown]
# ## Scales
#
# A scale is a duration in seconds. At each scale the signal is transformed by a wavelet, and an activation is a local
# maximum of the positive response. A rise with a full width at half maximum (FWHM) of f seconds responds most strongly
# at scale f / 0.26: a rise of 0.5 s at about 2 s. In the figure all panels have one axis, the height of a rise. Red
# dots are activations with a rise of at least 0.15, grey dots are the other maxima, which are counted by default.

# %%
scales = [0.5, 1, 2, 4]
figure = face.bitbox.plot.decomposition("AU12", scales=scales, min_rise=0.15)
figure.savefig("expressivity_scales.png")

# %% [markdown]
# ## Activations, one by one
#
# The same expression is found at several scales. With `aggregate=True` it is counted once, at the scale where it
# differs most from the usual response of that scale. This scale may be shorter than that of the largest response. Most
# maxima are tracker noise. Their `rise`, the height in the units of the signal, is small. `min_rise` keeps only the
# expressions. The page about activations says how to choose its value.

# %%
every = face.bitbox.events(scales=scales, aggregate=True)
found = face.bitbox.events(scales=scales, aggregate=True, min_rise=0.15)
print(f"{every.sizes['event']} maxima, {found.sizes['event']} with a rise of 0.15; {len(planted)} were planted")
print(found.bitbox.to_frame()[["time", "coefficient", "scale", "magnitude", "rise"]].round(2).to_string(index=False))

# %% [markdown]
# ## Numbers to compare between people
#
# `expressivity` has these metrics for each coefficient (here an action unit) and each scale:
#
# - `frequency`: the number of activations;
# - `density`: the sum of their magnitudes, divided by the number of frames in which activations could be found;
# - `mean`, `std`, `min`, `max`: statistics of their magnitudes.
#
# `activations_per_minute` is a separate variable. Without `min_rise` the numbers also count noise, above all at short
# scales, as published numbers do.

# %%
result = face.bitbox.expressivity(scales=scales)
print(result.expressivity.sel(coefficient="AU12").to_pandas().round(3).to_string())

# %%
axes = result.bitbox.plot.expressivity()

# %% [markdown]
# `robust=True` drops activations whose magnitudes are outliers for their coefficient and scale. This is Bitbox's
# default. If most maxima are noise, the outliers are the expressions themselves, as here. A warning says so, which is
# hidden here.

# %%
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    robust = face.bitbox.expressivity(scales=scales, robust=True)
for name, each in (("all", result), ("robust", robust)):
    largest = each.expressivity.sel(coefficient="AU12", metric="max", scale=0.5)
    print(f"largest magnitude at 0.5 s, {name}: {float(largest):.2f}")

# %% [markdown]
# ## Spread over the face
#
# Diversity says how evenly the activations are spread over the coefficients. It is 1 if all coefficients have the same
# share, and 0 if one coefficient has all activations.

# %%
diversity = bx.diversity(face, scales=scales, aggregate=True)
print(f"diversity {float(diversity.overall.item()):.2f}")

# %% [markdown]
# ## Lost frames
#
# No activation can be found where frames are lost. `eligible_time` is the time in which activations could be found, in
# seconds. `activations_per_minute` refers to this time, so recordings with different losses can be compared. Here ten
# of sixty seconds are lost.

# %%
gappy = face.copy()
gappy[600:900] = np.nan
searched = gappy.bitbox.expressivity(scales=scales).eligible_time.sel(coefficient="AU12")
print(searched.to_series().round(1).to_string())
