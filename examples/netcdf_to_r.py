"""From a result to R: write a NetCDF file, read it in R, and compare one number in Python and in R."""

# %% [markdown]
# # From NetCDF to R
#
# A result is saved as one NetCDF file. R reads it with the package `ncdf4`; you need no other file and no export. This
# script writes the file and the R code. It runs the code if R is installed, and otherwise shows what to run.

# %%
import shutil
import subprocess
from pathlib import Path

import bitbox_xr as bx
from bitbox_xr.demo import make_pair

participant, model, _ = make_pair(minutes=1)
result = bx.imitation(participant, model, width=2, step=1, max_lag=1)
result.bitbox.to_netcdf("imitation.nc")
print(f"imitation.nc: corr is {' × '.join(f'{name} {size}' for name, size in result.corr.sizes.items())}")

# %% [markdown]
# ## In R
#
# R reads the dimensions of a NetCDF file in reverse order: `corr` is `[signal2, signal1, window]`. `aperm` restores
# the order of Python. With the labels as `dimnames` you select by name and cannot confuse the dimensions. Missing
# values are NaN. The rest is ordinary R, here a table with one row per window and a linear trend over the session.

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
cat(sprintf("R: change over the session %+.4f per second\\n", trend))
"""
_ = Path("imitation.R").write_text(CODE)

# %%
smile = result.corr.sel(signal1="AU12", signal2="AU12")
print(f"Python: mean correlation {float(smile.mean()):.6f} in {smile.size} windows")

# %%
rscript = shutil.which("Rscript")
done = subprocess.run([rscript, "imitation.R"], capture_output=True, text=True) if rscript else None
if done and done.returncode == 0:
    print(done.stdout)
else:
    print("R is not installed" if done is None else done.stderr)
    print("Once R and its package ncdf4 are installed, run: Rscript imitation.R\n")
    print(CODE)

# %% [markdown]
# ## Tables
#
# For statistics over people a table is often enough: one row per pair of signals. The summary of a [cohort](cohort.py)
# is written as NetCDF and as CSV, with one row per recording and pair. Here the pairs are those of the same signal in
# both people.

# %%
table = result.bitbox.stats().bitbox.matched().bitbox.to_frame()
table.to_csv("imitation.csv", index=False)
print(table[["pair", "region", "corr_mean", "corr_lag", "n_windows"]].round(3).head(4).to_string(index=False))
