"""Plain rules of the self-service account."""
