"""What the portal itself writes: signing in, passwords. The rest is other apps' operations."""
