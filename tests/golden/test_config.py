"""config/raykeeper.ini is what the program says of itself, and what it says can be used."""
import re
from pathlib import Path

import pytest

from renderer import ROOT, run

INI = ROOT / "config" / "raykeeper.ini"
pytestmark = pytest.mark.asan


def values(text):
    """section.key -> value of `raykeeper conf`, without where it comes from."""
    found, section = {}, ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line:
            key, _, rest = line.partition("=")
            found[f"{section}.{key.strip()}"] = re.sub(r"\s+; .*$", "", rest).strip()
    return found


def test_the_committed_file_is_up_to_date():
    done = run("conf", "--document")
    assert done.returncode == 0, done.stderr
    assert INI.read_text() == done.stdout, "run: raykeeper conf --document > config/raykeeper.ini"


def test_it_changes_nothing_as_it_is():
    assert values(run("conf", "--config", INI).stdout) == values(run("conf").stdout)


def test_its_defaults_can_be_uncommented(tmp_path):
    everything = tmp_path / "all.ini"
    everything.write_text(re.sub(r"(?m)^;([a-z0-9-]+ = \S.*)$", r"\1", INI.read_text()))
    done = run("conf", "--config", everything)
    assert done.returncode == 0, done.stderr
    assert values(done.stdout) == values(run("conf").stdout)
    assert done.stdout.count(str(everything)) > 20, "the file was not read"


def test_every_option_says_what_it_is_for():
    lines = INI.read_text().splitlines()
    for i, line in enumerate(lines):
        if re.match(r";[a-z0-9-]+ =", line):
            assert lines[i - 1].startswith("; (") and lines[i - 2].startswith("; "), line


def test_no_path_of_the_machine_that_made_it():
    """/tmp/ray is where Ray keeps its logs, on every machine."""
    assert not re.search(rf"/(tmp|root|home)/(?!ray\n)|{re.escape(str(Path(ROOT)))}", INI.read_text())
