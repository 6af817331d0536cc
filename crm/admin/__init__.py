"""Every ModelAdmin of the project, on one site (decision B7)."""

from crm.admin import accounts, rules, tariffs
from crm.admin.site import site

__all__ = ["accounts", "rules", "site", "tariffs"]
