"""Files in and out: tracker files, and NetCDF."""
