"""Expressivity of one face: how often is it active, how strongly, at which tempo?"""

# %% [markdown]
# # The expressivity of one face
#
# A minute of a face with twelve activations of three action units, fast and slow, made up here so that it is known what
# is to be found. With a recording of your own, begin with `face = bx.open_signals("face.csv")`.

# %%
import numpy as np

import bitbox_xr as bx
from bitbox_xr.demo import make_face

face, planted = make_face()
print(planted.head(4).to_string(index=False))

# %% [markdown]
# ## Scales
#
# A scale is a duration. The response to an activation is strongest at the scale of which its width at half its height
# is about 0.26: to a rise half a second wide at 2 s. Each panel has a height of its own: compare the numbers beside it.

# %%
scales = [0.5, 1, 2, 4]
figure = face.bitbox.plot.decomposition("AU12", scales=scales)
figure.savefig("expressivity_scales.png")

# %% [markdown]
# ## Activations, one by one
#
# With `aggregate=True` each activation is counted once, at the scale where it exceeds most what is usual at that scale,
# which may be shorter than that of the largest response. Most maxima are the tracker's noise: their magnitudes are
# small, and a threshold on `magnitude` leaves the expressions.

# %%
found = face.bitbox.events(scales=scales, aggregate=True)
strong = found.bitbox.to_frame().query("magnitude > 0.1")
print(f"{found.sizes['event']} maxima, {len(strong)} of them above 0.1; {len(planted)} were planted")
print(strong[["time", "coefficient", "scale", "magnitude"]].round(2).to_string(index=False))

# %% [markdown]
# ## Numbers to compare between people
#
# Of each coefficient at each scale: the number of activations, the rate a minute, and mean, deviation and extremes of
# their magnitudes. Short scales count the noise too, so that a rate alone says little without the magnitudes.

# %%
result = face.bitbox.expressivity(scales=scales)
print(result.expressivity.sel(coefficient="AU12").to_pandas().round(3).to_string())

# %%
axes = result.bitbox.plot.expressivity()

# %% [markdown]
# `robust=True` drops magnitudes that are outliers among all of a coefficient and scale, as Bitbox does by default.
# Where most maxima are noise, the outliers are the expressions themselves: look before you use it.

# %%
robust = face.bitbox.expressivity(scales=scales, robust=True)
for name, each in (("all", result), ("robust", robust)):
    largest = each.expressivity.sel(coefficient="AU12", metric="max", scale=0.5)
    print(f"largest magnitude at 0.5 s, {name}: {float(largest):.2f}")

# %% [markdown]
# ## Spread over the face
#
# Diversity is 1 where all coefficients have the same share in the activations, 0 where one has them all.

# %%
diversity = bx.diversity(face, scales=scales, aggregate=True)
print(f"diversity {float(diversity.overall.item()):.2f}")

# %% [markdown]
# ## Lost frames
#
# Where frames are lost, no activation can be found, and the time that was searched is shorter. It stands beside the
# numbers as `eligible_time`; `rate` is per minute of it, so that recordings with different losses can be compared.

# %%
gappy = face.copy()
gappy[600:900] = np.nan
searched = gappy.bitbox.expressivity(scales=scales).eligible_time.sel(coefficient="AU12")
print(searched.to_series().round(1).to_string())
