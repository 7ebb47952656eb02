"""The overpotential of a symmetric cell from its exchange current density.

Exact answer: 2 (2RT/F) asinh(j / 2 j0) = 70.9 mV for j = 2 mA/cm2 and j0 = 1.34 mA/cm2 at 25 degC.
"""

import anodefree as af

result = af.get("kinetics.overpotential")(current_density_A_m2="2 mA/cm2", j0_A_m2="1.34 ± 0.02 mA/cm2")
print(result)
assert abs(result["overpotential"] - 70.9e-3) < 0.1e-3
