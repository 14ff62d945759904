"""Preparing recordings: regular time axes, alignment, gaps, norms of landmarks."""
