"""`.bitbox` on DataArrays and Datasets. Importing this package registers both."""

from bitbox_xr.accessors.results import ResultAccessor
from bitbox_xr.accessors.signals import SignalsAccessor

__all__ = ["ResultAccessor", "SignalsAccessor"]
