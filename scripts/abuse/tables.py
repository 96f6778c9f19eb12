"""Every case, from the tables of the families."""

import importlib
import pathlib

ALL = []
for path in sorted(pathlib.Path(__file__).parent.glob("cases_*.py")):
    ALL += importlib.import_module(path.stem).CASES

names = [case.name for case in ALL]
doubled = {name for name in names if names.count(name) > 1}
if doubled:
    raise SystemExit(f"abuse: two cases are named {', '.join(sorted(doubled))}")
