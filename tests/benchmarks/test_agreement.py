"""Results agree with formulas whose values are known, as the page docs/agreement.md says."""

import pytest

import agreement

TOLERANCES = (1e-6, 2e-4, 1e-5, 1e-5, 1e-5, 0.0201)


def test_results_agree_with_formulas():
    rows = list(agreement.deterministic())
    for (name, expected, found), tolerance in zip(rows, TOLERANCES, strict=True):
        assert found == pytest.approx(expected, rel=tolerance), name
