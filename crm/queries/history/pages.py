"""
One page of the history.
"""

from dataclasses import replace

from crm.domain.timeline import Item, Key, Page, merge
from crm.queries import staff
from crm.queries.history.scope import Scope
from crm.queries.history.sources import ALL, SOURCES


def list_history(
    *, scope: Scope, kind: str = "", before: Key | None = None, limit: int = 40
) -> Page:
    """
    Return a page of the history, newest first; `kind` narrows it, see `crm.domain.timeline.KINDS`.

    A handful of queries however long the history is: each source reads at most a page by its key.
    """
    sources = SOURCES.get(kind, ALL)
    page = merge([source(scope, before, limit + 1) for source in sources], limit=limit)
    names = staff.names_of({item.actor for item in page.items})
    items = tuple(replace(item, actor=_who(item, names)) for item in page.items)
    return Page(items=items, older=page.older)


def _who(item: Item, names: dict[str, str]) -> str:
    return names.get(item.actor, "" if item.actor.startswith("system") else item.actor)
