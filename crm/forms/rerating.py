"""Usage priced anew: which, and why."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rating.domain.rerating import Selection

ANY = [("", _("all"))]
KINDS = [
    (1, _("calls")),
    (2, _("messages")),
    (3, _("mobile data")),
    (4, _("internet sessions")),
]
CHOICES = ("plan", "zone", "deck", "version", "kind")


class RerateForm(forms.Form):
    """A period and what of it is priced anew; what is left open is all."""

    first = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(
        label=_("To, this day included"), widget=forms.DateInput(attrs={"type": "date"})
    )
    account = forms.CharField(label=_("Account number"), max_length=20, required=False)
    plan = forms.TypedChoiceField(label=_("Plan"), coerce=int, required=False)
    zone = forms.TypedChoiceField(label=_("Zone"), coerce=int, required=False)
    kind = forms.TypedChoiceField(label=_("Kind of usage"), coerce=int, required=False)
    deck = forms.TypedChoiceField(label=_("Price list"), coerce=int, required=False)
    version = forms.TypedChoiceField(
        label=_("What a version priced"),
        coerce=int,
        required=False,
        help_text=_("A version that was replaced by a corrected one, for instance."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, choices: dict[str, list[tuple[int, str]]], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        for name in CHOICES:
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [*ANY, *choices.get(name, KINDS)]
        # Given by the view, which looks the number up.
        self.account_id: int | None = None

    def clean(self) -> dict[str, Any]:
        """The period has days, at most three years."""
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and not first <= last <= first + timedelta(days=3 * 366):
            self.add_error("last", _("The period ends before it begins, or is too long."))
        return given

    def selection(self) -> Selection:
        """Return what is asked for; the form must be valid."""
        given = self.cleaned_data

        def some(name: str) -> tuple[int, ...]:
            return (given[name],) if given.get(name) else ()

        return Selection(
            first=given["first"],
            end=given["last"] + timedelta(days=1),
            account_ids=(self.account_id,) if self.account_id else (),
            plan_ids=some("plan"),
            zone_ids=some("zone"),
            kinds=some("kind"),
            deck_ids=some("deck"),
            deck_version_ids=some("version"),
        )
