"""Diffraction patterns: an image of reciprocal space, of electrons or of a Fourier transform."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

DIFFRACTION = Kind(
    name="diffraction",
    title="diffraction patterns",
    arrays={
        "qx_per_m": Array(("x",), "q = 1/d (without 2 pi) of the pixels along a row, evenly spaced; 0 at the centre if known"),
        "qy_per_m": Array(("y",), "q = 1/d of the pixels down a column, evenly spaced; row 0 is the top of the picture"),
        "intensity": Array(("frame", "y", "x"), "brightness in the file's own scale"),
        "frame_time_s": Array(("frame",), "when each pattern was taken; 0 for a single one, or where the file does not say"),
    },
    meta={
        "calibrated": "false where the file gives no size of a pixel: qx_per_m and qy_per_m then count pixels",
        "scale_error": "relative standard deviation of the size of a pixel",
        "pixel_per_m": "size of a pixel in 1/d as the user states it",
        "centre_x_pixels": "column of the undiffracted beam, from 0, where known",
        "centre_y_pixels": "row of the undiffracted beam, from 0, where known",
        "camera_length_m": "camera length as the instrument states it",
        "voltage_V": "accelerating voltage",
        "dose_C_m2": "charge of the beam per area of the sample until then (1 e/angstrom^2 is 16.02 C/m2)",
        "instrument": "maker and model",
        "sample": "what is seen",
    },
)

Diffraction = Annotated[Measurement, DIFFRACTION]
