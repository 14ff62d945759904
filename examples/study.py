"""A whole study: from files of trackers to a group × condition estimate, a specification curve, R, and a paragraph."""

# %% [markdown]
# # A study: from tracker files to an estimate
#
# Do children of a control group answer the expressions of their mothers more than children of a clinic do, and does the
# difference depend on what the two are doing? Forty dyads are recorded in three conditions: baseline, play and talk.
# The recordings are simulated, so we know the answer: during play, control children answer four of five smiles and
# frowns of their mothers; everywhere else, children of both groups answer one of five.
#
# The files have what real ones have: two cameras with different frame rates and clocks, noise, blinks, lost frames
# (more of them in the clinic), and mothers who talk.

# %%
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import pandas as pd

from bitbox_xr import cohort, demo

folder = Path(tempfile.mkdtemp(prefix="study"))
truth = demo.study(folder, seed=1)
print(truth[truth["answered"] > 0].pivot_table(index=["group", "condition"], columns="signal", values="answered"))

# %% [markdown]
# ## The files
#
# The manifest has one row per dyad: the files of the child (the participant, x) and of the mother (the reference, y),
# the file of intervals, how many seconds later the mother's camera started, and covariates.

# %%
manifest = pd.read_csv(folder / "study.csv", dtype={"recording": str})
print(manifest.head(3).to_string(index=False))
print(pd.read_csv(folder / manifest["intervals"][0]).head(4).to_string(index=False))

# %% [markdown]
# A TOML file says what is measured. Write it before you look at results: the first run keeps a copy, and later runs
# list how they deviate from it. `by` keeps conditions apart. `align` brings both cameras onto one clock. The mask
# leaves out the mother's mouth while she speaks.

# %%
print((folder / "study.toml").read_text())

# %% [markdown]
# ## The measures
#
# One call measures all dyads. On the command line: `bitbox-xr cohort study.csv --config study.toml --out results`.

# %%
done = cohort.run(folder / "study.csv", folder / "results", config=folder / "study.toml", workers=2, progress=False)
print(done.counted)

# %% [markdown]
# ## Look at the data first
#
# `quality` was measured too. Before anything else, compare the quality of the signals between groups and conditions.
# The columns that end in 1 are about the child, those that end in 2 about the mother.

# %%
summary = done.with_quality("significance").load()
names = ["lost_share1", "noise1", "activations_per_minute1", "lost_share2", "masked_share2"]
quality = summary[names].mean("pair").to_dataframe().groupby(["group", "condition"])[names].mean()
print(quality.round(3).to_string())

# %% [markdown]
# The tracker lost more frames of the children in the clinic, and masks take a tenth of the mothers' data during talk.
# Losses and noise weaken correlations. An interaction is better protected than a difference of groups, because what
# lowers all conditions of a group by the same amount cancels. It is not safe: what *shrinks* the correlations of a
# group also shrinks its differences between conditions. So adjust for quality, and compare both results.
#
# ## The estimate
#
# The variable is `excess`: the mean correlation over windows minus its chance level, the same mean for surrogates in
# which the two are unrelated. Raw means are no alternative. They are far above zero for unrelated signals, and higher
# where people move more:

# %%
unrelated = summary.sel(pair="AU09_r")
print(unrelated[["observed", "excess"]].mean("recording").to_dataframe()[["observed", "excess"]].round(3).to_string())

# %% [markdown]
# `contrast` tests group × condition in all pairs of signals and all comparisons of conditions at once. `p_fwe` is
# corrected for the whole family of 17 pairs × 3 comparisons.

# %%
with warnings.catch_warnings(record=True) as notes:
    warnings.simplefilter("always")
    found = summary.bitbox.contrast(variable="excess", between="group", within="condition", rng=0)
for note in notes:
    print("note:", note.message)
columns = ["pair", "comparison", "estimate", "ci_low", "ci_high", "d", "p_fwe"]
table = found.bitbox.to_frame().sort_values("p_fwe")
print(table[columns].head(8).round(3).to_string(index=False))

# %% [markdown]
# The six results with a small `p_fwe` are those that were planted: three pairs, play against baseline and against talk.
#
# The note names qualities whose differences between conditions are not the same in both groups: how many frames of the
# child were lost, its noise, how often it was active, and how much of the mothers' data is masked because they spoke.
# Follow it, adjust for them, and report both results. A covariate has one value for each recording and condition:
# `contrast` averages qualities over signals.

# %%
covariates = ["lost_share1", "noise1", "activations_per_minute1", "masked_share2"]
options = {"variable": "excess", "between": "group", "within": "condition", "rng": 0}
adjusted = summary.bitbox.contrast(**options, covariates=covariates)
planted = {"pair": ["AU04_r", "AU06_r", "AU12_r"], "comparison": "control - clinic, play - baseline"}
both = {"without covariates": found, "with covariates": adjusted}
for name, result in both.items():
    print(name)
    print(result.sel(planted).bitbox.to_frame()[["pair", "estimate", "ci_low", "ci_high", "p_fwe"]].round(3))

# %% [markdown]
# ## How often such a study is right
#
# One simulated study proves little. `tests/benchmarks/calibrate_study.py` draws its recordings many times and tests 400
# studies of 20 dyads a group, drawn from 100 to 200 dyads a group:
#
# | | |
# |---|---|
# | power (p_fwe ≤ .05, play against baseline) | AU04 1.00, AU06 .93, AU12 .89; all three .86 |
# | any other pair has p_fwe ≤ .05 | .06 |
# | family-wise error without any difference | .035 ± .011 |
# | mean estimate without an effect, planted pairs | .012 ± .009 |
#
# AU12 has the least power: the mouth is masked while the mother speaks. The last row asks whether more lost frames and
# flatter faces in the clinic are mistaken for an effect. Its estimate, with the standard error, is small beside the
# effect of about .19.
#
# ## Does the result depend on the options?
#
# A specification curve shows the group × condition estimate of the smile under six settings of the windows. In the TOML
# file, a list of values in place of one gives each recording the measure under every combination of settings. The first
# value of each list is the preregistered one, which the figure marks. The files are prepared as before; only the smile
# is read.

# %%
several = (folder / "study.toml").read_text().replace("[measures.quality]", "")
several = several.replace("width = 2 ", "width = [2, 1, 1.5] ").replace("polarity = false", "polarity = [false, true]")
several = several.replace("n = 19", 'statistic = "corr_mean"\nn = 19')
(folder / "settings.toml").write_text('read = { columns = ["AU12_r"] }\n' + several)
settings = cohort.run(
    folder / "study.csv", folder / "settings", config=folder / "settings.toml", workers=2, progress=False
)
curves = settings["significance"].summary.load().sel(pair="AU12_r", condition=["baseline", "play"])
curve = curves.bitbox.contrast(**options)
print(curve["estimate"].to_pandas().round(3))
figure = curve.bitbox.plot.specification_curve()
figure.savefig("specification_curve.png")

# %% [markdown]
# Each setting is a separate family of tests: `p_fwe` is not corrected for the number of settings. Read the curve as a
# whole.
#
# ## A table for R
#
# The tidy table has one row per dyad, condition and pair, with covariates, quality, the order of the condition, and the
# number of windows. R fits a mixed model to the rows of the smile. Without the package lme4 it uses the equivalent
# analysis of variance: all dyads have all conditions.

# %%
summary.bitbox.to_frame().to_csv("study_tidy.csv", index=False)
CODE = """\
tidy <- read.csv("study_tidy.csv", colClasses = c(recording = "character"))
smile <- subset(tidy, pair == "AU12_r")
smile$group <- relevel(factor(smile$group), ref = "clinic")
smile$condition <- relevel(factor(smile$condition), ref = "baseline")

fit <- aov(excess ~ group * condition + Error(recording), data = smile)
print(summary(fit))

if (requireNamespace("lme4", quietly = TRUE)) {
  mixed <- lme4::lmer(excess ~ group * condition + order + lost_share1 + (1 | recording), data = smile)
  print(round(coef(summary(mixed)), 3))
}

difference <- with(smile, excess[condition == "play"] - excess[condition == "baseline"])
group <- smile$group[smile$condition == "play"]
estimate <- diff(tapply(difference, group, mean))
cat(sprintf("R: control - clinic, play - baseline: %.4f\\n", estimate))
"""
_ = Path("study.R").write_text(CODE)
rscript = shutil.which("Rscript")
ran = subprocess.run([rscript, "study.R"], capture_output=True, text=True) if rscript else None
if ran and ran.returncode == 0:
    print(ran.stdout)
else:
    print("R is not installed" if ran is None else ran.stderr)
    print("Once R is installed, run: Rscript study.R\n")
    print(CODE)
smile = found["estimate"].sel(pair="AU12_r", comparison="control - clinic, play - baseline")
print(f"Python: control - clinic, play - baseline: {float(smile):.4f}")

# %% [markdown]
# ## The methods paragraph
#
# `methods()` writes down what was done, from the attributes of the result. A summary has what all recordings share.
# Where a step of preparation differs between recordings, such as the offset between the two clocks and the number of
# masked intervals, it has the smallest and the largest value. `done["significance"].recordings["001"].bitbox.methods()`
# describes a single recording, with its lost frames and its seed. `deviations` lists what differs from the TOML file of
# the first run: nothing here.

# %%
print(summary.bitbox.methods().split("\n\n")[0])
print("deviations:", done.deviations)
