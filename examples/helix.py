"""A lithium ion in 10 mT: RK4 against the exact rotation, and the helix that comes back.

Exact answer: gyroradius m v / (q B) = 6.07 mm for 845 m/s, cyclotron frequency q B / m = 1.39e5 rad/s.
"""

import numpy as np

import anodefree as af

LAUNCH = {"transverse_velocity_m_s": "845 m/s", "flux_density_T": "10 mT", "field_V_m": "0 V/m", "duration_s": "90 us"}
stepped = af.fly(pusher="rk4", steps=4000, **LAUNCH)
exact = af.fly(pusher="rotation", steps=500, **LAUNCH)
print("largest distance between the two / m:", np.abs(stepped["x_m"] - exact["x_m"]).max())

helix = af.helix(exact)
print(helix)
assert abs(helix["gyroradius"] / 6.073e-3 - 1) < 1e-3
assert abs(abs(helix["cyclotron_frequency"]) / 1.390e5 - 1) < 1e-3
assert np.abs(stepped["x_m"] - exact["x_m"]).max() < 1e-9
