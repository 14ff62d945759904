"""Labelled recordings: names, validation, signal sets, landmarks, provenance."""
