"""The part of a picture that an analysis looks at."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from anodefree.core.parameter import Par
from anodefree.errors import ConfigError

Region = Annotated[
    tuple[int, int, int, int] | None,
    Par("part of the picture to look at, as left, top, right, bottom in pixels; none: all of it", ge=0),
]


def cut(image: np.ndarray, region: tuple[int, int, int, int] | None) -> tuple[np.ndarray, tuple[int, int]]:
    """The region of a picture (y, x), and the column and row of its upper left corner.

    Raises
    ------
    ConfigError: it is no part of the picture.
    """
    if region is None:
        return image, (0, 0)
    left, top, right, bottom = region
    if not (left < right <= image.shape[1] and top < bottom <= image.shape[0]):
        raise ConfigError(
            f"({left}, {top}, {right}, {bottom}) is no part of a picture of {image.shape[1]} x {image.shape[0]} pixels",
            "region_pixels",
            "left, top, right, bottom, counted from the upper left corner",
        )
    return image[top:bottom, left:right], (left, top)
