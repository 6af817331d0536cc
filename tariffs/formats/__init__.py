"""Files that the catalogue reads and writes."""
