"""Measures against chance: surrogates, and what is significant among all pairs or for one."""
