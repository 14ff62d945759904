# Reads a cohort's summary as a statistician would, and says what is in it.
# Rscript summary.R FOLDER

library(ncdf4)

folder <- commandArgs(trailingOnly = TRUE)[1]
nc <- nc_open(file.path(folder, "summary.nc"))
recording <- ncvar_get(nc, "recording")
pair <- ncvar_get(nc, "pair")
corr <- ncvar_get(nc, "corr_mean") # R counts dimensions from the other end: (pair, recording)
stopifnot(identical(dim(corr), c(length(pair), length(recording))))

cat("recording", recording, "\n")
cat("pair", pair, "\n")
cat("site", ncvar_get(nc, "site"), "\n")
cat("age", ncvar_get(nc, "age"), "\n")
cat("long_name", ncatt_get(nc, "corr_mean", "long_name")$value, "\n")
cat("width", format(ncatt_get(nc, 0, "width")$value, digits = 15), "\n")
cat("corr_mean", format(as.vector(corr), digits = 17), "\n")
nc_close(nc)

tidy <- read.csv(file.path(folder, "summary.csv"), colClasses = c(recording = "character", site = "character"))
stopifnot(is.numeric(tidy$age), is.numeric(tidy$corr_mean))
same <- corr[cbind(match(tidy$pair, pair), match(tidy$recording, recording))]
stopifnot(isTRUE(all.equal(tidy$corr_mean, same)), identical(is.na(tidy$corr_mean), is.na(same)))
cat("csv", nrow(tidy), "rows,", sum(is.na(tidy$corr_mean)), "missing\n")

model <- lm(corr_mean ~ age, data = tidy)
cat("model", length(coef(model)), "coefficients\n")
