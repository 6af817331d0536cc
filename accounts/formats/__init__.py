"""Files of the world outside, read into plain values."""
