r"""Two lithium electrodes face to face in an electrolyte, in one dimension: Li||Cu and Li||Li cells.

x runs from the working electrode (0) to the counter electrode (L). At the current density i [A/m2], positive where it strips
the working electrode, all of it lithium at both walls,

$\epsilon\,\partial_t c = \partial_x\left(\frac{\epsilon}{\tau} D(c)\,\partial_x c\right)$, with
$-\frac{\epsilon}{\tau} D\,\partial_x c = (1-t_+)\,i/F$ at both walls,

$V = \eta_W - \eta_C + i(R_W + R_C) + i\int\frac{\tau\,dx}{\epsilon\,\kappa(c)}
+ \frac{2RT}{F}(1-t_+)\int_{c(L)}^{c(0)}\chi(c)\,d\ln c$,

$D = D_0 e^{-b(c/c_0-1)}$, $\kappa = \kappa_0 (c/c_0)^a e^{-k(c/c_0-1)}$ with its maximum at $c = c_0 a/k$ (the form of
Casteel and Amis), $\chi = \chi_0 + g(c/c_0-1)$. b = g = k = 0, a = 1 and χ0 = 1 is a dilute solution (Nernst-Planck,
electroneutral). The potential of the liquid is that which a lithium electrode in it reads.

*Electrode.* It holds the charges m of lithium [C/m2]: foil, fresh (plated in contact), dead, and bound in the interphase. Fresh
and foil cover the part θ of the collector, half spheres at the mutual distance a that meet and overlap (Avrami),

$\theta = 1 - e^{-(m/m_c)^{2/3}}$, $m_c = \frac{2F}{3\sqrt{\pi}V_m}a$,

and fresh lithium is rough by $A = 1 + (r-1)\,m_f/(m_f+m_r)$. In plating the covered part obeys Butler-Volmer through the film,
and the bare part does so beyond the nucleation overpotential: with j(v) the current through film and reaction at the drive v,

$|i| = A\theta\,j(v) + (1-\theta)\,j(\max(v - v_n, 0))$, $j = j_0(c/c_0)^{1-\alpha}(e^{\alpha f v'} - e^{-(1-\alpha) f v'})$,
$v' = v - Rj$;

in stripping $|i| = A\theta\,j$, so that the overpotential diverges as the lithium ends. The film thickens by diffusion through
itself and by what passes it: $R = R_0(\sqrt{1+t/\tau_f} + q/Q_f)$. Of a plated charge the part s becomes interphase; of fresh
lithium that leaves in stripping the part d loses contact: CE = (1 - s)(1 - d). Dead lithium makes a layer of the thickness
$V_m m_{dead}/(F(1-\epsilon_d))$ with porosity ε_d and tortuosity τ_d, filled with electrolyte as concentrated as the liquid
beside it. A short of resistance $R_s$ [ohm m2] carries V/R_s past the cell.

*Valid when* current and deposit are even along the electrode, $t_+$ does not depend on c, the liquid stands still, and the
double layer and the heat do not matter. The coverage, the roughness and the law of the dead layer are closures.
*Source* transport and kinetics: Newman and Thomas-Alyea 2004, chapters 8 and 12; κ(c): Casteel and Amis 1972; nucleation
overpotential: Pei et al. 2017; overlap: Avrami 1940; dead layer and its signature: Chen et al. 2017; trace: Wood et al. 2016.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anodefree.core.constants import FARADAY_C_MOL, LITHIUM_KG_M3, LITHIUM_KG_MOL

MOLAR_VOLUME_M3_MOL = LITHIUM_KG_MOL / LITHIUM_KG_M3


def covering_C_m2(distance_m: float) -> float:
    """m_c [C/m2]: with one half sphere per a², m = (2/3) π r³ F/(V_m a²), and the areas π r² add up to a² at m_c."""
    return 2 * FARADAY_C_MOL * distance_m / (3 * math.sqrt(math.pi) * MOLAR_VOLUME_M3_MOL)


def sand_time_s(
    density_A_m2: ArrayLike,
    concentration_mol_m3: float,
    diffusivity_m2_s: float,
    transference: float,
    porosity_transport: float = 1.0,
) -> NDArray:
    """τ = π D* (F c0/(2 i (1 - t+)))² [s]: the salt at a wall of a half space is used up; D* = D ε·(ε/τ) in pores.

    *Valid when* τ is much less than L² ε τ/D, else the other wall feeds it. *Source* Sand 1901; Bard and Faulkner 2001, 8.2.14.
    """
    part = FARADAY_C_MOL * concentration_mol_m3 / (2 * np.asarray(density_A_m2) * (1 - transference))
    return np.asarray(np.pi * diffusivity_m2_s * porosity_transport * part**2)


def limiting_A_m2(concentration_mol_m3: float, transport_m_s: float, transference: float) -> float:
    """i = 2 F c0 D_eff/L/(1 - t+) [A/m2] between two lithium electrodes; `transport_m_s` is D_eff/L with D constant.

    *Source* Newman and Thomas-Alyea 2004, chapter 12; Brissot et al. 1999.
    """
    return 2 * FARADAY_C_MOL * concentration_mol_m3 * transport_m_s / (1 - transference)
