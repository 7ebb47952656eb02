"""When a measurement began, as the head of a file says it -> one form, so that the files of a series can be put in time."""

from __future__ import annotations

import re
from datetime import datetime

from anodefree.io.rows import moment_of

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def started_at(text: str, *, day_first: bool = False) -> str | None:
    """An ISO date with time from an instrument's own spelling; None where it is none.

    03/04/2024 is in March unless `day_first`; with dots, or with a first number above 12, the day comes first.
    """
    moment = moment_of(text, day_first=day_first) or _named_month(text[:60])
    return None if moment is None else moment.replace(tzinfo=None).isoformat(timespec="milliseconds").removesuffix(".000")


def _named_month(text: str) -> datetime | None:
    """`Feb. 20, 2020   15:55:08`"""
    found = re.match(r"\s*([A-Za-z]{3})[a-z]{0,6}\.?\s+(\d{1,2}),?\s+(\d{4})\s+(\d{1,2}:\d{2}:\d{2})", text)
    if not found or found[1].lower() not in _MONTHS:
        return None
    return moment_of(f"{found[3]}-{_MONTHS.index(found[1].lower()) + 1}-{found[2]} {found[4]}")
