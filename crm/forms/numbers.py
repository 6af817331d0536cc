"""
Another number for a service.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.domain.identifiers import format_phone
from accounts.models import IdentifierUse, PoolNumber


class ChangeNumberForm(forms.Form):
    """Which number goes, and which comes: one out of the pool, or a login."""

    former = forms.ChoiceField(label=_("Number or login now"))
    number = forms.ChoiceField(
        label=_("New number"), required=False, help_text=_("Free numbers of the pool.")
    )
    login = forms.SlugField(label=_("New login"), max_length=32, required=False)

    def __init__(
        self,
        *args: Any,
        uses: Iterable[IdentifierUse],
        numbers: Iterable[PoolNumber],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = {use.value: use.kind for use in uses}
        self.fields["former"].choices = [  # type: ignore[attr-defined]
            (value, value if kind == PoolNumber.Kind.LOGIN else format_phone(value))
            for value, kind in self.kinds.items()
        ]
        self.fields["number"].choices = [  # type: ignore[attr-defined]
            ("", "—"), *((row.value, format_phone(row.value)) for row in numbers)
        ]  # fmt: skip
        has_login = PoolNumber.Kind.LOGIN in self.kinds.values()
        if not has_login:
            del self.fields["login"]
        if set(self.kinds.values()) <= {PoolNumber.Kind.LOGIN}:
            del self.fields["number"]

    def clean(self) -> dict[str, Any]:
        """What comes is of the kind of what goes."""
        cleaned = super().clean() or {}
        kind = self.kinds.get(cleaned.get("former", ""))
        wanted = "login" if kind == PoolNumber.Kind.LOGIN else "number"
        if kind and not cleaned.get(wanted) and wanted not in self.errors:
            self.add_error(wanted, _("Choose what it is to be."))
        cleaned["value"] = cleaned.get(wanted, "")
        return cleaned
