"""
The one admin site: the catalogue and the lists, inside the CRM, behind the CRM's rights.
"""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.sites import UnfoldAdminSite

from accounts.models import User


class CatalogueSite(UnfoldAdminSite):  # type: ignore[misc]
    """Staff with the right `crm.see_catalogue`; signing in happens at the CRM's own page."""

    site_title = _("Catalogue")
    site_header = _("Catalogue")
    index_title = _("Catalogue")

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether this member of staff may see the catalogue at all."""
        user = request.user
        if isinstance(user, AnonymousUser) or not isinstance(user, User):
            return False
        return user.is_active and user.is_staff and user.has_perm("crm.see_catalogue")

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lead to the CRM's sign-in; who is in already lacks the right."""
        if isinstance(request.user, User) and request.user.is_staff:
            return redirect("crm:search")
        return redirect("crm:sign-in")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Leave for the desk: signing out has its own button there."""
        return redirect("crm:search")


site = CatalogueSite(name="admin")


class Guarded:
    """Rights of the CRM instead of Django's four per model. `edit_right` empty: read only."""

    view_right = "crm.see_catalogue"
    edit_right = "crm.edit_catalogue"

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the app is in the index."""
        return self._may(request, self.view_right)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether the rows may be read."""
        return self._may(request, self.view_right)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether rows may be added."""
        return self._may(request, self.edit_right)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether this row may be changed."""
        return self._may(request, self.edit_right) and not self.is_frozen(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether this row may be deleted."""
        return self._may(request, self.edit_right) and not self.is_frozen(obj)

    def is_frozen(self, obj: Model | None) -> bool:
        """Whether the row is published and so fixed for good."""
        return False

    def _may(self, request: HttpRequest, right: str) -> bool:
        user = request.user
        return bool(right) and isinstance(user, User) and user.is_staff and user.has_perm(right)


class CatalogueAdmin(Guarded, ModelAdmin):  # type: ignore[misc]
    """A table of the catalogue."""

    list_per_page = 50
    show_full_result_count = False


class CatalogueInline(Guarded, TabularInline):  # type: ignore[misc]
    """Rows inside a row of the catalogue; as fixed as what they are inside of."""

    extra = 0


class ReadOnlyAdmin(CatalogueAdmin):
    """A table that is written by operations only."""

    edit_right = ""
