"""The command line: `bitbox-xr demo`, `imitation`, `coordination`, `expressivity`, `significance`, `contingency`, …"""

from bitbox_xr.cli import activations as _activations
from bitbox_xr.cli import contingencies as _contingencies
from bitbox_xr.cli import contrasts as _contrasts
from bitbox_xr.cli import files as _files
from bitbox_xr.cli import measures as _measures
from bitbox_xr.cli import motion as _motion
from bitbox_xr.cli import pictures as _pictures
from bitbox_xr.cli import preparation as _preparation
from bitbox_xr.cli import quality as _quality
from bitbox_xr.cli import reports as _reports
from bitbox_xr.cli import studies as _studies
from bitbox_xr.cli.group import main

# imported because each adds its commands to main
del _activations, _contingencies, _contrasts, _files, _measures, _motion, _pictures, _preparation, _quality, _reports
del _studies

__all__ = ["main"]
