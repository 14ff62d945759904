"""One dyad: does the participant imitate the model, with what delay, in which parts of the face, beyond chance?"""

# %% [markdown]
# # One dyad
#
# A participant watches a model for three minutes. Both faces are simulated, so we know what the analysis should find:
# in six pairs of action units the participant follows the model, 5 to 21 frames later. With your own recordings, start
# with `participant = bx.open_signals("participant.csv")`.

# %%
import bitbox_xr as bx
from bitbox_xr.demo import make_pair

participant, model, planted = make_pair(minutes=3)
print(planted.to_string(index=False))

# %% [markdown]
# ## Check the recordings first
#
# In this example the tracker loses the participant's face for two seconds. Lost frames stay in their place, as NaN.

# %%
participant[900:960] = float("nan")
report = bx.regularity(participant)
print(f"{float(report.fps):g} frames a second, {int(report.lost)} lost,", end=" ")
print(f"longest gap {float(report.longest_gap):.2f} s")

# %% [markdown]
# ## Imitation
#
# A window is two seconds long and starts every second. The participant may follow the model by up to one second.
# Facial mimicry takes about 0.3 to 1 s, and a window must hold a whole expression. `corr` and `lag` have one value for
# every window and every pair of signals. A window gets no correlation if more than a quarter of its frames is missing.
# Otherwise the correlation uses the frames that are present.

# %%
windows = {"width": 2, "step": 1, "max_lag": 1}  # seconds
result = participant.bitbox.imitation(model, **windows)
lost = result.window[result.corr.isnull().all(["signal1", "signal2"])]
print(dict(result.sizes))
print(f"no correlation in {lost.size} windows, those about {', '.join(f'{at:.0f}' for at in lost.values)} s")

# %%
axes = result.bitbox.plot.matrix()

# %% [markdown]
# ## The delay
#
# A lag profile is the mean correlation at each lag. The lag of its maximum (`best_lag`) estimates the delay better
# than the mean of the lags that the windows choose: by chance some windows choose a wrong lag. The planted delay of
# the smile (AU12) is 12 frames, or 0.4 s.

# %%
profile = participant.bitbox.lag_profile(model, **windows)
smile = {"signal1": "AU12", "signal2": "AU12"}
best = float(profile.best_lag.sel(smile))
mean = float(result.bitbox.stats().corr_lag.sel(smile))
print(f"smile: best lag {best:.2f} s, mean of the windows' lags {mean:.2f} s")

# %%
axes = profile.bitbox.plot.lag_profile(("AU12", "AU12"))
figure = result.bitbox.plot.over_time(("AU12", "AU12"))

# %% [markdown]
# ## Test against chance
#
# `significance` repeats the measure with surrogates: each time the model's recording is shifted by another time, so
# that it is no longer related to the participant's. `observed` is the mean absolute correlation of the pair.
# `null_mean` is its mean over surrogates, the chance level, here about 0.5. `surrogate_z` is the distance between the
# two in standard deviations of the surrogates. `p_fwe` is the family-wise p-value: the probability that any of the 144
# pairs exceeds chance that clearly when none is related.

# %%
chance = participant.bitbox.significance(model, n=199, rng=0, progress=False, **windows)
table = chance.where(chance.p_fwe <= 0.05).bitbox.to_frame().dropna()
columns = ["signal1", "signal2", "observed", "null_mean", "surrogate_z", "p_fwe"]
print(table.sort_values("surrogate_z", ascending=False)[columns].round(3).to_string(index=False))

# %%
axes = result.bitbox.plot.significant_pairs(chance)
axes.figure.savefig("dyad.png", metadata={"Software": None})

# %% [markdown]
# ## By region of the face
#
# Each signal of the participant is compared with the same signal of the model, and the pairs are averaged by region.
# `excess`, which is `observed` − `null_mean`, is the correlation above the chance level, so regions can be compared.
# Two of these pairs were planted, AU06 (eye) and AU12 (mouth). Each is averaged with others of its region that were
# not. Brow and nose have no planted pair: their values are near 0.

# %%
own = chance.bitbox.matched()
print(own.excess.groupby("region").mean().to_series().round(2).to_string())

# %% [markdown]
# ## Save the result
#
# The file holds every option as an attribute: `bx.open_netcdf("dyad.nc").attrs` tells you how to repeat the measure.

# %%
result.bitbox.to_netcdf("dyad.nc")
attrs = result.attrs
print(f"{attrs['measure']}, width {attrs['width']:g} s, {attrs['window_count']} windows, saved in dyad.nc")
