# Reads correlations and lags of windows as a statistician would, and prints both.
# Rscript windows.R FILE

library(ncdf4)

nc <- nc_open(commandArgs(trailingOnly = TRUE)[1])
for (name in c("corr", "lag")) {
  values <- ncvar_get(nc, name) # R counts dimensions from the other end: (signal2, signal1, window)
  cat(name, format(as.vector(values), digits = 17), "\n")
}
cat("units", ncatt_get(nc, "lag", "units")$value, "\n")
nc_close(nc)
