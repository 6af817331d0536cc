"""
Identity documents of customers, sealed.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.domain.identity import DocumentKind
from accounts.models.customers import Customer


class IdentityDocument(models.Model):
    """
    A document: what stands in it is sealed (`accounts.domain.identity`); only the last digits
    are open.

    `fingerprint` finds the same document with another customer. A removed one keeps its row and
    loses its contents.
    """

    KINDS = (
        (DocumentKind.PASSPORT.value, _("passport of Russia")),
        (DocumentKind.TRAVEL_PASSPORT.value, _("travel passport")),
        (DocumentKind.BIRTH_CERTIFICATE.value, _("birth certificate")),
        (DocumentKind.RESIDENCE_PERMIT.value, _("residence permit")),
        (DocumentKind.FOREIGN.value, _("passport of another country")),
        (DocumentKind.OTHER.value, _("another document")),
    )

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(_("kind"), max_length=12, choices=KINDS)
    sealed = models.BinaryField()
    fingerprint = models.CharField(max_length=64)
    tail = models.CharField(max_length=4)
    added_at = models.DateTimeField(_("added"))
    actor = models.CharField(max_length=60)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("identity document")
        verbose_name_plural = _("identity documents")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "fingerprint"],
                condition=models.Q(removed_at__isnull=True),
                name="identitydocument_once",
            ),
            models.CheckConstraint(
                condition=models.Q(removed_at__isnull=True)
                | models.Q(sealed=b"", fingerprint="", tail=""),
                name="identitydocument_removed_is_empty",
            ),
        ]
        indexes = [
            models.Index(
                fields=["fingerprint"],
                condition=~models.Q(fingerprint=""),
                name="identitydocument_same",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.customer_id}"
