"""What the compiled model of two lithium electrodes is given: the liquid, the two surfaces, a step, as tuples of numbers."""

from __future__ import annotations

from typing import NamedTuple


class Medium(NamedTuple):
    """The liquid between the electrodes, the pores that it fills, and F, RT/F and the molar volume of lithium."""

    diffusivity_m2_s: float
    diffusivity_fall: float
    """b in D = D0 exp(-b (c/c0 - 1))."""
    conductivity_S_m: float
    conductivity_exponent: float
    conductivity_fall: float
    """k in kappa = kappa0 (c/c0)^a exp(-k (c/c0 - 1))."""
    factor: float
    """Thermodynamic factor chi at c0."""
    factor_slope: float
    """g in chi = chi0 + g (c/c0 - 1)."""
    transference: float
    concentration_mol_m3: float
    separator_transport: float
    """Porosity over tortuosity of the separator."""
    layer_porosity: float
    layer_transport: float
    """The same of a layer of dead lithium."""
    molar_volume_m3_mol: float
    faraday_C_mol: float
    thermal_V: float


class Side(NamedTuple):
    """One electrode's surface."""

    exchange_A_m2: float
    transfer: float
    """Transfer coefficient of plating."""
    film_ohm_m2: float
    film_parabolic_s: float
    """The film's square grows by its first square in this time; inf: never."""
    film_C_m2: float
    """The film grows by its first value in this throughput; inf: never."""
    nucleation_V: float
    covering_C_m2: float
    """Lithium m_c in the coverage 1 - exp(-(m/m_c)^(2/3))."""
    roughness: float
    roughness_C_m2: float


class Orders(NamedTuple):
    """A step of the program: set current (positive strips the working electrode) and what ends it."""

    set_A_m2: float
    charge_C_m2: float
    duration_s: float
    low_V: float
    high_V: float
    sampling_s: float
    voltage_step_V: float
    tolerance: float
    to_film: float
    """Part of what is plated that becomes interphase."""
    to_dead: float
    """Part of the fresh lithium that leaves the electrode by losing contact."""
    short_C_m2: float
    """Throughput at which a parallel resistance appears; inf: never."""
    short_ohm_m2: float
    bare_V: float
    tiny_s: float


FOIL, FRESH, DEAD, FILM = range(4)
"""Columns of the lithium account of an electrode [C/m2]."""

DONE, CUT_OFF, DEPLETED, USED_UP, LIMIT, FULL = range(6)
"""Why a step ended: as ordered, at the cut-off, without salt, without lithium, at the other limit; FULL: goes on."""

KINETIC_WORKING, KINETIC_COUNTER, FILM_WORKING, FILM_COUNTER, OHMIC, CONCENTRATION = range(6)
"""Parts of the cell voltage."""

TIME, THROUGHPUT, ADDED_SALT, STEP, SPENT, PASSED, STEPS = range(7)
"""Numbers of a run: time [s], throughput [C/m2], salt that came with the liquid that growing layers drew in [mol/m2], the last
internal step [s], time [s] and charge [C/m2] within the present step, internal steps."""

DEPLETED_AT = 1e-4
"""Part of the initial concentration below which the salt at a surface counts as gone."""
