"""
A case against what is expected of it.
"""

from billing_project.kernel.vectors import Result, Verdict, compared, name_of
from invoicing.domain.receivables import UnableToAllocate
from invoicing.domain.timeline import UnableToMove
from invoicing.domain.vectors.comparing import NotAnswered, differences
from invoicing.domain.vectors.models import MODELS
from invoicing.domain.vectors.reading import Fields, NotKnown, UnableToRead, read_case


def check_case(case: object) -> Verdict:
    """Compute one case and compare it with what it expects."""
    name = name_of(case)
    try:
        found = tuple(_differences(Fields(case, at="case")))
    except UnableToRead as error:
        return Verdict(name, Result.UNREADABLE, (str(error),))
    except (NotKnown, NotAnswered) as error:
        return Verdict(name, Result.UNSUPPORTED, (str(error),))
    except (ArithmeticError, ValueError) as error:
        # A period that ends before it starts, a day beyond the calendar, a share of nothing.
        return Verdict(name, Result.UNREADABLE, (f"{type(error).__name__}: {error}",))
    return compared(name, found)


def _differences(fields: Fields) -> list[str]:
    """Return what differs; with it, what of the case nobody asked for, which may be why."""
    case = read_case(fields)
    model = MODELS.get(fields.text("model"))
    expected = fields.part("expected")
    if not expected.names():
        fields.fail("expected", "says nothing")
    if model is None:
        message = f"model {fields.text('model')}"
        raise NotKnown(message)
    try:
        answer = model(case)
    except (UnableToMove, UnableToAllocate) as error:
        return [f"refused: {error}"]
    found = list(differences(fields.take("expected"), answer))
    unread = case.unread()
    return [*found, f"not read: {', '.join(unread)}"] if found and unread else found
