"""docs/metrics.md is what the program says of its metrics."""
import re

import pytest

from renderer import ROOT, run

DOC = ROOT / "docs" / "metrics.md"
pytestmark = pytest.mark.asan


def test_the_committed_page_is_up_to_date():
    done = run("metrics", "--document")
    assert done.returncode == 0, done.stderr
    assert DOC.read_text() == done.stdout, "run: raykeeper metrics --document > docs/metrics.md"


def test_each_family_has_a_type_and_a_meaning_once():
    rows = re.findall(r"^\| `([a-z_]+)` \| (\w+) \| ([a-z_, ]*)\| (.+) \|$", DOC.read_text(), re.M)
    names = [r[0] for r in rows]
    assert len(names) == len(set(names)) == DOC.read_text().count("| `"), names
    assert {r[1] for r in rows} <= {"counter", "gauge", "histogram"}
    for name, kind, _, meaning in rows:
        assert (kind == "counter") == name.endswith("_total"), name
        assert meaning, name


def test_it_is_the_list_that_people_get_too():
    listed = [line.split()[0] for line in run("metrics").stdout.splitlines()]
    assert sorted(listed) == sorted(re.findall(r"^\| `([a-z_]+)` ", DOC.read_text(), re.M))


def test_wrong_use_is_told():
    for args in (("metrics", "--what"), ("metrics", "more"), ("status", "--what"), ("status", "more"), ("status", "--socket", "")):
        done = run(*args)
        assert done.returncode == 2 and "usage: raykeeper" in done.stderr, (args, done.stderr)


def test_status_without_an_operator_says_whom_it_asked(tmp_path):
    done = run("status", "--socket", tmp_path / "none.sock")
    assert done.returncode == 1 and not done.stdout and f"{tmp_path}/none.sock: " in done.stderr, done.stderr
    done = run("status", "--set", "debug.socket=")
    assert done.returncode == 1 and "[debug] socket is empty" in done.stderr
