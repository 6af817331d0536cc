#!/usr/bin/env python
"""Django's command line for Retel."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

from billing_project.launcher import running


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_project.settings")
    try:
        execute_from_command_line(sys.argv)
    except OperationalError:
        if running.is_missing():
            sys.exit(running.HOW_TO_START)
        raise


if __name__ == "__main__":
    main()
