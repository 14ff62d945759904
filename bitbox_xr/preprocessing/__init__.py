"""Preprocessing of recordings: frame times, resampling, alignment, gaps, filters, standardisation, norms."""
