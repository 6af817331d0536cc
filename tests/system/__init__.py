"""Tests of the installation itself: real processes, no test database."""
