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

from accounts.models import FiscalGateway, LegalEntity, PoolNumber, User
from crm.admin.site import CatalogueAdmin, Guarded, ReadOnlyAdmin, site
from crm.domain import roles


@admin.register(LegalEntity, site=site)
class LegalEntityAdmin(CatalogueAdmin):
    """The operator's companies."""

    list_display = ("name", "inn", "kpp", "contract_prefix", "is_default")
    edit_right = "crm.set_up"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Documents name it."""
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
