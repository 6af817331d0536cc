"""
What people type into the search field, and the text that is searched.
"""

import re
from dataclasses import dataclass
from typing import Final

#: Shorter words are not searched by content: no index serves them.
SHORTEST: Final = 3
_NOT_DIGITS: Final = re.compile(r"\D")
_PHONE_LIKE: Final = re.compile(r"[\d\s()+\-.]+")
_LATIN: Final = str.maketrans(
    dict(
        zip(
            "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґў",
            "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch ' y ' e yu ya i i e g u".replace(
                "'", ""
            ).split(" "),
            strict=True,
        )
    )
)
_WILDCARDS: Final = re.compile(r"([\\%_])")


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    A search: `words` of names and addresses (folded), and `digits` if it looks like a number.

    `digits` leave out the leading 7 or 8 of a long Russian number, so that any notation is found;
    `typed_digits` are as typed, for account numbers.
    """

    text: str
    words: tuple[str, ...]
    digits: str
    typed_digits: str

    @property
    def is_empty(self) -> bool:
        """Whether too little was typed to search for."""
        return not self.digits and not any(len(word) >= SHORTEST for word in self.words)


def read_search(text: str) -> Wanted:
    """
    Read what was typed.

    >>> read_search("8 (921) 555-01").digits
    '92155501'
    >>> read_search("Иванов Пётр").words
    ('ivanov', 'petr')
    """
    clean = " ".join(text.split())
    typed = _NOT_DIGITS.sub("", clean) if _PHONE_LIKE.fullmatch(clean) else ""
    typed = typed if len(typed) >= SHORTEST else ""
    has_country = clean.startswith("+7") or (len(typed) == 11 and typed[0] == "7")
    has_trunk = len(typed) >= 7 and typed[0] == "8"
    digits = typed[1:] if len(typed) > SHORTEST and (has_country or has_trunk) else typed
    return Wanted(text=clean, words=tuple(fold(clean).split()), digits=digits, typed_digits=typed)


def fold(text: str) -> str:
    """
    Return the text as it is stored and searched: lower case, Cyrillic in Latin letters.

    PostgreSQL's trigrams know only the letters of its locale: in a cluster whose locale is C a
    Cyrillic word has none. In Latin letters the search works everywhere, and «petrov» finds Петров.

    >>> fold("Пётр Щукин"), fold("Petr")
    ('petr shchukin', 'petr')
    """
    return text.lower().translate(_LATIN)


def search_text(*parts: str) -> str:
    """Return one searchable line of the parts that are not empty."""
    return " ".join(fold(" ".join(part.split())) for part in parts if part)


def like(text: str) -> str:
    """
    Return the text with the wildcards of LIKE escaped.

    >>> like("50%_off")
    '50\\\\%\\\\_off'
    """
    return _WILDCARDS.sub(r"\\\1", text)
