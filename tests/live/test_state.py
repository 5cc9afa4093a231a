"""/debug/state and `raykeeper status`: what the operator says of itself, also while its worker hangs or is gone."""
import contextlib
import json
import os
import signal
import socket
import stat
import subprocess

import pytest

from lib import ray
from lib.operator import binary, build_dir

QUICK = ("leader-election.lease=5s", "leader-election.renew=3500ms", "leader-election.retry=500ms")


class Local:
    """The local socket of one operator, and what is read there."""

    def __init__(self, live, tmp_path, name="s"):
        self.live, self.path = live, str(tmp_path / name)

    def start(self, *args, sets=(), **how):
        op = self.live.start(*args, sets=(f"debug.socket={self.path}", *sets), **how)
        op.wait_said("started")
        return op

    def status(self, *args):
        done = subprocess.run([binary(), "status", "--socket", self.path, *args], capture_output=True, timeout=60, check=False, text=True)
        assert done.returncode in (0, 1), done
        return done

    def state(self):
        done = self.status("--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def wait(self, look, what, bound=60):
        """The first state that `look` takes; its last one when there is none."""
        last = {}

        def try_it():
            last["state"] = self.state()
            return look(last["state"]) and last["state"]

        return self.live.audit.wait_for(try_it, bound, lambda: f"{what}: {json.dumps(last['state'])[:4000]}")


@pytest.fixture
def local(live, tmp_path):
    return Local(live, tmp_path)


@pytest.mark.asan
def test_a_leader_says_so_and_what_it_does(live, local):
    op = local.start()
    obj = ray.cluster("told", ("small", 2))
    obj["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "PASSWORD", "value": "hunter2-of-the-head"}]
    live.create(obj)
    live.world.wait_for(ray.ready("told", 2))
    done = local.status()
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert done.stdout.startswith("leading, for "), done.stdout
    assert len(done.stdout.splitlines()) < 25, "one screen"
    doc = local.wait(lambda d: d["work"]["queue"]["ready"] == 0 and d["work"]["flights"]["total"] == 0, "rest")
    assert doc["well"] and doc["words"] == "leading" and [c["name"] for c in doc["checks"] if not c["ok"]] == []
    assert (doc["processes"]["master"], doc["processes"]["worker"], doc["processes"]["restarts"]) == (op.pid, op.worker(), 0)
    lead = doc["leadership"]
    lease = live.kube.get("leases", lead["namespace"], lead["lease"])["spec"]
    assert lead["leads"] and lead["mayWrite"] and lead["holder"] == lead["identity"] == lease["holderIdentity"]
    assert lead["renewedAgoMs"] < 10000
    work = doc["work"]
    assert work["owners"] >= 1 and work["watches"]["notSynced"] == 0
    assert work["watches"]["absent"] == len([w for w in work["watches"]["list"] if w["state"] == "absent"])
    pods = [w for w in work["watches"]["list"] if w["resource"] == "pods"]
    assert len(pods) == 1 and pods[0]["state"] == "synced" and pods[0]["objects"] >= 3 and pods[0]["resourceVersion"]
    assert {p["name"] for p in work["plugins"]} >= {"raycluster", "worker", "head"}
    assert any(r["method"] == "POST" and r["code"] == 201 and r["n"] >= 4 for r in work["requests"])
    assert work["caches"]["bytes"] > 0 and work["window"]["size"] >= 16 and work["breaker"]["enabled"] is True
    assert work["toldInUs"] < 1000000
    text = json.dumps(doc)
    with open(live.plane.kubeconfig, encoding="utf-8") as f:
        secrets = [line.split(":", 1)[1].strip() for line in f if line.strip().startswith(("token:", "client-key-data:"))]
    assert "hunter2" not in text and not any(s in text for s in secrets if s)


def test_a_standby_is_well_and_names_who_leads(live, local):
    live.start(sets=["leader-election.identity=first"])
    op = local.start(lead=False)
    op.wait_said("lease is held by another")
    doc = local.wait(lambda d: d["well"], "a standby that is well")
    assert doc["words"] == "standby, leader is first" and doc["leadership"]["holder"] == "first" and not doc["leadership"]["leads"]
    assert local.status().stdout.startswith("standby, leader is first, for ")


def test_without_rights_it_says_which_watch_and_why(live, local):
    live.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody", "namespace": live.ns}})
    local.start(live.plane.account_kubeconfig(live.ns, "nobody"), lead=False)
    doc = local.wait(lambda d: any(w["state"] == "forbidden" for w in d.get("work", {}).get("watches", {}).get("list", [])), "a watch that is forbidden")
    row = next(w for w in doc["work"]["watches"]["list"] if w["state"] == "forbidden")
    assert "forbidden" in row["lastError"].lower() and not doc["well"] and doc["words"].startswith("not synced: watch of ")
    done = local.status()
    assert done.returncode == 1 and done.stdout.startswith("NOT WELL: not synced: watch of "), done.stdout


def test_a_worker_that_hangs_is_told_and_what_it_said_before_stays(live, local):
    op = local.start()
    live.create(ray.cluster("before", ("small", 1)))
    live.world.wait_for(ray.ready("before", 1))
    assert local.state()["processes"]["answers"]
    worker = op.signal_worker(signal.SIGSTOP)
    try:
        doc = local.wait(lambda d: not d["processes"]["answers"], "no answer")
        assert not doc["well"] and doc["work"]["owners"] >= 1 and doc["workOfThisWorker"] and doc["processes"]["worker"] == worker
        doc = local.wait(lambda d: d["words"].startswith("the worker hangs"), "the word")
        done = local.status()
        assert done.returncode == 1 and done.stdout.startswith("NOT WELL: the worker hangs: no heartbeat for ")
        assert "which does not answer" in done.stdout and "The following was told" in done.stdout
        status, text = op.http("/readyz")
        assert status == 503 and text.startswith("not synced: the worker hangs: no heartbeat for "), text
        assert op.http("/healthz") == (200, "ok\n"), "to restart the pod for it is the master's matter"
    finally:
        os.kill(worker, signal.SIGCONT)
    local.wait(lambda d: d["well"] and d["processes"]["answers"], "an answer")


def test_a_worker_that_ended_is_told_with_how_it_ended(live, local):
    op = local.start()
    mark = op.mark()
    op.signal_worker(signal.SIGKILL)
    op.wait_said("leading", since=mark)
    doc = local.wait(lambda d: d["well"], "the next worker")
    assert doc["processes"]["restarts"] == 1 and doc["processes"]["endedHow"] == "Killed" and doc["workOfThisWorker"]
    assert "the last worker ended" in local.status().stdout


def test_what_is_quarantined_is_named_with_who_did_it(live, local):
    binary_dir = os.environ.get("RK_BINARY_DIR") or os.path.join(build_dir(), "release")
    poison = f"plugin:poison.file={os.path.join(binary_dir, 'live', 'poison.so')}"
    local.start(sets=(*QUICK, poison))
    bad = ray.cluster("bad", ("small", 1))
    bad["metadata"]["annotations"] = {"test.raykeeper.io/poison": "segv"}
    live.create(bad)
    live.world.wait_for(lambda w: w.condition("bad", "raykeeper.io/Quarantined").get("status") == "True", 120, what="the quarantine")
    doc = local.wait(lambda d: d.get("work", {}).get("quarantine", {}).get("total"), "the row")
    row = doc["work"]["quarantine"]["list"][0]
    assert (row["object"], row["plugin"], row["hook"], row["times"]) == (f"ray.io/v1/RayCluster {live.ns}/bad", "poison", "does harm", 2)
    assert doc["well"], "one object's trouble is not the operator's"
    assert doc["processes"]["restarts"] == 2 and "in plugin poison, hook does harm, over ray.io/v1/RayCluster" in doc["processes"]["endedHow"]
    assert "plugin poison, hook does harm" in local.status().stdout


def test_what_waits_and_what_fails_is_named_with_the_reason(live, local):
    op = local.start(sets=["breaker.floor=0", "breaker.percent=0", "breaker.window=1h"])
    live.create(ray.cluster("held", ("small", 2)))
    live.world.wait_for(ray.ready("held", 2))
    live.fail_pod(live.world.pods("held", "worker")[0]["metadata"]["name"])
    op.wait_said("deletions held")
    doc = local.wait(lambda d: d["work"]["held"]["total"], "what is held")
    row = doc["work"]["held"]["list"][0]
    assert (row["object"], row["deletions"], row["why"]) == (f"ray.io/v1/RayCluster {live.ns}/held", 1, "too many at once without a user's edit")
    text = local.status().stdout
    assert "1 deletions for" in text and "[breaker]" in text
    live.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", "namespace": live.ns}, "spec": {"hard": {"pods": "3"}}})
    live.audit.wait_for(lambda: (live.kube.get("resourcequotas", live.ns, "few").get("status") or {}).get("hard"), 60, "the quota in force")
    live.create(ray.cluster("refused", ("small", 1)))
    doc = local.wait(lambda d: d["work"]["errors"]["total"] and d["work"]["queue"]["backingOff"], "a failure that is tried again")
    row = next(e for e in doc["work"]["errors"]["list"] if e["object"].endswith("/refused"))
    assert (row["what"], row["kind"], row["code"]) == ("create", "v1/Pod", 403) and "exceeded quota" in row["message"] and row["failures"] >= 1
    row = doc["work"]["queue"]["list"][0]
    assert row["state"] == "backs off" and row["object"].endswith("/refused") and row["failures"] >= 1
    assert op.http("/readyz")[0] == 200


def test_the_socket_is_ours_alone_and_goes_with_us(live, local, tmp_path):
    op = local.start()
    assert stat.S_IMODE(os.stat(local.path).st_mode) == 0o600
    second = local.start(lead=False)
    said = second.wait_said("no local socket: `raykeeper status` finds nobody")
    assert "another process listens there" in said["err"]
    assert second.stop() == 0, "and nothing else was wrong"
    assert local.state()["processes"]["master"] == op.pid, "it is the first one's still"
    op.kill_both()
    assert os.path.exists(local.path), "nobody took it away"
    third = local.start(sets=QUICK, lead=False)
    local.live.audit.wait_for(lambda: local.status("--json").stdout and local.state()["processes"]["master"] == third.pid, 30, "the third one's answer")
    assert third.stop() == 0 and not os.path.exists(local.path)
    nowhere = Local(live, tmp_path / "no" / "such")
    fourth = nowhere.start(lead=False)
    assert "No such file or directory" in fourth.wait_said("no local socket: `raykeeper status` finds nobody")["err"]
    fourth.wait_said("worker started")


def test_clients_of_the_socket_that_say_nothing_hold_up_nobody(live, local):
    op = local.start()
    silent = []
    try:
        for _ in range(20):
            s = socket.socket(socket.AF_UNIX)
            s.setblocking(False)
            silent.append(s)
            with contextlib.suppress(BlockingIOError):  # more than are served, and wait
                s.connect(local.path)
        assert op.http("/healthz") == (200, "ok\n")
        live.create(ray.cluster("meanwhile", ("small", 1)))
        live.world.wait_for(ray.ready("meanwhile", 1))
    finally:
        for s in silent:
            s.close()
    assert local.state()["well"]
