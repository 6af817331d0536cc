"""
Is there an operator here yet?
"""

from accounts.models import LegalEntity


def is_set_up() -> bool:
    """Return whether a legal entity exists: the set-up's last step writes it."""
    return LegalEntity.objects.exists()


def default_entity() -> LegalEntity | None:
    """Return the legal entity that signs contracts unless another is chosen."""
    return LegalEntity.objects.order_by("-is_default", "pk").first()
