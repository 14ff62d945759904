"""Run the command line `bitbox-xr` as `python -m bitbox_xr`."""

from bitbox_xr.cli import main

if __name__ == "__main__":
    main(prog_name="bitbox-xr")
