"""Record keys recognise a record for ever: the hash's values are fixed here."""

import polars as pl

from rating.formats.keys import hash_texts


def test_the_hash_never_changes() -> None:
    texts = pl.Series(["", "a", "abcdefgh", "abcdefghi", "абв", "1763778000.123\x1f"])
    assert hash_texts(texts).tolist() == [
        -2152535657050944081,
        6774081908283191102,
        -9201615108636129578,
        -3755808226507576517,
        4163092120433938517,
        -1873115336993587600,
    ]


def test_a_hash_does_not_depend_on_its_neighbours() -> None:
    texts = [f"1763778000.{number}" * (number % 4) for number in range(200)]
    together = hash_texts(pl.Series(texts)).tolist()
    assert together == [hash_texts(pl.Series([text])).item() for text in texts]


def test_different_texts_differ() -> None:
    texts = [f"{number}" for number in range(100_000)] + [
        "1\x1f2",
        "12\x1f",
        "\x1f12",
        "\0",
        "\0\0",
    ]
    assert len(set(hash_texts(pl.Series(texts)).tolist())) == len(texts)
