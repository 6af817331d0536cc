"""
Who may do what in the CRM: rights by name, and the roles that hold them.
"""

from typing import Final

AGENT: Final = "agent"
CASHIER: Final = "cashier"
ACCOUNTANT: Final = "accountant"
ADMINISTRATOR: Final = "administrator"

#: codename -> what it allows. They become Django permissions `crm.<codename>`.
RIGHTS: Final[dict[str, str]] = {
    "see_customers": "Search customers and open their cards",
    "write_note": "Write notes on a card",
    "create_customer": "Create customers, sign contracts, open accounts",
    "edit_contact": "Edit a customer's contacts",
    "keep_documents": "Add and remove identity documents",
    "see_documents": "See what stands in identity documents",
    "connect_service": "Connect services",
    "change_plan": "Change plans and packages of services",
    "terminate_service": "Terminate services",
    "guard_spending": "Set spending limits and share allowances",
    "agree_price": "Agree prices of companies",
    "give_promise": "Give promised payments",
    "choose_limit": "Set credit limits on the subscriber's word",
    "set_credit": "Grant credit limits, change credit classes",
    "take_payment": "Take payments at the cash desk",
    "agree_instalments": "Agree on instalment plans, end them",
    "reverse_payment": "Reverse payments",
    "refund_payment": "Give payments back, write down disputes at banks",
    "set_autopay": "Set autopay on the subscriber's word, switch it off, forget cards",
    "see_payments": "See incoming payments",
    "assign_payment": "Assign incoming payments, give them back, compare registries",
    "keep_terminals": "Keep terminals and their passwords",
    "oversee_desk": "See cash shifts of everybody and close them",
    "see_receipts": "See fiscal receipts",
    "retry_receipts": "Send refused fiscal receipts anew, write corrections",
    "issue_vouchers": "Order, generate, activate and block vouchers",
    "redeem_voucher": "Redeem vouchers for customers",
    "load_statements": "Load bank statements",
    "adjust_balance": "Adjust balances",
    "hold_money": "Hold money of an account, take it, let it go",
    "grant_bonus": "Grant bonuses, pay charges with them",
    "transfer_money": "Move money between a customer's accounts",
    "write_off_debt": "Write debts off",
    "reverse_entry": "Take corrections back",
    "open_balance": "Give accounts their opening balance",
    "write_off_debts": "Write off old debts of closed accounts together",
    "raise_dispute": "Dispute charges on the subscriber's word",
    "decide_disputes": "Decide disputes of charges",
    "correct_bills": "Write credit and debit notes, void and reissue bills",
    "run_bills": "Draft, look through and issue bills; release parked ones",
    "compensate": "Record outages and compensate for them",
    "work_tickets": "Work with tickets",
    "decide_approval": "Approve or refuse adjustments of others",
    "see_usage": "See usage files and suspended records",
    "recycle_usage": "Correct, recycle and write off suspended records",
    "rerate_usage": "Price usage of a period anew",
    "undo_write_off": "Undo corrections and write-offs of suspended records",
    "see_charts": "See charts of usage and revenue",
    "see_jobs": "See the nightly work",
    "run_jobs": "Start the nightly work",
    "see_reports": "See reports",
    "see_catalogue": "See plans, prices, rules and templates",
    "edit_catalogue": "Edit plans, prices, rules and templates",
    "publish_catalogue": "Publish, close and archive plans and prices",
    "compare_catalogue": "Compare versions over a month's real usage",
    "see_sessions": "See online sessions and what is reserved for them",
    "close_session": "Close online sessions by hand",
    "manage_staff": "Manage staff and their roles",
    "set_up": "Set up the installation",
}

_EVERYBODY: Final = frozenset({"see_customers", "write_note"})

#: role (a Django group's name) -> its rights.
ROLES: Final[dict[str, frozenset[str]]] = {
    AGENT: _EVERYBODY
    | {
        "create_customer",
        "edit_contact",
        "keep_documents",
        "connect_service",
        "change_plan",
        "terminate_service",
        "guard_spending",
        "see_sessions",
        "give_promise",
        "agree_instalments",
        "choose_limit",
        "refund_payment",
        "set_autopay",
        "see_payments",
        "hold_money",
        "grant_bonus",
        "transfer_money",
        "redeem_voucher",
        "adjust_balance",
        "raise_dispute",
        "decide_disputes",
        "correct_bills",
        "work_tickets",
        "see_catalogue",
    },
    CASHIER: _EVERYBODY | {"take_payment", "redeem_voucher"},
    ACCOUNTANT: _EVERYBODY
    | {
        "take_payment",
        "agree_instalments",
        "reverse_payment",
        "refund_payment",
        "set_autopay",
        "see_payments",
        "assign_payment",
        "oversee_desk",
        "see_receipts",
        "retry_receipts",
        "issue_vouchers",
        "redeem_voucher",
        "load_statements",
        "adjust_balance",
        "hold_money",
        "grant_bonus",
        "transfer_money",
        "choose_limit",
        "set_credit",
        "write_off_debt",
        "reverse_entry",
        "open_balance",
        "write_off_debts",
        "decide_approval",
        "raise_dispute",
        "decide_disputes",
        "correct_bills",
        "run_bills",
        "compensate",
        "work_tickets",
        "agree_price",
        "see_usage",
        "recycle_usage",
        "rerate_usage",
        "see_sessions",
        "close_session",
        "undo_write_off",
        "see_charts",
        "see_jobs",
        "see_reports",
        "see_catalogue",
        "compare_catalogue",
    },
    ADMINISTRATOR: frozenset(RIGHTS),
}

#: How much a role may adjust by itself, in the account's currency; more waits for a second person.
ADJUSTMENT_LIMITS: Final[dict[str, int]] = {AGENT: 300, ACCOUNTANT: 3_000, ADMINISTRATOR: 10_000}

#: A debt of up to how much a role lets be paid in instalments by itself.
INSTALMENTS_LIMITS: Final[dict[str, int]] = {
    AGENT: 5_000,
    ACCOUNTANT: 30_000,
    ADMINISTRATOR: 100_000,
}

#: How much of old debts a role may write off together by itself; single ones go by the limit above.
DEBTS_LIMITS: Final[dict[str, int]] = {ACCOUNTANT: 10_000, ADMINISTRATOR: 100_000}

#: What a role may give up of the suspense by itself: an estimate of money, a number of records.
WRITE_OFF_LIMITS: Final[dict[str, tuple[int, int]]] = {
    ACCOUNTANT: (3_000, 100),
    ADMINISTRATOR: (10_000, 1_000),
}

#: Sum of the differences, whatever their sign, that a role may apply by pricing anew alone.
RERATING_LIMITS: Final[dict[str, int]] = {ACCOUNTANT: 10_000, ADMINISTRATOR: 100_000}
