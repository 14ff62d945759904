"""What a labelled recording is: names, validation, signal sets, landmarks, provenance."""
