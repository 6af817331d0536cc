"""Which records of a batch are new, and in what order they are priced."""

import numpy as np
import pytest
from rating.domain.intake import Intake, chronological


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_the_order_of_pricing_does_not_depend_on_that_of_files(order: list[int]) -> None:
    started_at, record_key = np.array([5, 5, 1, 9])[order], np.array([7, 3, 8, 1])[order]
    zeros = np.zeros(4, np.int64)
    intake = Intake(
        *(zeros, zeros, zeros, record_key, zeros, started_at, zeros, zeros, zeros, zeros)
    )
    found = chronological(intake)
    assert list(zip(found.started_at.tolist(), found.record_key.tolist(), strict=True)) == [
        *((1, 8), (5, 3), (5, 7), (9, 1))
    ]
