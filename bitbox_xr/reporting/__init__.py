"""Reports of results: the paragraph on methods for a manuscript."""
