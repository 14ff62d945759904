"""One module per tracker format."""
