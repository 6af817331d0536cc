"""
Many rows of a model, made by one INSERT … SELECT.
"""

from django.db import connection
from django.db.models import Model
from django.db.models.fields import NOT_PROVIDED


def insert(template: Model, source: str, **expressions: str) -> int:
    """
    Insert a row per row of `source`, the part of a select behind FROM; return how many.

    Columns are those of `expressions` (SQL) and, for the others, the template's values.
    """
    names, values = [], []
    for field in template._meta.concrete_fields:
        if field.column in expressions:
            names.append(field.column)
            values.append(expressions[field.column])
        elif not (field.primary_key or field.db_default is not NOT_PROVIDED or field.generated):
            names.append(field.column)
            values.append(_literal(template, field))
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    table = connection.ops.quote_name(template._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({quoted}) SELECT {', '.join(values)} FROM {source}")
        return int(cursor.rowcount)


def _literal(template: Model, field: object) -> str:
    value = field.get_db_prep_save(field.pre_save(template, add=True), connection)  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        text: bytes = cursor.mogrify("%s", [value])
    return text.decode()
