"""From a result to R: a NetCDF file, read by name of its dimensions, and the same number on both sides."""

# %% [markdown]
# # From NetCDF to R
#
# A result is one NetCDF file. R reads it with the package `ncdf4`; no other file, and no export, is needed. This script
# writes the file and the R code and runs it where R is installed; where it is not, it shows what to run.

# %%
import shutil
import subprocess
from pathlib import Path

import bitbox_xr as bx
from bitbox_xr.demo import make_pair

participant, model, _ = make_pair(minutes=1)
result = bx.imitation(participant, model, width=4, step=1, max_lag=1)
result.bitbox.to_netcdf("imitation.nc")
print(f"imitation.nc: corr is {' × '.join(f'{name} {size}' for name, size in result.corr.sizes.items())}")

# %% [markdown]
# ## The R side
#
# Dimensions run the other way round in R: `corr` is `[signal2, signal1, window]`. `aperm` turns them, and with the
# labels as dimnames nothing can be swapped. Missing values arrive as NaN. The rest is R: here a long table, a row a
# window, and a linear trend over the session.

# %%
CODE = """\
library(ncdf4)
nc <- nc_open("imitation.nc")
corr <- aperm(ncvar_get(nc, "corr"))    # [window, signal1, signal2], as in Python
dimnames(corr) <- list(NULL, ncvar_get(nc, "signal1"), ncvar_get(nc, "signal2"))
smile <- data.frame(time = ncvar_get(nc, "window"), corr = corr[, "AU12", "AU12"])
width <- ncatt_get(nc, 0, "width")$value    # every parameter is a global attribute
nc_close(nc)

mean <- mean(smile$corr, na.rm = TRUE)
trend <- coef(lm(corr ~ time, data = smile))["time"]
cat(sprintf("R: mean correlation %.6f in %d windows of %g s\\n", mean, nrow(smile), width))
cat(sprintf("R: change over the session %+.4f a second\\n", trend))
"""
_ = Path("imitation.R").write_text(CODE)

# %%
smile = result.corr.sel(signal1="AU12", signal2="AU12")
print(f"Python: mean correlation {float(smile.mean()):.6f} in {smile.size} windows")

# %%
rscript = shutil.which("Rscript")
told = subprocess.run([rscript, "imitation.R"], capture_output=True, text=True) if rscript else None
if told and told.returncode == 0:
    print(told.stdout)
else:
    print("R is not here" if told is None else told.stderr)
    print("Where R and its package ncdf4 are installed, run: Rscript imitation.R\n")
    print(CODE)

# %% [markdown]
# ## Tables
#
# For statistics over people a table is often all that is needed: one row a pair, or a recording and pair. The summary
# of a [cohort](cohort.py) is written as NetCDF and as CSV.

# %%
table = result.bitbox.stats().bitbox.matched().bitbox.to_frame()
table.to_csv("imitation.csv", index=False)
print(table[["pair", "region", "corr_mean", "corr_lag", "n_windows"]].round(3).head(4).to_string(index=False))
