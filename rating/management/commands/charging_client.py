"""Make a client of online charging, or give one a new token; the token is printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from rating.models import UsageSource
from rating.operations import charging


class Command(BaseCommand):
    """`charging_client softswitch --source msc-1`, `charging_client softswitch --renew`."""

    help = _("Makes a client of online charging and prints its token.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the client, and the source of its records."""
        parser.add_argument("code")
        parser.add_argument("--source", default="", help="code of the source of its usage files")
        parser.add_argument("--name", default="")
        parser.add_argument("--renew", action="store_true", help="another token for the client")
        parser.add_argument("--record-wait", type=int, default=0, help="seconds")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the token."""
        try:
            self.stdout.write(self._token(options))
        except (charging.UnableToAddClient, UsageSource.DoesNotExist) as error:
            raise CommandError(str(error)) from error

    def _token(self, options: dict[str, Any]) -> str:
        if options["renew"]:
            return charging.renew_token(code=options["code"])
        return charging.add_client(
            code=options["code"],
            name=options["name"] or options["code"],
            source=UsageSource.objects.get(code=options["source"]),
            record_wait=options["record_wait"],
        )
