"""An anode-free full cell as a PyBaMM model: a positive electrode against a collector that carries what lithium was plated.

PyBaMM's half cells have a lithium electrode that never ends. Here its lithium is a state: per area of electrode,

    dQ/dt = CE i  while charging,   dQ/dt = -i  while discharging,   dL/dt = (1 - CE) i  while charging,

with Q the metal that can be stripped and L what plating lost to interphase and dead lithium [C/m2]. Its kinetics are those of
Butler and Volmer with an exchange current density that fades where the metal no longer covers the collector,

    j = 2 j0 θ sinh(F η/2RT),   θ = (Q + 1e-5 Qn)/(Q + 2e-3 Qn),

so the overpotential of stripping grows as the last 0.2 % of a capacity Qn leave. The film is a resistance in series.
Everything that changes from cycle to cycle is an input of the built model, so it is built once.
"""

from __future__ import annotations

import functools
import os
import threading
import warnings
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from anodefree.core.constants import FARADAY_C_MOL
from anodefree.errors import NumericalError, missing_extra
from anodefree.simulation.cell.full_cell_cathode import EMPTIEST, Cathode

Fidelity = Literal["SPMe", "DFN"]
COVERED: Final = 2e-3
"""Lithium over the capacity below which it no longer covers the collector."""
FLOOR: Final = 1e-5
RESIDUE: Final = 1e-4
"""Lithium over the capacity that always stays on the collector; stripping ends there."""
NO_LITHIUM: Final = "Lithium inventory exhausted"
CATHODE_FULL: Final = "Cathode as full as it was made"
_SEEN: Final = (
    "Voltage [V]",
    "Plated lithium [C.m-2]",
    "Lost lithium [C.m-2]",
    "Positive electrode stoichiometry",
    "Total lithium in electrolyte [mol]",
)
_OFF_V: Final = 100.0
"""Where a limit of voltage that does not apply is put."""


class Ended(NamedTuple):
    """One stretch of constant current: times from its start and voltages (n,), the state at its end, and why it ended."""

    time_s: np.ndarray
    voltage_V: np.ndarray
    state: np.ndarray
    why: str
    plated_C_m2: float
    lost_C_m2: float
    filling: float
    """Lithium over sites of the positive electrode."""
    electrolyte_mol_m2: float


@dataclass(frozen=True)
class FullCell:
    """A built model. Its numbers depend on its arguments only; it holds the solver, which is why each thread has its own."""

    sites_C_m2: float
    """Charge that would fill the empty positive electrode."""
    active_fraction: float
    thickness_m: float
    model: Any
    solver: Any
    seen: Any
    """(t, y, inputs) -> what is looked at."""
    open_circuit: Any
    names: tuple[str, ...]
    """Inputs in their order."""

    def open_circuit_V(self, filling: float) -> float:
        """Open-circuit voltage against lithium."""
        return float(self.open_circuit(filling))

    def filling_at(self, voltage_V: float, fullest: float) -> float:
        """The filling whose open-circuit voltage is this one; the fullest known where the voltage lies below the curve.

        Raises
        ------
        NumericalError: the voltage lies above the curve.
        """
        from scipy.optimize import brentq

        if self.open_circuit_V(fullest) >= voltage_V:
            return fullest
        if self.open_circuit_V(EMPTIEST) <= voltage_V:
            raise NumericalError(
                f"{voltage_V:g} V lies above the open-circuit voltage of the empty positive electrode",
                "cell.cycle",
                f"at most {self.open_circuit_V(EMPTIEST):.2f} V",
            )
        return float(brentq(lambda x: self.open_circuit_V(x) - voltage_V, EMPTIEST, fullest, xtol=1e-12))

    def start(self, inputs: dict[str, float]) -> np.ndarray:
        """The state at assembly, (states,)."""
        return np.asarray(self.model.concatenated_initial_conditions.evaluate(0, inputs=inputs), dtype=float).ravel()

    def look(self, time_s: np.ndarray, states: np.ndarray, inputs: dict[str, float]) -> np.ndarray:
        """What is looked at, for states (states, n): rows of voltage, plated, lost, filling, electrolyte."""
        given = np.array([inputs[n] for n in self.names])
        return np.asarray(self.seen(time_s[None], states, np.repeat(given[:, None], time_s.size, axis=1)))

    def pass_current(self, state: np.ndarray, inputs: dict[str, float], recorded_s: np.ndarray, longest_s: float) -> Ended:
        """Constant current from a state (states,) until an event, recorded at these times (n,) and at the end.

        Raises
        ------
        NumericalError: a limit is passed as soon as the current flows, or the integration fails.
        """
        import pybamm

        charging = inputs["current_A_m2"] < 0
        inputs = inputs | ({"lower_V": -_OFF_V} if charging else {"upper_V": _OFF_V})
        before = pybamm.Solution(np.zeros(1), state[:, None], self.model, inputs, termination="final time")
        try:
            with warnings.catch_warnings():
                # The run says itself, by its end, how far a state went; PyBaMM's advice on that is for its own plots.
                warnings.simplefilter("ignore", category=pybamm.SolverWarning)
                solved = self.solver.step(before, self.model, longest_s, inputs=inputs, save=False, t_interp=recorded_s)
        except pybamm.SolverError as error:
            raise _failure(str(error), charging) from error
        why = solved.termination.removeprefix("event: ")
        states = np.hstack([np.asarray(y) for y in solved.all_ys])
        time = np.concatenate(solved.all_ts)
        rows = self.look(time, states, inputs)
        if not np.isfinite(rows).all():
            raise _failure("the solution is not finite", charging)
        end = rows[:, -1]
        return Ended(time, rows[0], states[:, -1], why, float(end[1]), float(end[2]), float(end[3]), float(end[4]))


def _failure(text: str, charging: bool) -> NumericalError:
    """What a failed step means, and what to try."""
    what = "charging" if charging else "discharging"
    if "initial conditions" in text and "vent" in text:
        return NumericalError(
            f"{what} passes its limit of voltage as soon as the current flows",
            "cell.cycle",
            "a smaller C-rate, less film resistance, a larger exchange current density, or a wider window of voltage",
        )
    return NumericalError(
        f"the solver failed while {what}: {text.splitlines()[0][:160]}",
        "cell.cycle",
        "a smaller C-rate, a narrower window of voltage, or another tolerance",
    )


def imported() -> Any:
    """PyBaMM, with its telemetry off: nothing leaves this machine.

    Raises
    ------
    MissingExtra: it is not installed.
    """
    os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=DeprecationWarning)  # of packages that it brings along
            import pybamm
    except ImportError as error:
        raise missing_extra("pybamm", "cell") from error
    pybamm.telemetry.disable()
    return pybamm


def built(cathode: Cathode, fidelity: Fidelity, thickness_m: float | None, tolerance: float) -> FullCell:
    """The model of a cathode, `thickness_m` as published where none is given; built once for equal arguments in a thread."""
    imported()
    return _built(cathode, fidelity, thickness_m, tolerance, threading.get_ident())


@functools.lru_cache(maxsize=8)
def _built(cathode: Cathode, fidelity: Fidelity, thickness_m: float | None, tolerance: float, thread: int) -> FullCell:
    import pybamm

    values = pybamm.ParameterValues(cathode.parameter_set)
    fraction = float(values["Positive electrode active material volume fraction"])
    thickness = float(values["Positive electrode thickness [m]"]) if thickness_m is None else thickness_m
    densest = float(values["Maximum concentration in positive electrode [mol.m-3]"])
    sites = FARADAY_C_MOL * fraction * thickness * densest
    given = pybamm.InputParameter
    plated, lost = (pybamm.Variable(f"{n} lithium [C.m-2]", scale=sites) for n in ("Plated", "Lost"))
    capacity = given("capacity_C_m2")

    def exchange_current_A_m2(c_e: Any, c_Li: Any, T: Any) -> Any:
        return given("j0_A_m2") * (plated + FLOOR * capacity) / (plated + COVERED * capacity)

    values.update(
        {
            # One square metre: currents are current densities.
            "Electrode height [m]": 1.0,
            "Electrode width [m]": 1.0,
            "Number of electrodes connected in parallel to make a cell": 1.0,
            "Number of cells connected in series to make a battery": 1.0,
            "Positive electrode thickness [m]": thickness,
            "Current function [A]": given("current_A_m2"),
            "Contact resistance [Ohm]": given("film_ohm_m2"),
            "Positive electrode active material volume fraction": given("active_fraction"),
            "Initial concentration in positive electrode [mol.m-3]": given("filling") * densest,
            "Lower voltage cut-off [V]": given("lower_V"),
            "Upper voltage cut-off [V]": given("upper_V"),
            "Ambient temperature [K]": given("temperature_K"),
            "Initial temperature [K]": given("temperature_K"),
            "Exchange-current density for lithium metal electrode [A.m-2]": exchange_current_A_m2,
            "Negative electrode OCP [V]": 0.0,
            "Negative electrode OCP entropic change [V.K-1]": 0.0,
            "Negative electrode charge transfer coefficient": 0.5,
            # A metal as thick as a foil and as conducting as lithium: it has no part in the voltage.
            "Lithium metal partial molar volume [m3.mol-1]": 1.3e-5,
            "Negative electrode thickness [m]": 1e-4,
            "Negative electrode conductivity [S.m-1]": 1.07e7,
        },
        check_already_exists=False,
    )
    for name in ("Positive particle diffusivity [m2.s-1]", "Positive electrode conductivity [S.m-1]"):
        if not callable(values[name]):
            # A number would be folded into one matrix with the divergence, whose columns add up to rounding errors instead of
            # zero; they pile up to 1e-10 of the lithium. Multiplied as it is evaluated, what leaves one volume enters the next.
            values[name] = float(values[name]) * given("unity")
    family = {"SPMe": pybamm.lithium_ion.SPMe, "DFN": pybamm.lithium_ion.DFN}[fidelity]
    model = family({"working electrode": "positive", "contact resistance": "true"})
    current = model.variables["Current [A]"]
    charging, discharging = pybamm.maximum(-current, 0), pybamm.maximum(current, 0)
    model.rhs[plated] = given("efficiency") * charging - discharging
    model.rhs[lost] = (1 - given("efficiency")) * charging
    model.initial_conditions[plated] = given("plated_C_m2")
    model.initial_conditions[lost] = pybamm.Scalar(0)
    model.variables |= {plated.name: plated, lost.name: lost}
    # Both end a discharge only: while charging the current itself keeps them from zero.
    model.events += [
        pybamm.Event(NO_LITHIUM, (plated - RESIDUE * capacity) / sites + charging),
        pybamm.Event(CATHODE_FULL, given("fullest") - model.variables["Positive electrode stoichiometry"] + charging),
    ]
    _conserve_salt(model)
    open_circuit = values["Positive electrode OCP [V]"]
    open_circuit = _function_of_filling(values.process_symbol(open_circuit(given("sto"))))
    geometry = model.default_geometry
    values.process_geometry(geometry)
    values.process_model(model)
    mesh = pybamm.Mesh(geometry, model.default_submesh_types, model.default_var_pts)
    grid = pybamm.Discretisation(mesh, model.default_spatial_methods)
    looked_at = [model.variables[n] for n in _SEEN]
    grid.process_model(model)
    rows = [grid.process_symbol(values.process_symbol(v)) for v in looked_at]
    names = tuple(sorted(p.name for p in model.input_parameters))
    solver = pybamm.IDAKLUSolver(rtol=tolerance, atol=1e-2 * tolerance)
    return FullCell(
        sites, fraction, thickness, model, solver, _looking(rows, model.len_rhs_and_alg, names), open_circuit, names
    )


def _conserve_salt(model: Any) -> None:
    """Let exactly the salt flow in at the lithium that the current brings, and none at the other end.

    PyBaMM imposes a gradient there, the flux over an extrapolated 1/(D τ), and multiplies it by an extrapolated D τ. Where D
    depends on concentration the two are not reciprocal, and a cell would lose 0.03 % of its salt in a cycle (5700 in the
    tracker of PyBaMM).
    """
    import pybamm

    param, variables = model.param, model.variables
    salt, kelvin = variables["Electrolyte concentration [mol.m-3]"], variables["Cell temperature [K]"]
    spread = variables["Electrolyte transport efficiency"] * param.D_e(salt, kelvin)
    cations, ionic = param.t_plus(salt, kelvin), variables["Electrolyte current density [A.m-2]"]
    current = variables["Current collector current density [A.m-2]"]

    def carried(side: str) -> Any:
        """The cations' current at an end as the finite volumes extrapolate it; on edges it needs no extrapolation."""
        if ionic.evaluates_on_edges("primary"):
            return pybamm.boundary_value(cations, side) * current if side == "left" else pybamm.Scalar(0)
        return pybamm.boundary_value(cations * ionic, side)

    for side, wanted in (("left", current), ("right", pybamm.Scalar(0))):
        gradient = (carried(side) - wanted) / param.F / pybamm.boundary_value(spread, side)
        for name in ("Electrolyte concentration [mol.m-3]", "Electrolyte concentration concatenation [mol.m-3]"):
            model.boundary_conditions[variables[name]][side] = (gradient, "Neumann")


def _function_of_filling(symbol: Any) -> Any:
    import casadi

    filling = casadi.MX.sym("sto")
    return casadi.Function("open_circuit", [filling], [symbol.to_casadi(inputs={"sto": filling})])


def _looking(rows: list[Any], states: int, names: tuple[str, ...]) -> Any:
    """One compiled function for all that is looked at: PyBaMM's own variables are built anew for every solution."""
    import casadi

    t, y, p = casadi.MX.sym("t"), casadi.MX.sym("y", states), casadi.MX.sym("p", len(names))
    inputs = {n: p[i] for i, n in enumerate(names)}
    seen = casadi.vertcat(*(r.to_casadi(t, y, inputs=inputs) for r in rows))
    return casadi.Function("seen", [t, y, p], [seen]).expand()  # scalar operations: four times as fast
