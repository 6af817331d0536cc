"""The customer's history: everything that happened, from the first note on, newest first."""

from crm.queries.history.pages import list_history
from crm.queries.history.scope import Scope, get_scope

__all__ = ["Scope", "get_scope", "list_history"]
