"""One dyad: does the participant imitate the model, how far behind, in which parts of the face, and is it chance?"""

# %% [markdown]
# # One dyad
#
# A participant watches a model for three minutes. Both faces are made up here, so that it is known what is to be found:
# in six pairs of action units the participant follows the model, between 5 and 21 frames later. With recordings of
# your own, begin with `participant = bx.open_signals("participant.csv")`.

# %%
import bitbox_xr as bx
from bitbox_xr.demo import make_pair

participant, model, planted = make_pair(minutes=3)
print(planted.to_string(index=False))

# %% [markdown]
# ## Look at the recordings first
#
# The participant's face is lost for two seconds. Lost frames stay in their place, as NaN.

# %%
participant[900:960] = float("nan")
report = bx.regularity(participant)
print(f"{float(report.fps):g} frames a second, {int(report.lost)} lost,", end=" ")
print(f"longest gap {float(report.longest_gap):.2f} s")

# %% [markdown]
# ## Imitation
#
# Windows of four seconds, one every second; the participant may be up to one second behind. `corr` and `lag` are there
# for every window and every pair of signals. Windows of which less than three quarters are there have no
# correlation; the others are made of the frames that there are.

# %%
windows = {"width": 4, "step": 1, "max_lag": 1}
result = participant.bitbox.imitation(model, **windows)
lost = result.window[result.corr.isnull().all(["signal1", "signal2"])]
print(dict(result.sizes))
print(f"no correlation in {lost.size} windows, those about {', '.join(f'{at:.0f}' for at in lost.values)} s")

# %%
axes = result.bitbox.plot.matrix()
axes.figure.savefig("dyad_matrix.png")

# %% [markdown]
# ## How far behind
#
# The mean correlation at each lag. Its maximum is a better estimate of the delay than the mean of the lags that windows
# choose, which chance draws to the middle of the range.

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
# ## Against chance
#
# The same measure with the model's recording moved round by a random time, 199 times. `p_fwe` is corrected over all 144
# pairs. Chance alone gives means of the magnitude around .4 (`null_mean`); what counts is the distance from there.

# %%
chance = participant.bitbox.significance(model, n=199, rng=0, progress=False, **windows)
table = chance.where(chance.p_fwe <= 0.05).bitbox.to_frame().dropna()
columns = ["signal1", "signal2", "observed", "null_mean", "surrogate_z", "p_fwe"]
print(table.sort_values("surrogate_z", ascending=False)[columns].round(3).to_string(index=False))

# %%
axes = result.bitbox.plot.significant_pairs(chance)

# %% [markdown]
# ## By region of the face
#
# Each signal of the participant with the same one of the model, gathered by region. Two of these pairs were planted,
# AU06 (eye) and AU12 (mouth), each among others that were not. In brow and nose none was: their means are the level of
# chance.

# %%
own = result.bitbox.stats().bitbox.matched()
print(own.corr_abs_mean.groupby("region").mean().to_series().round(2).to_string())

# %% [markdown]
# ## Keep it
#
# The file holds every parameter: `dict(bx.open_netcdf("dyad.nc").attrs)` is enough to run the measure again.

# %%
result.bitbox.to_netcdf("dyad.nc")
print(f"{result.attrs['measure']}, width {result.attrs['width']} s, {result.attrs['windows']} windows, in dyad.nc")
