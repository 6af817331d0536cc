"""Import contracts don't see SQL: nobody but `accounts` writes the ledger's tables (decision B5)."""

import re

from tests.architecture.source import ROOT, is_inside, product_files

TABLES = (
    *("accounts_ledgerentry", "accounts_postingkey"),
    *("accounts_accountbalance", "accounts_balancecrossing"),
)
WRITE = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY)\s+"
    rf"(?:ONLY\s+)?(?:public\.)?\"?(?:{'|'.join(TABLES)})\b",
    re.IGNORECASE,
)
# A crossing is a row of a queue: dunning drains it in the transaction that decides (decision A3).
DRAIN = re.compile(r"DELETE\s+FROM\s+\"?accounts_balancecrossing\b", re.IGNORECASE)


def ledger_writes(text: str) -> list[int]:
    """Return the lines at which a piece of source writes a ledger table."""
    return [text.count("\n", 0, found.start()) + 1 for found in WRITE.finditer(text)]


def test_only_accounts_writes_the_ledger() -> None:
    found = {}
    for path in product_files("**/*.py", "**/*.sql"):
        text = path.read_text()
        if is_inside(path, "dunning"):
            text = DRAIN.sub("", text)
        if not is_inside(path, "accounts") and (lines := ledger_writes(text)):
            found[str(path.relative_to(ROOT))] = lines
    assert found == {}


def test_planted_writes_are_found() -> None:
    planted = (
        'run("INSERT INTO accounts_ledgerentry (account_id) VALUES (1)")\n'
        "run('''UPDATE\n  accounts_accountbalance SET money = 0''')\n"
        'run("SELECT money FROM accounts_accountbalance FOR NO KEY UPDATE")\n'
        'run(f"DELETE FROM ONLY {table}; delete from accounts_postingkey")\n'
        'run("UPDATE accounts_account SET x = 1")\n'
    )
    assert ledger_writes(planted) == [1, 2, 5]
