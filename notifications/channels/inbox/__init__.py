"""The inbox of the self-service account."""
