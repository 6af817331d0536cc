"""
Cases of other billing engines, in a neutral form, run through the invoicing engine's own functions.

A case declares its conventions; what is here only translates it into calls of `invoicing.domain`
and the answers back, and compares them with what is expected.
"""

from invoicing.domain.vectors.checking import check_case

__all__ = ["check_case"]
