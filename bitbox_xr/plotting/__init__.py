"""Pictures of signals and results."""
