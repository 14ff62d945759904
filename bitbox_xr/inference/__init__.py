"""Significance tests against surrogates, for all pairs of signals or for one."""
