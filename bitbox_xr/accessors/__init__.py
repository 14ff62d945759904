"""The `.bitbox` accessors of DataArrays and Datasets; importing this package registers both."""

from bitbox_xr.accessors.results import ResultAccessor
from bitbox_xr.accessors.signals import SignalsAccessor

__all__ = ["ResultAccessor", "SignalsAccessor"]
