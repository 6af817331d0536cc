"""Conventions as checks. Each rule is also shown a planted offence, so that it can be seen to bite."""
