"""
Every table has a model, or a flush between transactional tests breaks (decision C1); and every
unique key of a table that belongs to accounts names the account, or it can't be distributed (B2).
"""

import pytest
from django.apps import apps
from django.db import connection

pytestmark = pytest.mark.django_db

# Unique without the account, each with its reason. Registries of things unique across accounts are
# kept narrow and apart, so that the tables they speak for stay distributable.
REGISTRIES = {
    "paymentnotice_once": "a sender's id is unique whoever the money is for",
    "paymentreference_once": "a gateway's payment id is unique whoever is credited",
    "bankstatementline_once": "a line of a file is one line, whoever its money is for",
    "billnumber_once": "bill numbers run without holes per legal entity, not per account",
    "invoicing_billnumber_bill_id_key": "the same registry: a bill has one number",
    "notenumber_once": "numbers of notes run without holes per legal entity, not per account",
    "invoicing_notenumber_note_id_key": "the same registry: a note has one number",
    "usagecorrection_once": "a record is corrected once per number, whoever it is resolved to",
    "identifieruse_no_overlap": "a number is in use once at a time, whoever has it",
}
# Their primary key names the account too: they grow with usage.
GROWING = (
    "accounts_ledgerentry",
    "accounts_postingkey",
    "rating_pricedusage",
    "rating_usagecover",
)

UNIQUE_KEYS = """
    SELECT t.relname, i.relname,
           coalesce(con.contype::text, CASE WHEN x.indisprimary THEN 'p' ELSE 'u' END) AS kind,
           array_agg(a.attname)
    FROM pg_index x
    JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
    LEFT JOIN pg_constraint con ON con.conindid = i.oid AND con.contype IN ('p', 'u', 'x')
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (x.indkey::smallint[])
    WHERE (x.indisunique OR x.indisexclusion) AND NOT t.relispartition
      AND EXISTS (SELECT FROM pg_attribute c WHERE c.attrelid = t.oid AND c.attname = 'account_id')
    GROUP BY 1, 2, 3
    ORDER BY 1, 2
"""


def tables_without_model() -> list[str]:
    """Return the tables of the schema, partitions apart, that no model describes."""
    known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = current_schema()::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall() if name not in {*known, "django_migrations"}]


def keys_without_account() -> list[str]:
    """Return the unique keys of account tables that leave the account out, primary keys apart."""
    return [
        index
        for _, index, kind, columns in _unique_keys()
        if kind != "p" and "account_id" not in columns
    ]


def _unique_keys() -> list[tuple[str, str, str, list[str]]]:
    with connection.cursor() as cursor:
        cursor.execute(UNIQUE_KEYS)
        return cursor.fetchall()


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_table_has_a_model() -> None:
    assert tables_without_model() == []


def test_a_planted_table_is_found() -> None:
    _run("CREATE TABLE forgotten (id int)")
    assert tables_without_model() == ["forgotten"]


def test_every_unique_key_of_an_account_table_names_the_account() -> None:
    # Equal, not subset: a registry that is gone must leave the list too.
    assert sorted(keys_without_account()) == sorted(REGISTRIES)


def test_a_planted_key_is_found() -> None:
    _run("CREATE TABLE planted (id int PRIMARY KEY, account_id bigint, ref int UNIQUE)")
    assert "planted_ref_key" in keys_without_account()
    _run("ALTER TABLE planted DROP CONSTRAINT planted_ref_key, ADD UNIQUE (account_id, ref)")
    assert not [key for key in keys_without_account() if key.startswith("planted")]


@pytest.mark.parametrize("table", GROWING)
def test_a_table_that_grows_has_the_account_in_its_primary_key(table: str) -> None:
    primary = [columns for name, _, kind, columns in _unique_keys() if (name, kind) == (table, "p")]
    assert len(primary) == 1
    assert "account_id" in primary[0]
