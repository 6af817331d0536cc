"""Rating against a real database."""
