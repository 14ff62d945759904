"""One module for each tracker format."""
