"""GCS fault tolerance (sections 4.9, 4.13, 6.1): the finalizer, the clean-up against a real Redis, the deadline, RocksDB's claim."""
import os
import shutil
import socket
import subprocess
import time

import pytest

from lib import ray, rayenv
from lib.kube import World

FINALIZER = "ray.io/gcs-ft-redis-cleanup-finalizer"
NOWHERE = {"nodeSelector": {"no": "where"}}


def kept(name, *groups, notes=None, options=None, **head):
    made = ray.cluster(name, *groups, gcsFaultToleranceOptions=options or {"redisAddress": "redis.example.com:6379"})
    made["metadata"]["annotations"] = notes or {}
    made["spec"]["headGroupSpec"]["template"]["spec"].update(head)
    return made


def finalizers(world, name):
    return (world.cluster(name) or {"metadata": {}})["metadata"].get("finalizers", [])


def jobs(live):
    return live.kube.list("jobs", live.ns)


def gone(live, name, bound=60):
    live.world.wait_for(lambda o: not o.cluster(name), bound, f"{name} to be gone")


@pytest.fixture
def more(served):
    """The world with jobs and claims in it."""
    world = World(served.kube, served.ns, ("rayclusters", "pods", "jobs", "persistentvolumeclaims", "events"), explain=[served.tails])
    yield world
    world.close()


class Redis:
    """A real one, on a port of its own."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.child = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--requirepass", "s3cret"],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.child.stdout:
            if "Ready to accept connections" in line:
                return
        raise AssertionError("redis-server did not start")

    def __call__(self, *words):
        ran = subprocess.run(["redis-cli", "-p", str(self.port), "--no-auth-warning", "-a", "s3cret", *words], capture_output=True, text=True, timeout=20, check=True)
        return ran.stdout.split()

    def close(self):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()


@pytest.fixture
def redis(tmp_path):
    assert shutil.which("redis-server"), "redis-server is missing: make deps"
    server = Redis(str(tmp_path))
    yield server
    server.close()


@pytest.mark.asan
def test_the_finalizer_is_there_before_anything_else_and_goes_with_the_last_key(served, more):
    served.create(kept("kept", ("small", 1)))
    served.world.wait_for(ray.ready("kept", 1))
    assert finalizers(served.world, "kept") == [FINALIZER]
    writes = [(e["verb"], e["objectRef"]["resource"]) for e in served.writes() if e["objectRef"]["resource"] != "events"]
    assert writes[0] == ("patch", "rayclusters"), f"first of all: {writes}"
    served.kube.delete("rayclusters", served.ns, "kept")
    job = more.wait_for(lambda o: o.all("jobs"), what="the clean-up Job")[0]
    heads = served.kube.list("pods", served.ns, "ray.io/cluster=kept,ray.io/node-type=head")
    assert heads == [], "the head is gone before its keys are"
    assert job["metadata"]["name"] == "kept-redis-cleanup" and job["spec"]["backoffLimit"] == 0 and job["spec"]["activeDeadlineSeconds"] == 300
    gone(served, "kept")
    served.audit.settle()
    assert served.world.events("kept", "CreatedRedisCleanupJob") and not served.world.events("kept", "ForceDeletedStuckCluster")
    more.wait_for(lambda o: not o.all("jobs"), what="the Job to go with its cluster")


def test_the_job_deletes_the_keys_of_its_cluster_from_a_real_redis_and_no_others(served, more, redis):
    python = rayenv.python()
    mine = kept("keys", options={"redisAddress": f"redis://127.0.0.1:{redis.port}", "redisPassword": {"value": "s3cret"}, "externalStorageNamespace": "keys-of-mine"})
    served.create(mine)
    served.world.wait_for(ray.ready("keys", 0))
    for key in ("RAYkeys-of-mine@KV", "RAYkeys-of-mine@JOB", "RAYkeys-of-another@KV"):
        redis("hset", key, "field", "value")
    served.kube.delete("rayclusters", served.ns, "keys")
    more.wait_for(lambda o: o.all("jobs") or not o.cluster("keys"), what="the clean-up Job")
    pod = next(j for j in more.all("jobs"))["spec"]["template"]["spec"]
    c = pod["containers"][0]
    assert len(pod["containers"]) == 1 and pod["restartPolicy"] == "Never" and "livenessProbe" not in c
    env = dict(os.environ, PATH=os.path.dirname(python) + os.pathsep + os.environ["PATH"], **{e["name"]: e["value"] for e in c["env"] if "value" in e})
    assert c["command"][:2] == ["/bin/bash", "-c"]
    ran = subprocess.run([*c["command"], *c["args"]], env=env, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert redis("keys", "*") == ["RAYkeys-of-another@KV"]
    gone(served, "keys")


def test_a_clean_up_that_cannot_run_ends_at_the_deadline_and_says_so(served):
    served.create(kept("stuck", notes={"ray.io/gcs-ft-deletion-timeout": "3"}, **NOWHERE))
    served.world.wait_for(lambda o: o.pods("stuck", "head"))
    began = time.monotonic()
    served.kube.delete("rayclusters", served.ns, "stuck")
    told = served.world.wait_for(lambda o: o.events("stuck", "ForceDeletedStuckCluster"), what="the event")
    gone(served, "stuck")
    assert "deadline" in told[0]["note"] and time.monotonic() - began >= 2


def test_a_head_that_does_not_go_is_waited_for_no_longer_than_the_deadline(served):
    served.create(kept("slow", notes={"ray.io/gcs-ft-deletion-timeout": "3"}))
    w = served.world
    w.wait_for(ray.ready("slow", 0))
    head = w.pods("slow", "head")[0]["metadata"]["name"]
    served.kube.patch("pods", served.ns, head, {"metadata": {"finalizers": ["example.com/hold"]}})
    served.kube.delete("rayclusters", served.ns, "slow")
    w.wait_for(lambda o: o.events("slow", "ForceDeletedStuckCluster"), what="the event")
    gone(served, "slow")
    assert not jobs(served)


def test_a_namespace_that_goes_is_not_held_up(served):
    ns, world = served.another()
    served.create(kept("within", ("small", 1)), ns)
    world.wait_for(ray.ready("within", 1))
    served.kube.delete("namespaces", None, ns)
    # The namespace controller comes to it only after the pods' grace; the peer then holds it for 300 s.
    world.wait_for(lambda o: not o.cluster("within") or "deletionTimestamp" in o.cluster("within")["metadata"], 90, "the cluster to be deleted")
    world.wait_for(lambda o: not o.cluster("within"), 15, "the cluster to go with its namespace")


@pytest.mark.asan
def test_fault_tolerance_switched_off_takes_the_finalizer_along(served):
    served.create(kept("off"))
    w = served.world
    w.wait_for(lambda o: finalizers(o, "off") == [FINALIZER] and ray.ready("off", 0)(o))
    served.patch("off", {"spec": {"gcsFaultToleranceOptions": None}})
    w.wait_for(lambda o: finalizers(o, "off") == [], what="no finalizer")
    served.kube.delete("rayclusters", served.ns, "off")
    gone(served, "off", 20)
    assert not jobs(served)


def test_a_finalizer_of_others_stays(served):
    made = kept("both")
    made["metadata"]["finalizers"] = ["example.com/theirs"]
    served.create(made)
    w = served.world
    w.wait_for(ray.ready("both", 0))
    assert sorted(finalizers(w, "both")) == ["example.com/theirs", FINALIZER]
    served.kube.delete("rayclusters", served.ns, "both")
    w.wait_for(lambda o: finalizers(o, "both") == ["example.com/theirs"], what="ours gone, theirs there")
    served.patch("both", {"metadata": {"finalizers": None}})
    gone(served, "both", 20)


def test_rocksdb_gets_a_claim_that_goes_with_the_cluster_or_outlives_it(served, more):
    for name, policy in (("temporary", "DeleteWithCluster"), ("lasting", "Retain")):
        served.create(kept(name, options={"backend": "rocksdb", "storage": {"size": "2Gi", "deletionPolicy": policy}}))
        claim = more.wait_for(lambda o, name=name: [c for c in o.all("persistentvolumeclaims") if c["metadata"]["name"] == f"{name}-gcs-pvc"], what="the claim")[0]
        assert bool(claim["metadata"].get("ownerReferences")) == (policy != "Retain")
        head = served.world.wait_for(lambda o, name=name: o.pods(name, "head"), what="a head, which waits for its claim to be bound")[0]
        assert head["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == f"{name}-gcs-pvc" and not finalizers(served.world, name)
    served.patch("lasting", {"spec": {"gcsFaultToleranceOptions": {"storage": {"size": "3Gi"}}}})
    told = served.world.wait_for(lambda o: [e for e in o.events("lasting", "FailedToCreatePVC") if e["action"] == "Update"], what="the drift told")
    assert "size" in told[0]["note"]
    for name in ("temporary", "lasting"):
        served.kube.delete("rayclusters", served.ns, name)
        gone(served, name)
    served.kube.patch("persistentvolumeclaims", served.ns, "temporary-gcs-pvc", {"metadata": {"finalizers": None}})
    more.wait_for(lambda o: [c["metadata"]["name"] for c in o.all("persistentvolumeclaims")] == ["lasting-gcs-pvc"], what="one claim left")
    served.create(kept("lasting", options={"backend": "rocksdb"}))
    more.wait_for(lambda o: o.all("persistentvolumeclaims")[0]["metadata"].get("ownerReferences"), what="the claim adopted by the new cluster")


def test_a_claim_that_the_user_has_not_made_is_told(served):
    served.create(kept("absent", options={"backend": "rocksdb", "storage": {"claimName": "mine"}}))
    told = served.world.wait_for(lambda o: o.events("absent", "FailedToCreatePVC"), what="the event")
    assert "mine" in told[0]["note"] and told[0]["action"] == "Validate"
