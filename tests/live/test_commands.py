"""A plugin's command with a live side: --plan lists steps and writes nothing, --apply takes them in order, and stops at the first that fails."""
import os
import subprocess
import time

import pytest

from lib.kube import ApiError
from lib.operator import SANITIZER, binary

BOUND_S = 120
STEPS = ["tell it", "take it away", "see that it is gone"]


class Teller:
    def __init__(self, live, tmp_path):
        built = os.environ.get("RK_BINARY_DIR") or os.path.join(os.environ["RK_BUILD"], "release")
        self.live, self.ini = live, tmp_path / "teller.ini"
        self.ini.write_text(f"[plugins]\npath = {built}/abi/teller\n")
        live.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "told", "labels": {"teller": "yes"}}, "data": {"told": "no"}})
        self.since = live.audit.mark()

    def run(self, *args, kubeconfig=None):
        done = subprocess.run([binary(), "teller", "--config", self.ini, *args, "-n", self.live.ns, "--kubeconfig", kubeconfig or self.live.plane.admin],
                              capture_output=True, text=True, timeout=BOUND_S, check=False, stdin=subprocess.DEVNULL)
        assert not any(word in done.stderr for word in SANITIZER), done.stderr
        return done

    def wrote(self):
        self.live.audit.settle(self.since)
        rows = self.live.audit.rows(self.since, self.live.ns, agent="raykeeper/")
        assert all("(teller)" in e["userAgent"] for e in rows)
        return [e["verb"] for e in rows if e["verb"] not in ("get", "list", "watch")]

    def told(self):
        return self.live.kube.get("configmaps", self.live.ns, "told")["data"]["told"]


@pytest.fixture
def teller(live, tmp_path):
    return Teller(live, tmp_path)


@pytest.mark.asan
def test_a_plan_is_listed_and_nothing_is_written(teller):
    done = teller.run("--plan")
    assert done.returncode == 0, done.stderr
    assert [line.split(" ", 1)[1] for line in done.stdout.splitlines() if "/3 " in line] == STEPS
    assert f"patch configmaps/told -n {teller.live.ns}" in done.stdout
    assert teller.wrote() == [] and teller.told() == "no"


def test_nothing_is_done_where_nobody_can_confirm(teller):
    done = teller.run("--apply")
    assert done.returncode == 1 and "nobody is there to confirm: give --yes" in done.stderr and "nothing was done" in done.stderr
    assert teller.wrote() == [] and teller.told() == "no"


@pytest.mark.asan
def test_steps_are_taken_in_order(teller):
    done = teller.run("--apply", "--yes")
    assert done.returncode == 0, done.stderr
    assert teller.wrote() == ["patch", "delete"]
    with pytest.raises(ApiError, match="404"):
        teller.told()
    assert done.stderr.count("done") == 3


def test_a_step_that_fails_is_told_and_the_last(teller):
    """The object is another one than the plan was made for: its uid is the precondition."""
    done = teller.run("--apply", "--yes", "--step", "stale")
    assert done.returncode == 1 and "step 1: patch configmaps/told" in done.stderr and "the steps after it were not taken" in done.stderr
    assert teller.told() == "no" and "delete" not in teller.wrote()


def test_where_not_all_namespaces_may_be_read_the_named_one_is(teller):
    live, rules = teller.live, [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}]
    live.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader"}})
    hidden = live.plane.account_kubeconfig(live.ns, "reader")
    done = teller.run("--plan", kubeconfig=hidden)
    assert done.returncode == 1 and "configmaps" in done.stderr and "forbidden" in done.stderr
    live.create({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "reader"}, "rules": rules})
    live.create({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "reader"},
                 "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
                 "subjects": [{"kind": "ServiceAccount", "name": "reader"}]})
    end = time.monotonic() + BOUND_S  # rights count once the server has seen them
    while (done := teller.run("--plan", kubeconfig=hidden)).returncode != 0:
        assert time.monotonic() < end, done.stderr
    assert "configmaps/told" in done.stdout
