"""`explain KIND/NAME` against the API server: one GET, the same answer as from the file; what is told when the object is not there or may not be read."""
import json
import os
import subprocess

import pytest
import yaml

from lib import ray
from lib.operator import SANITIZER, binary

BOUND_S = 120


def explain(live, *args, kubeconfig=None, env=None):
    done = subprocess.run([binary(), "explain", *map(str, args), "--kubeconfig", kubeconfig or live.plane.admin], capture_output=True, text=True,
                          timeout=BOUND_S, check=False, env=dict(os.environ, **(env or {})))
    assert not any(word in done.stderr for word in SANITIZER), done.stderr
    return done


def cluster(name):
    body = ray.cluster(name, ("small", 2))
    body["spec"]["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["env"] = [{"name": "RAY_IP", "value": "mine"}]
    return body


def facts(records):
    """Without what an object has only in a cluster: a uid, and the name that follows from it."""
    return {(r["object"], r["path"], r["author"], r["over"], r["source"]) for r in records if not r["path"].startswith("/metadata/ownerReferences/")}


@pytest.mark.asan
def test_a_live_object_is_explained_as_its_file_is_with_one_request(live, tmp_path):
    live.create(cluster("seen"))
    file = tmp_path / "cr.yaml"
    file.write_text(yaml.safe_dump(cluster("seen")))
    live.audit.settle()
    since = live.audit.mark()
    done = explain(live, "raycluster/seen", "-n", live.ns, "-o", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert facts(told["fields"]) == facts(json.loads(explain(live, file, "-n", live.ns, "-o", "json").stdout)["fields"])
    forced = [r for r in told["fields"] if r["name"] == "/spec/containers/[ray-worker]/env/[RAY_IP]/value" and r["object"] == "Pod/small"]
    assert [(r["author"], r["over"]) for r in forced] == [("raystart", "user")]
    uid = [r for r in told["fields"] if r["path"] == "/metadata/ownerReferences/0/uid" and r["object"] == "Pod/small"]
    assert uid[0]["author"] == "core" and uid[0]["value"] == live.kube.get("rayclusters", live.ns, "seen")["metadata"]["uid"]
    live.audit.settle(since)
    asked = live.audit.rows(since, live.ns, agent="raykeeper/")
    assert [(e["verb"], e["objectRef"]["resource"], e["objectRef"]["name"]) for e in asked] == [("get", "rayclusters", "seen")]
    assert "(explain)" in asked[0]["userAgent"]


def test_any_name_of_the_kind_and_a_field(live):
    live.create(cluster("named"))
    for kind in ("RayCluster", "rayclusters", "rayclusters.ray.io"):
        done = explain(live, f"{kind}/named", "/spec/containers/0/image", "--namespace", live.ns, "--group", "headgroup")
        assert done.returncode == 0, done.stderr
        assert f'"{ray.IMAGE}"' in done.stdout and "/spec/headGroupSpec/template/spec/containers/0/image" in done.stdout


def test_the_namespace_is_the_contexts_and_the_kubeconfig_that_of_the_environment(live, tmp_path):
    live.create(cluster("there"))
    with open(live.plane.admin, encoding="utf-8") as f:
        conf = yaml.safe_load(f)
    conf["contexts"][0]["context"]["namespace"] = live.ns
    mine = tmp_path / "kubeconfig"
    mine.write_text(yaml.safe_dump(conf))
    done = subprocess.run([binary(), "explain", "raycluster/there", "image"], capture_output=True, text=True, timeout=BOUND_S, check=False,
                          env=dict(os.environ, KUBECONFIG=str(mine)))
    assert done.returncode == 0, done.stderr
    assert f"of RayCluster {live.ns}/there" in done.stdout


def test_an_object_that_is_not_there(live):
    done = explain(live, "raycluster/ghost", "-n", live.ns)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"rayclusters/ghost: not found in namespace {live.ns}: "), done.stderr
    assert live.plane.admin in done.stderr and "https://" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_user_who_may_not_look(live):
    live.create(cluster("hidden"))
    live.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody", "namespace": live.ns}})
    done = explain(live, "raycluster/hidden", "-n", live.ns, kubeconfig=live.plane.account_kubeconfig(live.ns, "nobody"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("rayclusters/hidden: forbidden: ") and "nobody" in done.stderr, done.stderr


def test_a_user_who_is_unknown(live, tmp_path):
    with open(live.plane.account_kubeconfig("default", "default"), encoding="utf-8") as f:
        conf = yaml.safe_load(f)
    conf["users"][0]["user"] = {"token": "nonsense"}
    bad = tmp_path / "kubeconfig"
    bad.write_text(yaml.safe_dump(conf))
    done = explain(live, "raycluster/any", "-n", live.ns, kubeconfig=str(bad))
    assert done.returncode == 1
    assert done.stderr.startswith("rayclusters/any: not authorized: ") and "nonsense" not in done.stderr, done.stderr


def test_of_what_is_being_deleted_nothing_is_made(live):
    body = cluster("going")
    body["metadata"]["finalizers"] = ["example.com/hold"]
    live.create(body)
    live.kube.delete("rayclusters", live.ns, "going")
    try:
        done = explain(live, "raycluster/going", "-n", live.ns)
        assert (done.returncode, done.stdout) == (0, "")
        assert "nothing is made of it" in done.stderr
    finally:
        live.patch("going", {"metadata": {"finalizers": None}})
