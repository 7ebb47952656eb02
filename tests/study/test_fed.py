"""A parameter that another step finds: its value and standard deviation, its key, its place in the order of work."""

from __future__ import annotations

from pathlib import Path

import pytest

from anodefree.core.result import Result
from anodefree.errors import ConfigError
from anodefree.report.steps import steps_of
from anodefree.study.plan import plan
from anodefree.study.run import outcomes, run
from anodefree.study.store import Store
from plugin import Plugin

HEAD = '[study]\ntitle = "toys"\nseed = 3\n'


def test_an_estimate_becomes_a_parameter_with_its_uncertainty(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(
        HEAD
        + """
[[step]]
name = "voltage"
stage = "kinetics.overpotential"
with = { current_density_A_m2 = "2 mA/cm2" }
cases = { fast = { j0_A_m2 = "1.3 ± 0.1 mA/cm2" }, slow = { j0_A_m2 = "0.3 ± 0.1 mA/cm2" } }
[[step]]
name = "again"
stage = "kinetics.overpotential"
[step.with]
current_density_A_m2 = "1 mA/cm2"
j0_A_m2 = 1.0
[step.with.area_resistance_ohm_m2]
from = "voltage"
estimate = "charge_transfer_resistance"
[[step]]
name = "one"
stage = "kinetics.overpotential"
[step.with]
current_density_A_m2 = "1 mA/cm2"
j0_A_m2 = 1.0
[step.with.temperature_K]
from = "voltage[fast]"
estimate = "overpotential"
[[step]]
name = "none"
stage = "kinetics.overpotential"
[step.with]
current_density_A_m2 = "1 mA/cm2"
j0_A_m2 = 1.0
[step.with.area_resistance_ohm_m2]
from = "voltage[fast]"
estimate = "resistance"
""",
    )
    study, store = plan(path), Store(tmp_path / "store")
    assert [n.id for n in study.nodes if n.step == "again"] == ["again[fast]", "again[slow]"]
    assert study.needs(study.node("again[slow]")) == ("voltage[slow]",)
    ran = run(study, store)
    assert "cannot be expressed in K" in str(ran.errors["one"])
    assert "no estimate 'resistance'" in str(ran.errors["none"])
    found = {o.node.id: o for o in outcomes(study, store)}
    feeder, again = found["voltage[slow]"].output, found["again[slow]"].output
    assert isinstance(feeder, Result)
    assert isinstance(again, Result)
    assert again.provenance is not None
    made = feeder.estimates["charge_transfer_resistance"]
    assert again.provenance.parameters["area_resistance_ohm_m2"] == {"value": made.value, "std": made.std}
    assert again.provenance.key == study.node("again[slow]").key
    assert run(study, store).computed == 0
    rows = steps_of([o for o in found.values() if o.node.step == "again"], [])[0].parameters
    shown = next(r for r in rows if r.name == "area_resistance_ohm_m2").values
    assert all(value.endswith(f"charge transfer resistance of voltage[{name}]") for name, value in shown), shown


def test_a_parameter_from_nowhere_is_told_before_anything_runs(tmp_path: Path, toys: Plugin) -> None:
    path = tmp_path / "study.toml"
    path.write_text(
        HEAD
        + """
[[step]]
name = "numbers"
stage = "toy.noise"
[[step]]
name = "b"
stage = "toy.noise"
with = { mean = { from = "numbrs", estimate = "mean" } }
[[step]]
name = "c"
stage = "toy.noise"
with = { mean = { from = "numbers", estimate = "mean" }, maen = { from = "numbers", estimate = "mean" } }
""",
    )
    with pytest.raises(ConfigError) as caught:
        plan(path)
    assert "step 'b', mean: no earlier step is named 'numbrs' (did you mean 'numbers'" in str(caught.value)
    assert "'numbers' gives a measurement, which has no estimates" in str(caught.value)
