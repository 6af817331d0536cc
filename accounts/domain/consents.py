"""
The words that a subscriber agrees to, in numbered versions. A version that was read never changes:
other words are another version.
"""

from typing import Final

#: What is read now.
LATEST: Final = 1

#: (version, what) -> the words in Russian and in English. What was read stays here.
TEXTS: Final[dict[tuple[int, str], tuple[str, str]]] = {
    (1, "plan"): (
        "Согласен, чтобы плата за тариф списывалась с лицевого счёта, пока я им пользуюсь.",
        "I agree that the fee of the plan is charged to my account while I have it.",
    ),
    (1, "package"): (
        "Согласен, чтобы плата за пакет списывалась с лицевого счёта, пока он подключён.",
        "I agree that the fee of the package is charged to my account while I have it.",
    ),
    (1, "bundle"): (
        "Согласен, чтобы цена комплекта списывалась с лицевого счёта, пока подключены все его "
        "части; после этого каждая оставшаяся часть стоит столько, сколько без комплекта.",
        "I agree that the price of the bundle is charged to my account while I have all its parts; "
        "after that each part that stays costs what it costs alone.",
    ),
    (1, "pause"): (
        "Согласен, чтобы плата за блокировку списывалась с лицевого счёта, пока услуга "
        "приостановлена.",
        "I agree that the fee of the pause is charged to my account while the service is paused.",
    ),
    (1, "autopay"): (
        "Согласен, чтобы лицевой счёт пополнялся с моей карты по заданным мной условиям.",
        "I agree that my account is topped up from my card on the terms I have set.",
    ),
}


def text_of(what: str, *, version: int, language: str) -> str:
    """
    Return the words of a version, in Russian unless another language is asked for.

    Raises KeyError for a version that never was.
    """
    russian, english = TEXTS[version, what]
    return russian if language.startswith("ru") else english
