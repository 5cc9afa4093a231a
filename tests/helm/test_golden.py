"""Charts: <chart>/<case>/values.yaml in, <chart>/<case>/want.yaml out, as `helm template` prints it.

    pytest tests/helm/test_golden.py -k two-namespaces
    pytest tests/helm/test_golden.py --accept     writes want.yaml anew: then read `git diff`, line by line

A case may have a file `args`: further arguments of Helm, one a line; {case} is its folder. A case with a file `error` in place of want.yaml must be
refused, with each line of that file in what is told. The head of values.yaml says what the case is about."""
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from lib.helm import CHARTS, chart, helm, manifests, must  # noqa: E402

CASES = sorted(path.parent for path in HERE.glob("*/*/values.yaml"))
GOOD = [case for case in CASES if not (case / "error").exists()]
BAD = [case for case in CASES if (case / "error").exists()]
NAMES = sorted(path.parent.name for path in CHARTS.glob("*/Chart.yaml"))


def called(case):
    return f"{case.parent.name}/{case.name}"


def arguments(case):
    more = (case / "args").read_text().replace("{case}", str(case)).splitlines() if (case / "args").exists() else []
    return ["--values", case / "values.yaml", *more]


def template(case):
    return helm("template", "test", CHARTS / case.parent.name, "--namespace", "team", *arguments(case))


def stable(text, name):
    """Without the chart's own version, and the program's: a release changes no promise."""
    about = chart(name)
    for version in {about["version"], about.get("appVersion", about["version"])}:
        text = re.sub(rf"(?<![\d.]){re.escape(version)}(?![\d.])", "<version>", text)
    return text


def key(obj):
    return obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"]


@pytest.mark.parametrize("case", GOOD, ids=called)
def test_case(case, request):
    done = template(case)
    assert done.returncode == 0, done.stderr
    text = stable(done.stdout, case.parent.name)
    got = manifests(text)
    twice = [name for name, times in Counter(map(key, got)).items() if times > 1]
    assert got and not twice, f"rendered twice: {twice}"
    want = case / "want.yaml"
    if request.config.getoption("--accept"):
        want.write_text(text)
        return
    expected = manifests(want.read_text())
    assert [key(obj) for obj in got] == [key(obj) for obj in expected]
    for obj, other in zip(got, expected):
        assert obj == other, " ".join(filter(None, key(obj)))


@pytest.mark.parametrize("case", BAD, ids=called)
def test_refused(case):
    done = template(case)
    assert done.returncode != 0 and not done.stdout.strip(), done.stdout
    for line in (case / "error").read_text().splitlines():
        assert line in done.stderr, f"not told: {line}\n{done.stderr}"


@pytest.mark.parametrize("case", GOOD, ids=called)
def test_lint(case):
    must("lint", "--strict", CHARTS / case.parent.name, "--namespace", "team", *arguments(case))


@pytest.mark.parametrize("name", NAMES)
def test_lint_as_it_comes(name):
    must("lint", "--strict", CHARTS / name)


def test_every_chart_has_cases_and_every_folder_is_one():
    folders = sorted(path for top in HERE.iterdir() if top.is_dir() and top.name != "__pycache__" for path in top.iterdir())
    assert folders == CASES
    assert sorted({case.parent.name for case in CASES}) == NAMES


def test_this_is_the_helm_of_go_mod():
    wanted = re.search(r"helm\.sh/helm/v4 (v\S+)", (HERE / "go.mod").read_text()).group(1)
    assert must("version", "--template", "{{.Version}}").strip() == wanted
