"""Legal entities, numbers and staff. People's money and services are on their cards."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from accounts.models import Acquirer, FiscalGateway, LegalEntity, PoolNumber, User
from crm.admin.site import CatalogueAdmin, Guarded, ReadOnlyAdmin, site
from crm.domain import requisites, roles


class LegalEntityForm(forms.ModelForm[LegalEntity]):
    """A company of the operator's; money goes astray by a wrong digit of its bank accounts."""

    class Meta:
        model = LegalEntity
        fields = "__all__"  # noqa: DJ007 - every column is the operator's to fill in

    def clean(self) -> dict[str, Any]:
        """Check that every bank account checks with its bank."""
        cleaned = super().clean() or {}
        bic, account = cleaned.get("bank_bic", ""), cleaned.get("bank_account", "")
        if account and not requisites.is_bank_account(account, bic=bic):
            self.add_error("bank_account", _("This account does not check with the bank's BIC."))
        correspondent = cleaned.get("correspondent_account", "")
        if correspondent and not requisites.is_correspondent_account(correspondent, bic=bic):
            message = _("This account does not check with the bank's BIC.")
            self.add_error("correspondent_account", message)
        others = cleaned.get("other_bank_accounts", "").split()
        if not all(len(each) == 20 and each.isdigit() for each in others):
            self.add_error("other_bank_accounts", _("A bank account has twenty digits."))
        return cleaned


@admin.register(LegalEntity, site=site)
class LegalEntityAdmin(CatalogueAdmin):
    """The operator's companies."""

    form = LegalEntityForm
    list_display = ("name", "inn", "kpp", "contract_prefix", "is_default")
    edit_right = "crm.set_up"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Documents name it."""
        return False


@admin.register(Acquirer, site=site)
class AcquirerAdmin(CatalogueAdmin):
    """Who takes cards, one in use per legal entity and currency."""

    list_display = ("name", "kind", "legal_entity", "currency", "is_active")
    edit_right = "crm.set_up"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Payments name it."""
        return False


@admin.register(FiscalGateway, site=site)
class FiscalGatewayAdmin(CatalogueAdmin):
    """Registers in the net, one per legal entity at a time."""

    list_display = ("legal_entity", "kind", "url", "group_code", "active_from", "active_to")
    edit_right = "crm.set_up"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Receipts name it; it is ended by a day."""
        return False


@admin.register(PoolNumber, site=site)
class PoolNumberAdmin(ReadOnlyAdmin):
    """The number pool; numbers are given out and taken back with services."""

    list_display = ("value", "kind", "beauty", "is_free", "quarantine_until")
    list_filter = ("kind", "is_free")
    search_fields = ("value",)
    ordering = ("value",)


class StaffForm(forms.ModelForm[User]):
    """A member of staff with a role; the password is set here and never shown."""

    password = forms.CharField(
        label=_("New password"), required=False, strip=False, widget=forms.PasswordInput
    )

    class Meta:
        model = User
        fields = ("login", "full_name", "email", "language", "is_active", "groups")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:
            groups = Group.objects.filter(name__in=roles.ROLES)
            self.fields["groups"].queryset = groups  # type: ignore[attr-defined]

    def clean_password(self) -> str:
        """A new member of staff needs one; any has to be a good one."""
        password: str = self.cleaned_data["password"]
        if not password and self.instance.pk is None:
            raise forms.ValidationError(_("A new member of staff needs a password."))
        if password:
            validate_password(password, self.instance)
        return password


@admin.register(User, site=site)
class StaffAdmin(Guarded, ModelAdmin):  # type: ignore[misc]
    """Members of staff only; subscribers' log-ins are not listed here."""

    view_right = edit_right = "crm.manage_staff"
    form = StaffForm
    list_display = ("login", "full_name", "is_active", "last_login")
    search_fields = ("login", "full_name")
    filter_horizontal = ("groups",)
    ordering = ("login",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        """Leave out the subscribers, and who stands above all roles."""
        rows: QuerySet[User] = super().get_queryset(request)
        rows = rows.filter(kind=User.Kind.STAFF)
        user = request.user
        return (
            rows
            if isinstance(user, User) and user.is_superuser
            else rows.filter(is_superuser=False)
        )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: PLR0917
        """Hash the password, if a new one was given."""
        obj.kind = User.Kind.STAFF
        if form.cleaned_data.get("password"):
            obj.set_password(form.cleaned_data["password"])
        elif not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What they did stays: switch off «may sign in» instead."""
        return False
