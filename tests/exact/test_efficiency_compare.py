"""Groups of cells: joined from files of any length, compared by tests whose numbers are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.core.measurement import Measurement, join
from anodefree.core.result import Result
from anodefree.errors import ConfigError, DataError
from anodefree.io.file_names import group_name
from anodefree.io.write import write
from anodefree.kinds.cycling import CYCLING
from anodefree.numerics.two_groups import holm, rank_test, welch

STAGE = af.get("cycling.compare")


def cell(ce: float, name: str, cycles: int = 20) -> Measurement:
    plated = np.full(cycles, 3.6)
    arrays = {"cycle_number": np.arange(1, cycles + 1), "charge_capacity_C": ce * plated, "discharge_capacity_C": plated}
    return Measurement.of(CYCLING, arrays, {"instrument": "x"}, name=name)


def checks(result: Result) -> dict[str, tuple[str, str]]:
    return {c.name: (c.status, c.message) for c in result.checks}


def test_cells_of_unlike_length_join() -> None:
    joined = join([cell(0.99, "a_1.csv", 20), cell(0.98, "a_2.csv", 12), cell(0.97, "b.csv", 30)])
    assert joined.kind.name == "cells"
    assert len(joined) == 3
    assert joined["charge_capacity_C"].shape == (3, 30)
    assert np.isfinite(joined["charge_capacity_C"]).sum(axis=1).tolist() == [20, 12, 30]
    assert joined.meta["members"] == ["a_1.csv", "a_2.csv", "b.csv"]
    assert joined.meta["instrument"] == "x"
    record = Measurement.of(CYCLING, {"time_s": np.arange(3.0), "voltage_V": np.ones(3)}, name="only a record.csv")
    with pytest.raises(DataError, match=r"only a record.*charge_capacity_C"):
        join([cell(0.99, "a"), record])


def test_means_scatter_and_tests_by_hand() -> None:
    a, b = np.array([0.991, 0.993, 0.995]), np.array([0.981, 0.982, 0.986])
    names = [f"{g}_{k + 1}.csv" for g in ("new", "old") for k in range(3)]
    result = STAGE(join([cell(float(ce), n) for ce, n in zip([*a, *b], names, strict=True)]))
    assert result["CE_new"] == pytest.approx(a.mean())
    # t(0.975, 2) = 4.302653.
    assert result.estimates["CE_new"].std == pytest.approx(4.302653 / 1.959964 * a.std(ddof=1) / np.sqrt(3), rel=1e-6)
    assert result["difference"] == pytest.approx(a.mean() - b.mean())
    assert result["p_difference"] == pytest.approx(welch(a, b).p)
    assert result["p_rank"] == result["p_rank_least"] == pytest.approx(0.1)
    assert checks(result)["new / old"][0] == "pass"
    assert result.curves["group"].values.tolist() == ["new", "old"]
    close = STAGE(join([cell(float(ce), n) for ce, n in zip([*a, *(a - 1e-4)], names, strict=True)]))
    assert "cannot be told apart" in checks(close)["new / old"][1]


def test_groups_are_named_by_their_files_or_by_hand() -> None:
    for file in ("MNi_01.csv", "MNi-2.csv", "MNi cell 3.csv", "MNi (4).csv", "folder/MNi_rep5.bdf.csv", "MNi.csv"):
        assert group_name(file) == "MNi"
    assert group_name("12.csv") == "12"
    series = join([cell(0.99, "1.csv"), cell(0.98, "2.csv"), cell(0.985, "3.csv"), cell(0.97, "4.csv")])
    by_hand = STAGE(series, groups=("A", "B", "A", "B"))
    assert by_hand["CE_A"] == pytest.approx(0.9875)
    alone = STAGE(series)
    assert "difference" not in alone.estimates
    assert np.isnan(alone.estimates["CE_1"].std)
    assert checks(alone)["repeats"][0] == "warn"
    with pytest.raises(ConfigError, match="3 groups are given for 4 cells"):
        STAGE(series, groups=("A", "B", "A"))


def test_files_from_the_command_line(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from anodefree.cli.main import cli

    for k, ce in enumerate((0.99, 0.991, 0.98, 0.979)):
        write(cell(ce, "x"), tmp_path / f"{'new' if k < 2 else 'old'}_{k % 2 + 1}.csv")
    made = CliRunner().invoke(cli, ["do", "cycling.compare", str(tmp_path), "--json"])
    assert made.exit_code == 0, made.output
    assert '"CE_new"' in made.output
    single = CliRunner().invoke(cli, ["do", "cycling.compare", str(tmp_path / "new_1.csv")])
    assert isinstance(single.exception, DataError)
    assert "give several files" in str(single.exception)


def test_welch_against_scipy(rng: np.random.Generator) -> None:
    from scipy.stats import ttest_ind

    for n, m, spread in ((2, 2, 1.0), (3, 8, 0.1), (15, 15, 3.0)):
        a, b = rng.standard_normal(n), spread * rng.standard_normal(m) + 0.5
        found, known = welch(a, b), ttest_ind(a, b, equal_var=False)
        assert (found.value / found.std, found.p, found.dof) == pytest.approx((known.statistic, known.pvalue, known.df))
    assert welch(np.ones(3), np.ones(2)).p == 1.0


def test_ranks_against_scipy(rng: np.random.Generator) -> None:
    from scipy.stats import mannwhitneyu

    for n, m in ((3, 3), (4, 6), (5, 5)):
        a, b = rng.standard_normal(n), rng.standard_normal(m) + 0.8
        p, least = rank_test(a, b)
        assert p == pytest.approx(mannwhitneyu(a, b, method="exact").pvalue)
        assert least <= p + 1e-12
    many_a, many_b = rng.standard_normal(40), rng.standard_normal(40) + 0.3
    assert rank_test(many_a, many_b)[0] == pytest.approx(mannwhitneyu(many_a, many_b, method="asymptotic").pvalue, rel=1e-3)
    assert rank_test(np.ones(3), np.ones(3))[0] == 1.0


def test_holm_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.5, 0.9])) == pytest.approx([1.0, 1.0])
