"""What the documents say of the configuration is what the code accepts."""

from __future__ import annotations

import re

from neo4j_r2.config import read_config
from tests.unit.process import ROOT

SOURCE = (ROOT / "neo4j_r2" / "config.py").read_text(encoding="utf-8")
READ = set(re.findall(r'"([A-Z][A-Z0-9]*_[A-Z0-9_]+)"', SOURCE)) - {"XDG_STATE_HOME"}


def test_the_example_configuration_has_each_variable_once() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = re.findall(r"^#?([A-Z0-9_]+)=", example, re.MULTILINE)
    assert sorted(named) == sorted(READ)


def test_the_readme_has_a_row_for_each_variable() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \|", readme, re.MULTILINE)
    assert sorted(rows) == sorted(READ)


def test_the_readme_s_defaults_are_the_ones_in_force() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| `([^`]+)` \|", readme, re.MULTILINE))
    required = {"NEO4J_PASSWORD": "p", "R2_ACCESS_KEY_ID": "k", "R2_SECRET_ACCESS_KEY": "s"}
    required |= {"R2_ACCOUNT_ID": "a", "R2_BUCKET_NAME": "bucket", "HOME": "/home/user"}
    nowhere = ROOT / "no such file"
    expanded = {name: value.replace("~", "/home/user") for name, value in documented.items()}
    assert len(documented) > 15
    assert read_config(required | expanded, nowhere) == read_config(required, nowhere)
