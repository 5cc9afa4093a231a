"""Completion in bash: typed into an interactive bash, which is where it has to work."""
import os
import pty
import re
import select
import shutil
import time

import pytest

from renderer import RAYKEEPER, ROOT

BOUND_S = 60


class Bash:
    """A bash whose lines are read as a terminal shows them."""

    def __init__(self, folder):
        env = {"PATH": f"{os.path.dirname(RAYKEEPER)}:{os.environ['PATH']}", "PS1": "", "TERM": "dumb", "LC_ALL": "C.UTF-8", "HOME": str(folder), "INPUTRC": "/dev/null"}
        pid, self.fd = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.execve(shutil.which("bash"), ["bash", "--norc", "--noprofile", "-i"], env)
        self.pid, self.text = pid, ""
        self.type("stty -echo columns 500; bind 'set bell-style none' 'set enable-bracketed-paste off'; PS1=\n")
        self.type(f"source {ROOT}/config/completion/raykeeper.bash; echo rea''dy\n")
        self.wait("ready")

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def wait(self, word, bound=BOUND_S):
        end = time.monotonic() + bound
        while not re.search(word, self.text):
            left = end - time.monotonic()
            assert left > 0 and select.select([self.fd], [], [], left)[0], f"no {word!r} in {self.text[-2000:]!r}"
            self.text += os.read(self.fd, 65536).decode("utf-8", "replace").replace("\r", "")
        return self.text

    def completed(self, keys):
        """The words that a command gets when these keys are typed: TAB is \\t. The command is one that tells its words."""
        self.text = ""
        self.type(keys + "\x01echo \"<\" \x05 \">e\"\"nd\"\n")  # to the begin of the line, and to its end
        return re.search(r"< (.*) >end", self.wait(">end"))[1].split()

    def close(self):
        os.close(self.fd)  # bash ends with its terminal
        os.waitpid(self.pid, 0)


@pytest.fixture(scope="module")
def bash(tmp_path_factory):
    folder = tmp_path_factory.mktemp("completion")
    (folder / "cluster.yaml").write_text("")
    it = Bash(folder)
    yield it
    it.close()


@pytest.mark.parametrize("keys, words", [
    ("raykeeper ren\t", ["raykeeper", "render"]),
    ("raykeeper mig\t", ["raykeeper", "migrate"]),  # a plugin's
    ("raykeeper plugin \t", ["raykeeper", "plugin", "list"]),
    ("raykeeper crds pr\t", ["raykeeper", "crds", "print"]),
    ("raykeeper status --js\t", ["raykeeper", "status", "--json"]),
    ("raykeeper --v\t", ["raykeeper", "--version"]),
    ("raykeeper conf --doc\t", ["raykeeper", "conf", "--document"]),
    ("raykeeper explain --obj\t", ["raykeeper", "explain", "--object"]),
    ("raykeeper migrate --chart\t", ["raykeeper", "migrate", "--chart-values"]),
    ("raykeeper render -o js\t", ["raykeeper", "render", "-o", "json"]),
    ("raykeeper render cl\t", ["raykeeper", "render", "cluster.yaml"]),
    ("raykeeper run --config cl\t", ["raykeeper", "run", "--config", "cluster.yaml"]),
    ("raykeeper run --set operator.sw\t1h", ["raykeeper", "run", "--set", "operator.sweep=1h"]),
    ("raykeeper run --set plugin:shm.si\t1Gi", ["raykeeper", "run", "--set", "plugin:shm.size=1Gi"]),
    ("raykeeper run --set operator.log-level=de\t", ["raykeeper", "run", "--set", "operator.log-level=debug"]),
    ("raykeeper run --set plugin:prestop.enabled=t\t", ["raykeeper", "run", "--set", "plugin:prestop.enabled=true"]),
    ("raykeeper nosuch \t", ["raykeeper", "nosuch"]),
])
def test_a_tab_finishes_what_can_be_only_one(bash, keys, words):
    assert bash.completed(keys) == words
