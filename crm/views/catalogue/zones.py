"""
Zones and prefixes: «which zone is +7 921 …?»
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from crm.queries.catalogue import zones as queries
from crm.views.catalogue.asking import number, one, text
from crm.views.doors import door, page
from tariffs.models import Zone


@require_GET
@door("see_catalogue")
def zone_list(request: HttpRequest) -> HttpResponse:
    """List zones, and answer of which zone a number is."""
    asked = text(request, "number")
    digits = queries.digits_of(asked)
    chosen: dict[str, Any] = {
        "text": text(request, "text"),
        "zone_class": text(request, "class"),
        "scheme_id": number(request, "scheme") or None,
    }
    zones = queries.list_zones(**chosen, after=text(request, "after"))
    context = {
        "number": asked,
        "digits": digits,
        "matches": queries.match_number(digits) if digits else [],
        "zones": zones,
        "chosen": chosen,
        "classes": Zone.ZoneClass.choices,
        "schemes": queries.list_schemes(),
        "next": zones[-1].code if len(zones) == queries.PAGE else "",
        "section": "zones",
    }
    return page(request, "crm/catalogue/zones.html", context)


@require_GET
@door("see_catalogue")
def zone(request: HttpRequest, zone_id: int) -> HttpResponse:
    """Show a zone with its prefixes."""
    found = one(queries.find_zone(zone_id))
    prefixes = queries.list_prefixes(zone_id, after=text(request, "after"))
    context = {
        "zone": found,
        "prefixes": prefixes,
        "next": prefixes[-1] if len(prefixes) == 500 else "",
        "section": "zones",
    }
    return page(request, "crm/catalogue/zone.html", context)
