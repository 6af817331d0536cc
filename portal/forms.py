"""
What people type. The forms only check that something usable was typed; operations decide.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Acquirer, Autopay, SavedCard


class PortalForm(forms.Form):
    """Fields in the portal's clothes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "form-control")


class SubjectForm(PortalForm):
    """Account number or phone."""

    subject = forms.CharField(
        label=_("Account number or phone"),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "inputmode": "tel", "autofocus": True}
        ),
        error_messages={"required": _("Type your account number or phone.")},
    )


class PasswordSignInForm(SubjectForm):
    """Account number or phone with the password."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Type your password, or sign in with a code.")},
    )


class CodeForm(PortalForm):
    """The six digits."""

    code = forms.CharField(
        label=_("Code from the letter"),
        max_length=12,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autofocus": True,
                "class": "form-control code-input",
            }
        ),
        error_messages={"required": _("Type the six digits from the letter.")},
    )

    def clean_code(self) -> str:
        """Leave out what people put between digits."""
        return "".join(char for char in self.cleaned_data["code"] if char.isdigit())


class NewPasswordForm(PortalForm):
    """A new password, typed once; browsers show it on demand."""

    old = forms.CharField(
        label=_("Present password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Type your present password.")},
    )
    new = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=128,
        help_text=_("At least 8 characters, not only digits, not a common word."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Type a new password.")},
    )

    def __init__(self, *args: Any, asks_old: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_old:
            del self.fields["old"]


class AmountForm(PortalForm):
    """An amount of money with kopecks; a comma is as good as a point."""

    amount = forms.DecimalField(
        label=_("Amount"),
        min_value=1,
        max_digits=12,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={
            "required": _("Type an amount."),
            "invalid": _("Type an amount in figures, for example 300."),
        },
    )


class CycleForm(PortalForm):
    """On which day of the month the cycle begins."""

    cycle_day = forms.IntegerField(
        label=_("Day of the month, 1 to 31"),
        min_value=1,
        max_value=31,
        help_text=_("In shorter months it is their last day."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class LimitForm(PortalForm):
    """A credit limit; zero for none."""

    limit = forms.DecimalField(
        label=_("Credit limit"),
        min_value=0,
        max_digits=12,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages=AmountForm.base_fields["amount"].error_messages,
    )


class DisputeForm(AmountForm):
    """What is wrong with a charge, and about how much of it."""

    reason = forms.CharField(
        label=_("What is wrong"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say in a few words what is wrong.")},
    )
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Kopecks may be disputed too.
        self.fields["amount"] = forms.DecimalField(
            label=_("How much you dispute"),
            min_value=Decimal("0.01"),
            max_digits=12,
            decimal_places=2,
            localize=True,
            widget=self.fields["amount"].widget,
            error_messages=AmountForm.base_fields["amount"].error_messages,
        )


class MessageForm(PortalForm):
    """A message to the operator."""

    text = forms.CharField(
        label=_("Write to us"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Type a message.")},
    )


class GuardForm(AmountForm):
    """A spending limit; the button pressed says what the amount is for."""

    act = forms.ChoiceField(
        choices=[("set", ""), ("more", ""), ("lift", "")], required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = _("Amount a month")
        if self.data.get("act") == "lift":
            self.fields["amount"].required = False


class TopUpForm(AmountForm):
    """How much, where the receipt goes, whether the card is kept; `key` tells one form from another."""

    email = forms.EmailField(
        label=_("E-mail for the receipt"),
        required=False,
        max_length=120,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("Type an e-mail address, for example name@example.org.")},
    )
    saves_card = forms.BooleanField(
        label=_("Keep the card for autopay"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": ""}),
    )
    key = forms.CharField(max_length=40, widget=forms.HiddenInput)
    pays = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, acquirer: Acquirer | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if acquirer is None or not acquirer.can_save:
            del self.fields["saves_card"]


class InstalmentsForm(PortalForm):
    """The parts that were looked at: days and amounts as the page wrote them."""

    parts = forms.IntegerField(min_value=1, max_value=60)
    seen = forms.CharField(max_length=2000)
    request_id = forms.CharField(max_length=40)

    def clean_seen(self) -> list[list[str]]:
        """Return (day, amount) of each part as text."""
        return [part.split() for part in self.cleaned_data["seen"].split(";") if part]


class VoucherForm(PortalForm):
    """The code under the scratched field."""

    code = forms.CharField(
        label=_("Code of the card"),
        max_length=40,
        help_text=_("16 digits under the field that is scratched off. Spaces don't matter."),
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "off",
                "autofocus": True,
                "class": "form-control code-input",
            }
        ),
        error_messages={"required": _("Type the 16 digits of the card.")},
    )


class StatementForm(PortalForm):
    """From one day to another, both included."""

    first = forms.DateField(
        label=_("From"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    last = forms.DateField(
        label=_("To"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )


class OnceForm(AmountForm):
    """An amount that is moved once, however often the form is sent."""

    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].validators = [MinValueValidator(Decimal("0.01"))]


class BonusUseForm(OnceForm):
    """How much of the bonuses pays charges."""


class TransferForm(OnceForm):
    """To which of one's own accounts."""

    to_account = forms.ChoiceField(label=_("To account"))
    field_order = ("to_account", "amount")

    def __init__(self, *args: Any, targets: list[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to_account"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(str(target.pk), target.number) for target in targets]


class PauseForm(PortalForm):
    """From when to when a service is paused: at once or from a day, until a day or with no end."""

    starts_on = forms.DateField(
        label=_("From which day"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("Leave it empty to pause at once."),
        error_messages={"invalid": _("Type a day, for example 25.12.2026.")},
    )
    until = forms.DateField(
        label=_("The service works again from"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("Leave it empty to end the pause yourself."),
        error_messages={"invalid": _("Type a day, for example 25.12.2026.")},
    )

    @property
    def first_day(self) -> date | None:
        """The first day of the pause; None = at once."""
        found: date | None = self.cleaned_data["starts_on"]
        return found

    @property
    def last_day(self) -> date | None:
        """The first day on which the service works again; None = no end."""
        found: date | None = self.cleaned_data["until"]
        return found


class AutopayForm(AmountForm):
    """A standing order; the trigger chosen says which of the two fields counts."""

    card = forms.ChoiceField(label=_("Card"), widget=forms.Select(attrs={"class": "form-select"}))
    trigger = forms.ChoiceField(
        label=_("When"),
        choices=[("threshold", _("when little is left")), ("day", _("on a day of the month"))],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    threshold = forms.DecimalField(
        label=_("Less than this is left"),
        required=False,
        localize=True,
        max_digits=12,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    day = forms.IntegerField(
        label=_("Day of the month"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    monthly_cap = forms.DecimalField(
        label=_("At most a month"),
        localize=True,
        max_digits=12,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={"required": _("Type an amount.")},
    )
    agrees = forms.BooleanField(
        label="",
        widget=forms.CheckboxInput(attrs={"class": ""}),
        error_messages={"required": _("Tick that you agree: nothing is charged without it.")},
    )

    def __init__(
        self, *args: Any, cards: list[SavedCard], order: Autopay | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, initial=_terms_of(order), **kwargs)
        self.fields["amount"].label = _("Amount of a charge")
        field = self.fields["card"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(card.pk, f"{card.title} ·· {card.last4}") for card in cards]


def _terms_of(order: Autopay | None) -> dict[str, object]:
    if order is None:
        return {"threshold": 100, "amount": 300, "monthly_cap": 3000}
    names = ("trigger", "threshold", "day", "amount", "monthly_cap")
    return {"card": order.card_id, **{name: getattr(order, name) for name in names}}


class DayForm(PortalForm):
    """From which day; empty: as early as may be."""

    on = forms.DateField(
        label=_("From another day"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Type a day, for example 25.12.2026.")},
    )
