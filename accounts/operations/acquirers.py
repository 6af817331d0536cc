"""
The way to an acquirer: its row, its secrets out of the environment, the adapter.
"""

import os

from accounts.domain.acquiring import Access
from accounts.gateways.acquiring import Gateway, open_gateway
from accounts.models import Acquirer


def reach(acquirer: Acquirer) -> Gateway:
    """Return the adapter of an acquirer."""
    access = Access(
        base_url=acquirer.base_url,
        shop_id=acquirer.shop_id,
        secret=os.environ.get(acquirer.secret_variable, ""),
        hook_secret=os.environ.get(acquirer.hook_secret_variable, ""),
        networks=tuple(acquirer.networks),
    )
    return open_gateway(acquirer.kind, access)
