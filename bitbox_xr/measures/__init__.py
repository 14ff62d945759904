"""The measures: imitation, coordination, expressivity, asymmetry and motion, as functions of labelled signals."""
