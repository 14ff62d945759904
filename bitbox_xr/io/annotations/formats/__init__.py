"""One module per format of intervals: each recognises its files, and reads them as `Annotations`."""
