"""Measures of labelled signals: imitation, coordination, expressivity, diversity, asymmetry and motion."""
