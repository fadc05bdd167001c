"""Reads with one tool what Faun wrote: python read_files.py TOOL FOLDER RESULT, run in the folder."""

import importlib
import json
import sys
from pathlib import Path

from exact import Folder, Tally
from questions import ask
from snippets import run_snippets


def read_all(tool, folder):
    results = {}
    for file in folder.files:
        format = file["format"]
        if format not in tool.FORMATS:
            continue
        tally = results.setdefault(format, Tally())
        expected_types = tool.types(format)
        shown = getattr(tool, "shown", lambda text, column, format: text)
        refused = getattr(tool, "REFUSED", {})
        seen = set()
        try:
            for column, found, texts in tool.columns(folder.path / file["path"], format, folder.columns):
                kind = column["kind"] + ("?" if column["nullable"] else "")
                wanted = expected_types.get(kind, expected_types.get(column["kind"]))
                values = [shown(text, column, format) for text in folder.expected(column["name"])]
                tally.column(f"{file['name']} {column['name']}", kind, found, wanted, texts, values)
                seen.add(column["name"])
            for column in folder.columns:
                tally.check(file["name"], column["name"] in seen, f"{column['name']} was not read")
            tally.check(file["name"], file["name"] not in refused, "was read; it was known to be refused")
        except BaseException as error:  # Polars panics with what is no Exception.
            if refused.get(file["name"], "\0") in str(error):
                tally.check(file["name"], True)
                continue
            tally.mismatch(f"{file['name']}: {type(error).__name__}: {error!s:.400}")
    return results


def main():
    name, path, out = sys.argv[1:4]
    tool = importlib.import_module(f"tool_{name}")
    results = {format: tally.result() for format, tally in read_all(tool, Folder(path)).items()}
    if hasattr(tool, "limits"):
        # That what docs/interop.md says of limits is so.
        tally = Tally()
        for what, holds in tool.limits(Path(path)):
            tally.check(what, holds, "is no longer so")
        results["limits"] = tally.result()
    if hasattr(tool, "answers"):
        results["questions"] = ask(tool, Path(path) / "data" / "orders").result()
    results["snippets"] = run_snippets(name).result()
    Path(out).write_text(json.dumps({"version": tool.VERSION, "reads": results}))


main()
