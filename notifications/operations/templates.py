"""
Wordings: the ones an installation starts with, and new versions of them.
"""

from pathlib import Path
from typing import Final

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from notifications.domain.wording import UnableToWord, check_template
from notifications.models import Template

DATA: Final = Path(__file__).parents[1] / "data" / "templates.json"


class UnableToChangeTemplate(Exception):
    """The text is no template, or uses a variable that its event does not have."""


def ensure_reference_data() -> None:
    """
    Write the default wordings that are missing; idempotent, an edited wording stays as it is.
    """
    known = set(Template.objects.values_list("event_kind", "channel", "language"))
    rows = [Template(**row) for row in orjson.loads(DATA.read_bytes())]
    missing = [row for row in rows if (row.event_kind, row.channel, row.language) not in known]
    Template.objects.bulk_create(missing, ignore_conflicts=True)


@transaction.atomic
def change_template(
    *, event_kind: str, channel: str, language: str, subject: str, body: str
) -> Template:
    """Write a new version of a wording, which becomes the current one."""
    for text in (subject, body):
        try:
            check_template(text, event_kind=event_kind)
        except UnableToWord as error:
            message = _("The text can't be used: %(error)s") % {"error": error}
            raise UnableToChangeTemplate(message) from error
    versions = Template.objects.select_for_update(no_key=True).filter(
        event_kind=event_kind, channel=channel, language=language
    )
    latest = max((row.version for row in versions.order_by("version")), default=0)
    versions.filter(is_current=True).update(is_current=False)
    return Template.objects.create(
        event_kind=event_kind,
        channel=channel,
        language=language,
        version=latest + 1,
        subject=subject,
        body=body,
    )
