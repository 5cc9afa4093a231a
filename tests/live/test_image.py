"""The operator from the image's root, as a pod of the restricted profile runs it: process 1, user 65532, no rights, a read-only root."""
import base64
import os
import signal
import subprocess
import urllib.parse

import pytest
import yaml

from lib import image, ray
from lib.nameserver import NameServer
from lib.operator import Operator, alive, binary

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
NAMESERVER = "127.7.53.1"
MEMORY = 256 << 20

pytestmark = pytest.mark.skipif(image.why_not() is not None, reason=image.why_not() or "")


@pytest.fixture(scope="module")
def top(tmp_path_factory):
    return image.lay(tmp_path_factory.mktemp("image"))


@pytest.fixture
def nameserver():
    """A pod's API server has a name in the cluster's domain, which resolv.conf's search list completes."""
    it = NameServer(NAMESERVER, {"kubernetes.default.svc.cluster.local": "127.0.0.1"})
    yield it
    it.close()


class Pod:
    """What the kubelet and the runtime would put into the container, in a folder."""

    def __init__(self, live, folder):
        folder.chmod(0o755)
        with open(live.plane.kubeconfig, encoding="utf-8") as f:
            conf = yaml.safe_load(f)
        cluster, user = conf["clusters"][0]["cluster"], conf["users"][0]["user"]
        authority = base64.b64decode(cluster["certificate-authority-data"]) if "certificate-authority-data" in cluster else \
            open(cluster["certificate-authority"], "rb").read()
        files = {"account/token": user["token"].encode(), "account/ca.crt": authority, "account/namespace": live.plane.account[0].encode(),
                 "resolv.conf": f"nameserver {NAMESERVER}\nsearch {live.ns}.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n".encode(),
                 "hosts": b"127.0.0.1 localhost\n", "cgroup/memory.max": f"{MEMORY}\n".encode()}
        for name, data in files.items():
            (folder / name).parent.mkdir(exist_ok=True, mode=0o755)
            (folder / name).write_bytes(data)
        self.mounts = [f"{folder}/account:{ACCOUNT}", f"{folder}/resolv.conf:/etc/resolv.conf", f"{folder}/hosts:/etc/hosts", f"{folder}/cgroup:/sys/fs/cgroup"]
        self.env = ["KUBERNETES_SERVICE_HOST=kubernetes.default.svc", f"KUBERNETES_SERVICE_PORT={urllib.parse.urlsplit(cluster['server']).port}"]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(p) for p in f.read().split() if alive(int(p))]


def of_proc(pid, name):
    with open(f"/proc/{pid}/{name}", encoding="ascii") as f:
        return f.read()


def status(pid):
    return {key: value.split() for key, _, value in (line.partition(":") for line in of_proc(pid, "status").splitlines())}


def test_from_the_image_it_leads_and_brings_clusters_to_ready(live, top, nameserver, tmp_path):
    pod = Pod(live, tmp_path)
    op = Operator(None, within=image.jail(top, pod.mounts, pod.env), program="/usr/bin/raykeeper", sets=("debug.socket=/run/raykeeper/state.sock",))
    live.operators.append(op)
    op.wait_leading()
    (master,), started = children(op.pid), op.mark()
    (worker,) = children(master)
    for pid in (master, worker):
        it = status(pid)
        assert it["Uid"] == it["Gid"] == ["65532"] * 4 and it["NoNewPrivs"] == ["1"] and it.get("Groups") == []
        assert {int(it[which][0], 16) for which in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
        (root,) = [words for words in (line.split() for line in of_proc(pid, "mountinfo").splitlines()) if words[4] == "/"]
        assert "ro" in root[5].split(",")
        assert os.readlink(f"/proc/{pid}/exe") == "/usr/bin/raykeeper"
    assert status(master)["NSpid"][-1] == "1"
    # The worker's own limit lies below the container's, which it reads through the read-only root.
    (line,) = [line for line in of_proc(worker, "limits").splitlines() if line.startswith("Max data size")]
    assert line.split()[3] == str(MEMORY // 100 * 85)
    assert ("kubernetes.default.svc.cluster.local", 1) in nameserver.asked
    live.create(ray.cluster("small", ("workers", 2)))
    live.world.wait_for(ray.ready("small", 2))
    told = subprocess.run([binary(), "status", "--socket", f"/proc/{master}/root/run/raykeeper/state.sock"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    os.kill(worker, signal.SIGKILL)
    op.wait_said("worker started", since=started)
    live.scale("small", 3)
    live.world.wait_for(ray.ready("small", 3))
    assert children(op.pid) == [master] and len(children(master)) == 1, "process 1 keeps a dead child"
    assert op.stop() == 0
    live.created(4)
