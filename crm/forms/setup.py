"""
The set-up page: every field with what is wrong with it, in the reader's language.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.domain.numbering import is_inn
from accounts.models import Account
from crm.domain import requisites
from crm.domain.installation import Company, FirstPlan, Installation, NumberRange, Source
from rating.formats import FORMATS
from tariffs.models import TaxRate

MOST_NUMBERS: Final = 1_000_000
SERVICES: Final = [("mobile", _("mobile")), ("fixed", _("fixed telephony"))]

#: title of a step -> its fields.
STEPS: Final = (
    (
        _("Legal entity"),
        "name full_name inn kpp ogrn address director phone email",
    ),
    (_("Bank"), "bank_name bank_bic bank_account correspondent_account"),
    (
        _("Tax, calendar, numbering"),
        "tax_category tax_percent holidays contract_prefix bill_prefix",
    ),
    (_("Region"), "home_region time_zone"),
    (_("Numbers to give out"), "first_number last_number"),
    (
        _("First plan"),
        "service account_kind plan_name_ru plan_name_en plan_code fee local_price "
        "long_distance_price international_price sms_price minutes",
    ),
    (_("Usage files"), "source_code source_name source_format"),
)


def _price(label: Any, initial: str, *, digits: int = 10) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=Decimal(0), max_digits=digits, decimal_places=2, initial=initial
    )


class SetUpForm(forms.Form):
    """Legal entity, tax, calendar, numbering, region, numbers, first plan, usage source."""

    name = forms.CharField(label=_("Short name"), max_length=120)
    full_name = forms.CharField(label=_("Full name"), max_length=250)
    inn = forms.CharField(label=_("INN"), max_length=12, help_text=_("10 or 12 digits"))
    kpp = forms.CharField(label=_("KPP"), max_length=9, required=False)
    ogrn = forms.CharField(label=_("OGRN"), max_length=15, required=False)
    address = forms.CharField(
        label=_("Legal address"), max_length=250, widget=forms.TextInput(attrs={"place": "wide"})
    )
    director = forms.CharField(label=_("Director"), max_length=120, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=20, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    bank_name = forms.CharField(label=_("Bank"), max_length=200, required=False)
    bank_bic = forms.CharField(label=_("BIC"), max_length=9, required=False)
    bank_account = forms.CharField(label=_("Bank account"), max_length=20, required=False)
    correspondent_account = forms.CharField(
        label=_("Correspondent account"), max_length=20, required=False
    )
    tax_category = forms.ChoiceField(label=_("VAT"), choices=TaxRate.Category)
    tax_percent = forms.DecimalField(
        label=_("Percent of VAT"),
        min_value=Decimal(0),
        max_value=Decimal("99.99"),
        max_digits=5,
        decimal_places=2,
        help_text=_("Prices of plans include it."),
    )
    holidays = forms.CharField(
        label=_("Holidays of your own"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "place": "wide"}),
        help_text=_("One a line: 31.12.2026 New Year's Eve. Public holidays are there already."),
    )
    contract_prefix = forms.CharField(
        label=_("Prefix of contract numbers"), max_length=8, initial="Д"
    )
    bill_prefix = forms.CharField(label=_("Prefix of bill numbers"), max_length=12, required=False)
    home_region = forms.CharField(
        label=_("Codes of the home region"),
        max_length=60,
        initial="812, 813",
        help_text=_("Calls within them are local."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))
    first_number = forms.CharField(
        label=_("First number"), max_length=16, help_text=_("With country code: 79215550000")
    )
    last_number = forms.CharField(label=_("Last number"), max_length=16)
    service = forms.ChoiceField(label=_("Service"), choices=SERVICES)
    account_kind = forms.ChoiceField(
        label=_("Account kind"),
        choices=[("", _("prepaid and postpaid")), *Account.Kind.choices],
        required=False,
    )
    plan_name_ru = forms.CharField(label=_("Name of the plan in Russian"), max_length=120)
    plan_name_en = forms.CharField(label=_("Name of the plan in English"), max_length=120)
    plan_code = forms.SlugField(label=_("Code of the plan"), max_length=30, initial="start")
    fee = _price(_("Fee per month"), "300")
    local_price = _price(_("Local minute"), "1.50")
    long_distance_price = _price(_("Long-distance minute"), "3.50")
    international_price = _price(_("International minute"), "25")
    sms_price = _price(_("Message"), "2")
    minutes = forms.IntegerField(
        label=_("Minutes included per month"), min_value=0, max_value=100_000, initial=0
    )
    source_code = forms.SlugField(
        label=_("Code of the source"),
        max_length=40,
        initial="asterisk",
        help_text=_("Its files lie in a folder of this name."),
    )
    source_name = forms.CharField(label=_("Name of the source"), max_length=120, initial="Asterisk")
    source_format = forms.ChoiceField(
        label=_("Format of the files"), choices=[(code, row.name) for code, row in FORMATS.items()]
    )

    def __init__(self, *args: Any, tax_percent: Decimal | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if "/" in zone)
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]
        self.fields["time_zone"].initial = settings.TIME_ZONE
        self.fields["tax_percent"].initial = tax_percent

    def steps(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Return the steps with their fields, for the page."""
        return [(title, [self[name] for name in names.split()]) for title, names in STEPS]

    def clean_inn(self) -> str:
        """The check digits have to be right."""
        inn: str = self.cleaned_data["inn"].strip()
        if not is_inn(inn):
            raise forms.ValidationError(
                _("This INN does not check: 10 digits for a company, 12 for an entrepreneur.")
            )
        return inn

    def clean_kpp(self) -> str:
        """A company has nine characters."""
        kpp: str = self.cleaned_data["kpp"].strip()
        if kpp and not requisites.is_kpp(kpp):
            raise forms.ValidationError(_("A KPP has nine characters: 781001001."))
        return kpp

    def clean_ogrn(self) -> str:
        """The last digit has to be right."""
        ogrn: str = self.cleaned_data["ogrn"].strip()
        if ogrn and not requisites.is_ogrn(ogrn):
            raise forms.ValidationError(_("This OGRN does not check: 13 or 15 digits."))
        return ogrn

    def clean_bank_bic(self) -> str:
        """Nine digits from 04."""
        bic: str = self.cleaned_data["bank_bic"].strip()
        if bic and not requisites.is_bic(bic):
            raise forms.ValidationError(_("A BIC has nine digits and begins with 04."))
        return bic

    def clean_holidays(self) -> tuple[tuple[date, str], ...]:
        """Days with their names."""
        lines = [line.strip() for line in self.cleaned_data["holidays"].splitlines()]
        return tuple(_holiday(line) for line in lines if line)

    def clean_time_zone(self) -> str:
        """The business days are those of the settings: say so rather than differ."""
        zone: str = self.cleaned_data["time_zone"]
        if ZoneInfo(zone).key != settings.TIME_ZONE:
            message = _now(
                "The server keeps its business days in %(zone)s. Set RETEL_TIME_ZONE=%(wanted)s "
                "and start it again, then come back to this page."
            )
            raise forms.ValidationError(message % {"zone": settings.TIME_ZONE, "wanted": zone})
        return zone

    def clean(self) -> dict[str, Any]:
        """What hangs together: KPP of a company, bank account of its bank, the range of numbers."""
        cleaned = super().clean() or {}
        if len(cleaned.get("inn", "")) == 10 and not cleaned.get("kpp") and "kpp" in cleaned:
            self.add_error("kpp", _("A company has a KPP; an entrepreneur has none."))
        account, bic = cleaned.get("bank_account", ""), cleaned.get("bank_bic", "")
        if account and not requisites.is_bank_account(account, bic=bic):
            self.add_error("bank_account", _("This account does not check with the bank's BIC."))
        correspondent = cleaned.get("correspondent_account", "")
        if correspondent and not requisites.is_correspondent_account(correspondent, bic=bic):
            message = _("This account does not check with the bank's BIC.")
            self.add_error("correspondent_account", message)
        self._check_numbers(cleaned.get("first_number", ""), cleaned.get("last_number", ""))
        return cleaned

    def _check_numbers(self, first: str, last: str) -> None:
        if not (first and last):
            return
        if not (first.isdigit() and last.isdigit() and 7 <= len(first) <= 15):
            self.add_error("first_number", _("Digits only, with country code: 79215550000."))
        elif len(first) != len(last) or int(last) < int(first):
            self.add_error("last_number", _("The last number lies before the first."))
        elif int(last) - int(first) >= MOST_NUMBERS:
            self.add_error("last_number", _("At most a million numbers at once."))

    def installation(self) -> Installation:
        """Return what was typed as values."""
        data = self.cleaned_data
        names = Company.__dataclass_fields__
        kind = "msisdn" if data["service"] == "mobile" else "fixed"
        return Installation(
            company=Company(**{name: data[name] for name in names}),
            plan=self._plan(),
            source=Source(data["source_code"], data["source_name"], data["source_format"]),
            numbers=(NumberRange(kind, data["first_number"], data["last_number"]),),
            holidays=data["holidays"],
            tax_percent=data["tax_percent"] if data["tax_category"] != "none" else Decimal(0),
            bill_prefix=data["bill_prefix"],
            home_region=data["home_region"],
            time_zone=data["time_zone"],
        )

    def _plan(self) -> FirstPlan:
        data = self.cleaned_data
        return FirstPlan(
            code=data["plan_code"],
            name_ru=data["plan_name_ru"],
            name_en=data["plan_name_en"],
            service=data["service"],
            account_kind=data["account_kind"],
            fee=data["fee"],
            local_price=data["local_price"],
            long_distance_price=data["long_distance_price"],
            international_price=data["international_price"],
            sms_price=data["sms_price"],
            minutes=data["minutes"],
            tax_category=data["tax_category"],
        )


def _holiday(line: str) -> tuple[date, str]:
    day, _space, name = line.partition(" ")
    try:
        found = datetime.strptime(day, "%d.%m.%Y").date()  # noqa: DTZ007
    except ValueError as error:
        message = _now("“%(line)s” has no day: write it as 31.12.2026 Name.")
        raise forms.ValidationError(message % {"line": line}) from error
    if not name.strip():
        message = _now("“%(line)s” has no name: write it as 31.12.2026 Name.")
        raise forms.ValidationError(message % {"line": line})
    return found, name.strip()[:120]
