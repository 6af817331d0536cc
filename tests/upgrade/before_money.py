"""
Makes `before_money.sql.gz`: a database of the release before money, as its own functions left it.

Run by that release, not by this one, in an empty database of PostgreSQL 15 or newer:

    mkdir /tmp/before && git archive 6172bba | tar -x -C /tmp/before && cd /tmp/before
    export DATABASE_URL=postgresql://…/empty REDIS_URL= RETEL_STATE_DIR=/tmp/before/.state
    python manage.py migrate && PYTHONPATH=. python …/tests/upgrade/before_money.py …/before_money.sql.gz

The demo of 100 subscribers lives from 16.09.2026 to 15.10.2026: September is billed, October runs,
the night of the 16th was
cut short after its third step. Besides what the demo has, there is one of
each thing that waits for something, so that the next release has to take it over.
"""

import gzip
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import django

django.setup()

from accounts import operations as accounts  # noqa: E402
from accounts.models import Account, PackageAssignment, Payment, Subscription  # noqa: E402
from accounts.models.ledger import AccountBalance  # noqa: E402
from billing_project import night_steps  # noqa: E402
from billing_project.demo.seed import Wishes, seed_demo  # noqa: E402
from billing_project.night import Night, run  # noqa: E402
from dunning import operations as dunning  # noqa: E402
from dunning import queries as dunning_queries  # noqa: E402
from invoicing import operations as invoicing  # noqa: E402
from invoicing import queries as invoicing_queries  # noqa: E402
from invoicing.operations import plan_changes  # noqa: E402
from rating.models import ChargingClient, UsageSource  # noqa: E402
from rating.operations import charging  # noqa: E402
from rating.operations.charging import Ask  # noqa: E402
from rating.queries.charging import Client, load_reference  # noqa: E402
from tariffs.models import PackageVersion, PlanVersion  # noqa: E402

MOSCOW = ZoneInfo("Europe/Moscow")
LAST_DAY = date(2026, 10, 15)
CUT_SHORT = LAST_DAY + timedelta(days=1)
DAY = date(2026, 10, 8)
CLERK = "staff:1"
#: Settings of the server that wrote the dump, which an older one doesn't know.
UNKNOWN = ("SET transaction_timeout", "\\restrict", "\\unrestrict")


def at(day: int, hour: int = 12) -> datetime:
    """A moment of October."""
    return datetime(2026, 10, day, hour, tzinfo=MOSCOW)


def night(day: date, folder: Path) -> None:
    """Close a day at one o'clock of the next."""
    now = datetime.combine(day + timedelta(days=1), datetime.min.time(), MOSCOW)
    night_steps.close_day(business_date=day, now=now + timedelta(hours=1), folder=folder)


def live(folder: Path) -> None:
    """Let the demo pass, with the night of each day and what people do on the 8th."""
    wishes = Wishes(
        subscribers=100, days=30, seed=2026, last_day=LAST_DAY, now=at(1, 0),
        usage_dir=folder / "usage", per_day=0.5,
    )  # fmt: skip
    seed_demo(wishes=wishes, tell=print)
    nowhere = folder / "nothing"
    for day in range(1, 8):
        night(date(2026, 10, day), nowhere)
    Day().pass_by()
    for day in range(8, 15):
        night(date(2026, 10, day), nowhere)
    night(LAST_DAY, folder / "usage")
    cut = Night(business_date=CUT_SHORT, now=at(17, 1), folder=nowhere)
    run(night=cut, steps=night_steps.STEPS[:3])
    begin_what_is_open()


def accounts_with(money: int) -> list[int]:
    """Accounts with so much money at least."""
    return list(
        AccountBalance.objects.filter(money__gte=money).values_list("account_id", flat=True)
    )


class Day:
    """The 8th of October at the desk."""

    def __init__(self) -> None:
        self.services = iter(
            Subscription.objects.filter(state="active").select_related("account").order_by("id")
        )

    def take(self, service: str, kind: str, *, person: bool = True) -> Subscription:
        """The next service of the kind, each to one thing only."""
        return next(
            found
            for found in self.services
            if (found.service, found.account.kind) == (service, kind)
            and (found.account.customer.kind == "person") is person
        )

    def pass_by(self) -> None:
        """Do one of each."""
        self.pause()
        self.sell_packages()
        self.change_plans()
        self.move_money()
        gone = self.take("internet", "prepaid")
        invoicing.terminate_service(subscription_id=gone.pk, now=at(8), actor=CLERK, reason="gone")

    def pause(self) -> None:
        """One still pauses, one came back."""
        for service, days in (("mobile", None), ("fixed", 3), ("internet", None)):
            paused = self.take(service, "postpaid").pk
            accounts.suspend_service(subscription_id=paused, now=at(5), actor=CLERK)
            if days:
                accounts.resume_service(subscription_id=paused, now=at(5 + days), actor=CLERK)

    def sell_packages(self) -> None:
        """Sold without a charge, as it then was: monthly, once, and one taken off again."""
        monthly, once = (
            PackageVersion.objects.get(package__code=code) for code in ("world-60", "more-5")
        )
        for version in (monthly, once, monthly):
            kept = accounts.add_package(
                subscription_id=self.take("mobile", "prepaid").pk,
                package_version_id=version.pk, now=at(8), actor=CLERK,
            )  # fmt: skip
        accounts.remove_package(assignment_id=kept.pk, now=at(8, 18), actor=CLERK)

    def change_plans(self) -> None:
        """A dearer plan at once, a cheaper one from the next cycle."""
        for code in ("storm", "shore"):
            wave = self.on_wave()
            wanted = PlanVersion.objects.get(plan__code=code)
            how = {"subscription_id": wave.pk, "plan_version_id": wanted.pk, "on": DAY}
            agreed = invoicing_queries.get_quote(**how).as_json()
            plan_changes.schedule(**how, now=at(8), actor=CLERK, agreed=agreed)
            print("plan", code, "from", agreed["effective_on"])

    def on_wave(self) -> Subscription:
        """The next person's service on the plan «Wave» with money for another one."""
        while True:
            found = self.take("mobile", "prepaid")
            plan = found.plan_assignments.get(active_to=None).plan_version.plan
            if plan.code == "wave" and found.account_id in accounts_with(300):
                return found

    def move_money(self) -> None:
        """Payments, one reversed; adjustments, one waiting; a transfer; a promise; a limit."""
        mobile = self.take("mobile", "prepaid").account
        for number, amount in (("8-1", "250.00"), ("8-2", "99.90")):
            paid = accounts.take_payment(
                account_id=mobile.pk, amount=Decimal(amount), gateway="terminal",
                external_id=number, paid_at=at(8), business_date=DAY, now=at(8),
                actor="system:terminal",
            )  # fmt: skip
        accounts.reverse_payment(
            payment_id=paid.pk, reason="typed wrong", business_date=date(2026, 10, 9), now=at(9),
            actor=CLERK,
        )  # fmt: skip
        for amount, key in (("15.00", "small"), ("1500.00", "large")):
            accounts.adjust(
                account_id=mobile.pk, amount=Decimal(amount), reason="goodwill", request_id=key,
                limit=Decimal(100), business_date=DAY, now=at(8), actor=CLERK,
            )  # fmt: skip
        dunning.set_credit_limit(
            account_id=self.take("mobile", "postpaid").account_id, limit=Decimal(700),
            reason="asked for", now=at(8), actor=CLERK,
        )  # fmt: skip


def begin_what_is_open() -> None:
    """Since the 16th: an online session that holds money, a promise, crossings nobody has drained."""
    talker = Subscription.objects.filter(
        service="mobile", state="active", account__kind="prepaid", account__in=accounts_with(200)
    ).order_by("id").first()  # fmt: skip
    charging.add_client(
        code="softswitch", name="Softswitch", source=UsageSource.objects.get(code="smsc-1")
    )
    client = Client.of(ChargingClient.objects.select_related("source").get(code="softswitch"))
    number = talker.identifiers.get(active_to=None).value
    ask = Ask("reserve", "open-call", 0, subscriber=number, number="12125550100", units=600)
    answer = charging.reserve(
        ask, client=client, reference=load_reference(on=CUT_SHORT), now=at(17, 2)
    )
    print("session", answer.values())
    owing = Account.objects.filter(kind="prepaid").exclude(pk__in=accounts_with(0)).order_by("id")
    for account in owing:
        may = dunning_queries.can_promise(account.pk, at(16))
        if may.is_allowed:
            dunning.promises.give(
                account_id=account.pk, amount=may.max_amount, now=at(16), actor=CLERK
            )
            break
    for account in Account.objects.filter(kind="prepaid").order_by("-id")[:5]:
        accounts.take_payment(
            account_id=account.pk, amount=Decimal(1000), gateway="card",
            external_id=f"16-{account.pk}", paid_at=at(16), business_date=CUT_SHORT, now=at(16),
            actor="system:card",
        )  # fmt: skip


def dump(target: Path) -> None:
    """Write the database as plain INSERTs, which any client of PostgreSQL 15 or newer can run."""
    program = Path(os.environ.get("RETEL_PG_BIN", "")) / "pg_dump"
    words = ("--inserts", "--rows-per-insert=500", "--no-owner", "--no-privileges")
    plain = subprocess.run(
        [program, *words, os.environ["DATABASE_URL"]], check=True, capture_output=True, text=True
    ).stdout
    kept = "\n".join(line for line in plain.split("\n") if not line.startswith(UNKNOWN))
    target.write_bytes(gzip.compress(kept.encode(), 9, mtime=0))


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        live(Path(name))
    print(Payment.objects.count(), PackageAssignment.objects.count())
    dump(Path(sys.argv[1]))
