"""Preprocessing of recordings: frame times, resampling, alignment, gaps, norms of landmarks."""
