"""A terminal's machine, as it talks to /terminals/<code>/. For tests."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from django.http import HttpResponse
from django.test import Client

from accounts.models import Terminal
from accounts.operations import terminals

WHEN = "20261102120000"


@dataclass
class Machine:
    """Knows its terminal's address and password; `ask` returns the answer's elements by name."""

    code: str
    password: str
    method: str = "get"
    client: Client = field(default_factory=Client)

    def send(self, **values: Any) -> HttpResponse:
        """Send the parameters as they are; the whole answer."""
        told = b64encode(f"{self.code}:{self.password}".encode()).decode()
        address, who = f"/terminals/{self.code}/", {"HTTP_AUTHORIZATION": f"Basic {told}"}
        if self.method == "get":
            return self.client.get(address, values, **who)
        body = urlencode(values, doseq=True)
        form = "application/x-www-form-urlencoded"
        return getattr(self.client, self.method)(address, body, content_type=form, **who)

    def ask(self, command: str, txn_id: str, **values: Any) -> dict[str, str]:
        """Ask; the answer's elements."""
        answer = self.send(command=command, txn_id=txn_id, **values)
        assert answer.status_code == 200, (answer.status_code, answer.content)
        return {child.tag: child.text or "" for child in ElementTree.fromstring(answer.content)}  # noqa: S314

    def pay(
        self, txn_id: str, account: str, amount: str = "100.00", when: str = WHEN
    ) -> dict[str, str]:
        """Pay."""
        return self.ask("pay", txn_id, account=account, sum=amount, txn_date=when)


def terminal(code: str = "qiwi", **terms: Any) -> tuple[Terminal, Machine]:
    """A terminal and its machine."""
    row, password = terminals.add_terminal(code=code, name=code.upper(), **terms)
    return row, Machine(code, password)
