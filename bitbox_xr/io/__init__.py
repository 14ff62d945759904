"""Reading tracker files, and reading and writing NetCDF."""
