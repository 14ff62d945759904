"""`python -m bitbox_xr` is `bitbox-xr`."""

from bitbox_xr.cli import main

if __name__ == "__main__":
    main(prog_name="bitbox-xr")
