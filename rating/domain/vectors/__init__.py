"""
Cases of other rating engines, in a neutral form, run through the core that prices production usage.

A case becomes the very values that the catalogue is loaded into. Nothing is left out silently: a
key that isn't known, or a value the core can't express, makes the case unsupported, and says why.
"""

from rating.domain.vectors.checking import check_case
from rating.domain.vectors.fields import UnableToRead

__all__ = ["UnableToRead", "check_case"]
