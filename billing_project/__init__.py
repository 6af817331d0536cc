"""Retel: wiring only. Business lives in the apps beside this package."""
