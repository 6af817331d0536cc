"""
Credit: the class an account has unless somebody says otherwise.
"""

from typing import Final

DEFAULT_CLASS: Final = "standard"
