"""The Python snippets of the documentation, run as they stand in the folder of this process, which has data/orders."""

import contextlib
import io
import re
from pathlib import Path

from exact import Tally

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = ("README.md", "docs/parquet.md", "docs/interop.md")
# By the module that a snippet imports.
MODULES = {"pyarrow": "pyarrow", "pandas": "pandas", "polars": "polars", "duckdb": "duckdb", "datafusion": "datafusion", "spark": "pyspark"}


def run_snippets(tool):
    """Runs those snippets whose first import is of this tool."""
    tally = Tally()
    for document in DOCUMENTS:
        path = ROOT / document
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            first = re.search(r"^(?:import|from) (\w+)", code, re.MULTILINE)
            if first is None or MODULES.get(tool) != first[1]:
                continue
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(code, document, "exec"), {})
                tally.check(document, True)
            except Exception as error:
                tally.mismatch(f"{document}: {type(error).__name__}: {error!s:.400}\n{code}")
    return tally
