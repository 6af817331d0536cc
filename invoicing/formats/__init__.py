"""Files for people outside: registers and reports as tables."""
