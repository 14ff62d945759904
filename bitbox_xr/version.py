"""The version of the package: in results, in the stamps of a cohort's files, on the command line."""

__all__ = ["__version__"]

__version__ = "0.1.0"
