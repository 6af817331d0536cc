"""Forms of the catalogue's editor."""
