"""The table of whole numbers, against the same e-values computed in another way."""

import math
from fractions import Fraction

import pytest
from scipy import special

from haipkit.actions.a01_risk.characteristics import characteristics
from haipkit.actions.a01_risk.sequential import Table, _crosses, crossings, sequential_table

OK, BAD, TWENTIETH = Fraction(1, 20), Fraction(1, 10), Fraction(1, 20)
NONE, HALF = Fraction(0), Fraction(1, 2)


def table(atom: Fraction = HALF, ok: Fraction = OK, bad: Fraction = BAD, calls: int = 3000) -> Table:
    return sequential_table(ok, bad, TWENTIETH, TWENTIETH, calls, atom)


def percents(*numbers: int) -> list[Fraction]:
    return [Fraction(one, 100) for one in numbers]


def e_value(counts: int, others: int, null: float, design: float, atom: float) -> float:
    """By the incomplete beta function of another library."""
    mixture = special.betainc(counts + 0.5, others + 0.5, null) / special.betainc(0.5, 0.5, null)
    mixture *= math.exp(special.betaln(counts + 0.5, others + 0.5) - special.betaln(0.5, 0.5))
    mixture /= null**counts * (1 - null) ** others
    ratio = (design / null) ** counts * ((1 - design) / (1 - null)) ** others
    return float(atom * ratio + (1 - atom) * mixture)


@pytest.mark.parametrize(("atom", "calls"), [(NONE, [36, 64, 86, 105, 123, 140]), (HALF, [41, 66, 85, 101, 117, 131])])
def test_five_against_ten_per_cent_passes_after(atom: Fraction, calls: list[int]) -> None:
    assert [table(atom).passes_after(failures) for failures in range(6)] == calls


@pytest.mark.parametrize("atom", [NONE, Fraction(1, 4), HALF])
@pytest.mark.parametrize(("ok", "bad"), [(OK, BAD), (Fraction(1, 100), Fraction(1, 20)), (Fraction(3, 10), HALF)])
def test_every_limit_is_where_the_e_value_crosses(atom: Fraction, ok: Fraction, bad: Fraction) -> None:
    made = table(atom, ok, bad, 300)
    for n in range(1, made.calls):
        low, high = made.passing[n], made.failing[n]
        for failures, passes in ((low, True), (low + 1, False)):
            if 0 <= failures <= n:
                value = e_value(failures, n - failures, float(bad), float(ok), float(atom))
                assert (value >= 20) == passes, (n, failures, value)
        for failures, fails in ((high, True), (high - 1, False)):
            if 0 <= failures <= n:
                value = e_value(n - failures, failures, 1 - float(ok), 1 - float(bad), float(atom))
                assert (value >= 20) == fails, (n, failures, value)


def test_close_to_the_threshold_sixty_digits_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the band of doubt set wide, every cell near a limit is decided by the exact comparison: the same table."""
    made = crossings(BAD, OK, Fraction(20), 200, 200, HALF)
    asked = []

    def counted(*words: object) -> bool:
        asked.append(words)
        return _crosses(*words)  # type: ignore[arg-type]

    monkeypatch.setattr("haipkit.actions.a01_risk.sequential.TIE", 0.3)
    monkeypatch.setattr("haipkit.actions.a01_risk.sequential._crosses", counted)
    assert crossings(BAD, OK, Fraction(20), 200, 200, HALF) == made
    assert len(asked) > 50


def test_a_longer_table_begins_with_the_shorter_one() -> None:
    short, long = table(calls=400), table(calls=2000)
    assert (long.passing[:401], long.failing[:401]) == (short.passing, short.failing)


@pytest.mark.parametrize("calls", [1, 2, 35, 36, 40, 41, 42])
def test_tables_of_all_lengths(calls: int) -> None:
    made = table(calls=calls)
    assert (made.calls, made.passes_after(0)) == (calls, 41 if calls >= 41 else None)
    assert made.decide(calls, calls) == (None if calls == 1 else "FAIL")


def test_limits_never_fall_and_the_table_ends_where_they_meet() -> None:
    made = table(calls=1500)
    assert list(made.passing) == sorted(made.passing)
    assert list(made.failing) == sorted(made.failing)
    gaps = [high - low for low, high in zip(made.passing, made.failing, strict=True)]
    assert min(gaps[1:-1]) > 1
    assert (gaps[-1], made.calls) == (1, 1378)


EXPECTED = [
    # atom, rates, (mean calls, 95 % of runs) at each; chance of a wrong FAIL at 5 %, of a wrong PASS at 10 %
    (
        NONE,
        (0, 1, 3, 5, 7, 10, 20, 50),
        [(36, 36), (48, 86), (93, 218), (210, 530), (451, 975), (238, 590), (33, 88), (5.5, 13)],
        (0.018, 0.042),
    ),
    (
        HALF,
        (0, 1, 3, 5, 7, 10, 20, 50),
        [(41, 41), (53, 85), (91, 188), (180, 436), (317, 824), (165, 422), (33, 76), (6.3, 15)],
        (0.027, 0.045),
    ),
]


@pytest.mark.parametrize(("atom", "rates", "calls", "wrong"), EXPECTED)
def test_mean_calls_and_errors(
    atom: Fraction, rates: tuple[int, ...], calls: list[tuple[float, int]], wrong: tuple[float, float]
) -> None:
    rows = characteristics(table(atom), percents(*rates))
    for row, (mean, most) in zip(rows, calls, strict=True):
        assert row.mean_calls == pytest.approx(mean, abs=0.55 if mean > 10 else 0.055)
        assert row.calls_95 == most
    at = dict(zip(rates, rows, strict=True))
    assert (at[5].fails, at[10].passes) == pytest.approx(wrong, abs=0.0006)


def test_without_a_zone_between_the_rates_the_limit_itself_stays_undecided() -> None:
    """Why a bare limit is refused."""
    rows = characteristics(table(NONE, OK, OK), percents(0, 1, 2, 3, 7, 10, 20, 50, 5))
    means = [(0, 74), (1, 136), (2, 287), (3, 772), (7, 1495), (10, 254), (20, 33), (50, 5.5)]
    for row, (_, mean) in zip(rows, means, strict=False):
        assert row.mean_calls == pytest.approx(mean, rel=0.01, abs=0.5)
    assert [rows[place].calls_95 for place in (0, 1, 2, 5, 6, 7)] == [74, 284, 699, 627, 88, 13]
    assert rows[4].fails == pytest.approx(0.89, abs=0.005)
    assert rows[8].undecided == pytest.approx(0.94, abs=0.005)


@pytest.mark.parametrize(
    ("ok", "bad", "means"),
    [(2, 5, {0: 74, 1: 134}), (1, 5, {0: 74, 10: 35}), (5, 8, {0: 46})],
)
def test_other_zones(ok: int, bad: int, means: dict[int, int]) -> None:
    rows = characteristics(table(NONE, Fraction(ok, 100), Fraction(bad, 100)), percents(*means))
    assert [round(row.mean_calls) for row in rows] == list(means.values())


@pytest.mark.parametrize(
    ("calls", "undecided"),
    [(200, {0: 0.0, 1: 0.0, 3: 0.075, 5: 0.45, 10: 0.50}), (500, {5: 0.063, 10: 0.096, 7: 0.43})],
)
def test_a_limit_without_a_final_cut_leaves_some_open(calls: int, undecided: dict[int, float]) -> None:
    rows = characteristics(table(NONE, calls=calls), percents(*undecided))
    for row, expected in zip(rows, undecided.values(), strict=True):
        assert row.undecided == pytest.approx(expected, abs=0.006)


def test_the_table_prints_and_has_a_digest() -> None:
    made = table(calls=100)
    lines = list(made.lines())
    assert lines[1].split() == ["2", "–", "2"]
    assert ["41", "0", "8"] in [line.split() for line in lines]
    assert made.to_json()["pass"] == [[41, 0], [66, 1], [85, 2]]
    assert made.to_json()["fail"][:3] == [[2, 2], [3, 3], [7, 4]]
    assert made.digest == table(calls=100).digest != table(calls=101).digest


def test_peeking_with_intervals_for_a_fixed_number_breaks_the_promise() -> None:
    """What the table is there for: looking at a 95 % Clopper-Pearson bound after every call."""
    low, high = [-1], [1]
    for n in range(1, 1001):
        least, most = low[-1], high[-1]
        while least + 1 < n and special.betaincinv(least + 2, n - least - 1, 0.95) < 0.1:
            least += 1
        while most == 0 or (most <= n and special.betaincinv(most, n - most + 1, 0.05) < 0.05 - 1e-12):
            most += 1
        low.append(least)
        high.append(most)
    good, bad = characteristics(Table(tuple(low), tuple(high)), percents(5, 10))
    assert good.fails == pytest.approx(0.201, abs=0.002)
    assert bad.passes == pytest.approx(0.147, abs=0.002)
