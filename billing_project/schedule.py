"""
What runs when, and on which queue: the one table of the schedule.

The rows are the truth; most work is begun by a nudge after commit. What is listed every minute here
catches up when a nudge was lost. Every task drains what waits and may run beside itself.
"""

from typing import Any, Final

from celery.schedules import crontab

#: Task name (or pattern) -> queue. A task sent by name knows its queue from here only.
ROUTES: Final[dict[str, dict[str, str]]] = {
    "night.*": {"queue": "rating"},
    "payments.*": {"queue": "billing"},
    "usage.*": {"queue": "rating"},
    "months.*": {"queue": "billing"},
    "money.*": {"queue": "billing"},
    "bills.*": {"queue": "billing"},
    "access.*": {"queue": "access"},
    "network.*": {"queue": "access"},
    "notifications.*": {"queue": "delivery"},
    "receipts.*": {"queue": "delivery"},
    "cards.*": {"queue": "delivery"},
    "portal.*": {"queue": "delivery"},
}

_MINUTE: Final = 60.0
#: Work that a later run of the same task does as well isn't kept for workers that were away.
_FRESH: Final = {"expires": 50}

BEAT: Final[dict[str, dict[str, Any]]] = {
    # Hourly, so that a night that was missed or a zone with summer time is met; the task asks
    # whether a business day is due.
    "night": {"task": "night.tick", "schedule": crontab(minute="5"), "options": {"expires": 3000}},
    "months": {"task": "months.prepare", "schedule": crontab(hour="0", minute="40")},
    "charging": {"task": "usage.settle", "schedule": _MINUTE, "options": _FRESH},
    "usage": {"task": "usage.follow_up", "schedule": _MINUTE, "options": _FRESH},
    "holds": {"task": "money.expire_holds", "schedule": _MINUTE, "options": _FRESH},
    "write_offs": {"task": "money.write_off", "schedule": _MINUTE, "options": _FRESH},
    "bill_drafts": {"task": "bills.draft", "schedule": _MINUTE, "options": _FRESH},
    "outages": {"task": "bills.compensate", "schedule": _MINUTE, "options": _FRESH},
    "bill_runs": {"task": "bills.issue", "schedule": _MINUTE, "options": _FRESH},
    "access": {"task": "access.drain", "schedule": _MINUTE, "options": _FRESH},
    "debts": {"task": "access.follow_debts", "schedule": _MINUTE, "options": _FRESH},
    "promises": {"task": "access.close_promises", "schedule": crontab(minute="2")},
    "network": {"task": "network.send", "schedule": _MINUTE, "options": _FRESH},
    "messages": {"task": "notifications.read_events", "schedule": _MINUTE, "options": _FRESH},
    "reratings": {"task": "usage.rerate", "schedule": _MINUTE, "options": _FRESH},
    "comparisons": {"task": "usage.compare", "schedule": _MINUTE, "options": _FRESH},
    "payments": {"task": "payments.settle", "schedule": _MINUTE, "options": _FRESH},
    "statements": {"task": "payments.load_statements", "schedule": _MINUTE, "options": _FRESH},
    "receipts": {"task": "receipts.send", "schedule": _MINUTE, "options": _FRESH},
    "cards": {"task": "cards.settle", "schedule": _MINUTE, "options": _FRESH},
    "autopay": {"task": "cards.autopay", "schedule": _MINUTE, "options": _FRESH},
    "sign_ins": {"task": "portal.forget", "schedule": crontab(hour="3", minute="40")},
    "delivery": {"task": "notifications.deliver", "schedule": _MINUTE, "options": _FRESH},
}
