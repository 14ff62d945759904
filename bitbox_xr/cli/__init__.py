"""The command line: `bitbox-xr demo`, `imitation`, `coordination`, `expressivity`, `significance`, `contingency`, …"""

from bitbox_xr.cli import contingencies as _contingencies
from bitbox_xr.cli import files as _files
from bitbox_xr.cli import measures as _measures
from bitbox_xr.cli import preparation as _preparation
from bitbox_xr.cli import studies as _studies
from bitbox_xr.cli.group import main

del _contingencies, _files, _measures, _preparation, _studies  # imported because each adds its commands to main

__all__ = ["main"]
