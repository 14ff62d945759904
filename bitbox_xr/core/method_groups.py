"""Groups of methods, such as `x.bitbox.…`: in a notebook they list their methods, and a wrong name gets advice."""

import textwrap
from typing import TYPE_CHECKING, ClassVar

from bitbox_xr.core.selection import unknown_name

__all__ = ["MethodGroup"]

WIDTH = 100  # characters of a line


class MethodGroup:
    """A group of methods.

    >>> class Tools(MethodGroup):
    ...     _called, _of = "x.tools", "tools"
    ...     def resample(self): ...
    ...     def smooth(self): ...
    >>> Tools()
    x.tools, methods of tools:
      resample, smooth
    >>> try:
    ...     Tools().smoth
    ... except AttributeError as error:
    ...     print(error)
    expected a method of x.tools (resample, smooth), got 'smoth'; the nearest name is 'smooth'
    """

    _called: ClassVar[str]  # how users write it
    _of: ClassVar[str]  # what it works on

    def __repr__(self) -> str:
        """The names of the methods."""
        names = textwrap.fill(
            ", ".join(_names(type(self))), WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
        )
        return f"{self._called}, methods of {self._of}:\n{names}"

    if not TYPE_CHECKING:  # type checkers know the names

        def __getattr__(self, name: str) -> None:
            """Raise AttributeError with the nearest name, or with the group that has the method."""
            known = _names(type(self))
            if name.startswith("_") or name in known:  # other libraries ask for these; a property may raise
                raise AttributeError(name)
            group = next((one for one in MethodGroup.__subclasses__() if name in _names(one)), None)
            if group is not None:
                raise AttributeError(
                    f"expected a method of {self._called}, for {self._of}, got {name!r}, which is for {group._of}: "
                    f"{group._called}.{name}"
                )
            raise AttributeError(unknown_name(f"a method of {self._called}", name, known))


def _names(group: type) -> list[str]:
    return [name for name in dir(group) if not name.startswith("_")]
