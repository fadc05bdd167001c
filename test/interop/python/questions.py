"""The questions of orders.ts, answered by another engine from Faun's file."""

import datetime
import json
import math
from decimal import Decimal

from exact import Tally

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def cell(value):
    """A value as orders.ts writes it."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, float):
        return value
    if isinstance(value, datetime.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
        return str((aware - EPOCH) // datetime.timedelta(microseconds=1))
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    raise TypeError(f"{type(value)} in an answer")


def same(is_, should):
    """Sums of doubles may be rounded differently; everything else is exact."""
    if isinstance(should, float) and isinstance(is_, float):
        return math.isclose(is_, should, rel_tol=1e-12)
    if isinstance(should, int) and not isinstance(should, bool):
        should = str(should)
    return is_ == should


def ask(tool, folder):
    """`tool.answers(path, sql)` gives the rows, each a tuple; `tool.pushed_down(path)` texts that show what is left to the file."""
    tally = Tally()
    path = folder / "data.parquet"
    by_key = lambda row: json.dumps([str(v) for v in row])
    for question in json.loads((folder / "questions.json").read_text()):
        place = question["name"]
        try:
            rows = [[cell(value) for value in row] for row in tool.answers(path, question)]
        except Exception as error:
            tally.mismatch(f"{place}: {type(error).__name__}: {error!s:.400}")
            continue
        expected = question["rows"]
        tally.check(place, len(rows) == len(expected), f"{len(rows)} rows, Faun has {len(expected)}")
        if "ORDER BY" not in question["sql"]:
            rows, expected = sorted(rows, key=by_key), sorted(expected, key=by_key)
        for row, wanted in zip(rows, expected):
            for is_, should in zip(row, wanted):
                tally.check(place, same(is_, should), f"{is_!r}, Faun says {should!r}")
    for what, holds, note in tool.pushed_down(path):
        tally.check(what, holds, note)
    return tally
