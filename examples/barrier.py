"""Seven virtual spectra from 30 to 60 degC, and the activation energy they give back.

Exact answer: the barrier that was put in, 53.7 kJ/mol.
"""

import anodefree as af

spectra = af.impedance(activation_energy_J_mol="53.7 kJ/mol", noise="1 %", seed=3)
barrier = af.arrhenius(spectra)
print(barrier)
estimate = barrier.estimates["Ea"]
assert abs(estimate.value - 53.7e3) < 3 * estimate.std
