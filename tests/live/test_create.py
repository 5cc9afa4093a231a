"""A RayCluster becomes a service, a head, workers and a truthful status; and then it is quiet."""
import pytest

from lib import ray


def owner_of(obj):
    refs = obj["metadata"].get("ownerReferences", [])
    assert len(refs) == 1, refs
    return refs[0]


@pytest.mark.asan
def test_a_cluster_becomes_service_head_and_workers_and_is_ready(served):
    served.create(ray.cluster("one", ("small", 3), ("big", 2)))
    w = served.world
    w.wait_for(ray.ready("one", 5), what="a ready cluster of one head and five workers")
    assert len(w.pods("one", "head")) == 1
    assert len(w.pods("one", "worker", "small")) == 3
    assert len(w.pods("one", "worker", "big")) == 2
    assert [s["metadata"]["name"] for s in w.services("one")] == ["one-head-svc"]
    served.created(6)


def test_every_object_is_owned_by_its_cluster(served):
    cluster = served.create(ray.cluster("owner", ("small", 2)))
    w = served.world
    w.wait_for(ray.ready("owner", 2))
    for obj in w.pods("owner") + w.services("owner"):
        assert owner_of(obj) == {
            "apiVersion": "ray.io/v1", "kind": "RayCluster", "name": "owner", "uid": cluster["metadata"]["uid"],
            "controller": True, "blockOwnerDeletion": True}, obj["metadata"]["name"]


def test_pod_names_have_the_usual_shape(served):
    served.create(ray.cluster("shape", ("small", 2)))
    w = served.world
    w.wait_for(ray.ready("shape", 2))
    for pod in w.pods("shape"):
        role = pod["metadata"]["labels"]["ray.io/node-type"]
        match = ray.POD_NAME.match(pod["metadata"]["name"])
        assert match and match["prefix"] == ("shape" if role == "head" else "shape-small"), pod["metadata"]["name"]
    indexes = {p["metadata"]["labels"]["ray.io/worker-group-replica-index"] for p in w.pods("shape", "worker")}
    assert indexes == {"0", "1"}


def test_the_ray_container_knows_its_cluster_head_and_node_type(served):
    served.create(ray.cluster("env", ("small", 1)))
    w = served.world
    w.wait_for(ray.ready("env", 1))
    for role in ("head", "worker"):
        container = w.pods("env", role)[0]["spec"]["containers"][0]
        env = {e["name"]: e for e in container["env"]}
        fields = {"RAY_CLUSTER_NAME": "metadata.labels['ray.io/cluster']", "RAY_CLUSTER_NAMESPACE": "metadata.namespace",
                  "RAY_CLOUD_INSTANCE_ID": "metadata.name", "RAY_NODE_TYPE_NAME": "metadata.labels['ray.io/group']"}
        for name, path in fields.items():
            assert env[name]["valueFrom"]["fieldRef"]["fieldPath"] == path, (role, name)
        fqdn = f"env-head-svc.{served.ns}.svc.cluster.local"
        assert env["RAY_ADDRESS"]["value"] == ("127.0.0.1:6379" if role == "head" else f"{fqdn}:6379")
        if role == "worker":
            assert env["FQ_RAY_IP"]["value"] == fqdn and env["RAY_IP"]["value"] == "env-head-svc"
        assert "ray start" in container["args"][0]
        assert any(m["mountPath"] == "/dev/shm" for m in container["volumeMounts"])


def test_equal_names_in_two_namespaces_do_not_meet(served):
    there, other = served.another()
    served.create(ray.cluster("twin", ("small", 1)))
    served.create(ray.cluster("twin", ("small", 3)), there)
    served.world.wait_for(ray.ready("twin", 1))
    other.wait_for(ray.ready("twin", 3))
    served.kube.delete("rayclusters", there, "twin")
    other.wait_for(lambda o: not o.pods(live=False), what="the pods of the deleted twin to go")
    served.scale("twin", 2)
    served.world.wait_for(ray.ready("twin", 2), what="the other twin to live on")
    served.created(3)


@pytest.mark.asan
def test_status_tells_state_conditions_counts_endpoints_and_head(served):
    served.create(ray.cluster("status", ray.group("small", 2, 1, 7)))
    w = served.world
    w.wait_for(ray.ready("status", 2))
    w.wait_for(lambda o: o.condition("status", "Ready").get("status") == "True", what="all pods ready")
    # The head is told with its address, which the kubelet writes when the pod runs.
    w.wait_for(lambda o: o.status("status").get("head", {}).get("podIP"), what="the head's address in the status")
    status, head = w.status("status"), w.pods("status", "head")[0]
    assert {k: status.get(k) for k in ("state", "desiredWorkerReplicas", "availableWorkerReplicas", "readyWorkerReplicas",
                                       "minWorkerReplicas", "maxWorkerReplicas", "observedGeneration")} == {
        "state": "ready", "desiredWorkerReplicas": 2, "availableWorkerReplicas": 2, "readyWorkerReplicas": 2,
        "minWorkerReplicas": 1, "maxWorkerReplicas": 7, "observedGeneration": 1}
    assert (status["desiredCPU"], status["desiredMemory"], status["desiredGPU"], status["desiredTPU"]) == ("3", "4Gi", "0", "0")
    conditions = {c["type"]: (c["status"], c["reason"]) for c in status["conditions"]}
    assert conditions == {
        "HeadPodReady": ("True", "HeadPodRunningAndReady"),
        "RayClusterProvisioned": ("True", "AllPodRunningAndReadyFirstTime"),
        "Ready": ("True", "AllPodsReady"),
        "RayClusterSuspended": ("False", "RayClusterSuspended"),
        "RayClusterSuspending": ("False", "RayClusterSuspending")}
    assert status["endpoints"] == {"client": "10001", "dashboard": "8265", "gcs-server": "6379", "metrics": "8080", "serve": "8000"}
    assert status["head"] == {"podName": head["metadata"]["name"], "podIP": head["status"]["podIP"],
                              "serviceName": "status-head-svc", "serviceIP": head["status"]["podIP"]}
    assert status["lastUpdateTime"] and status["stateTransitionTimes"]["ready"]


def test_events_tell_what_was_made_once_a_reason(served):
    served.create(ray.cluster("told", ("small", 5)))
    w = served.world
    w.wait_for(ray.ready("told", 5))
    w.wait_for(lambda o: {e["reason"] for e in o.events("told")} >= {"CreatedService", "CreatedHeadPod", "CreatedWorkerPod"},
               what="the three events")
    for event in w.events("told"):
        assert event["type"] == "Normal" and event["reportingController"] == "raycluster-controller"
        assert event["regarding"]["uid"] == w.cluster("told")["metadata"]["uid"] and event["action"] == "Create"
    folded = w.events("told", "CreatedWorkerPod")
    assert len(folded) == 1, [e["note"] for e in folded]
    assert "5" in folded[0]["note"] and w.pods("told", "worker")[0]["metadata"]["name"] in folded[0]["note"]


def test_a_cluster_costs_one_create_an_object_and_few_status_patches(served):
    served.create(ray.cluster("cheap", ("small", 10)))
    served.world.wait_for(ray.ready("cheap", 10))
    writes = served.writes()
    by_verb = {}
    for e in writes:
        key = f"{e['verb']} {e['objectRef']['resource']}/{e['objectRef'].get('subresource', '')}"
        by_verb[key] = by_verb.get(key, 0) + 1
    statuses = by_verb.pop("patch rayclusters/status")
    assert by_verb == {"create services/": 1, "create pods/": 11}
    assert statuses <= 5, by_verb
    assert served.audit.rows(served.since, served.ns, verbs=("get", "list", "watch")) == [], "an object is read by watches only"
    assert len(served.audit.rows(served.since, served.ns, resource="events")) <= 4


def test_nothing_is_written_while_nothing_changes(served):
    there, other = served.another()
    served.create(ray.cluster("quiet", ("small", 2)))
    served.create(ray.cluster("loud", ("small", 1)), there)
    served.world.wait_for(ray.ready("quiet", 2))
    other.wait_for(ray.ready("loud", 1))
    served.audit.settle()
    mark = served.audit.mark()
    # The other one's changes pass through the same operator: when they are done, it has had its chance here.
    for n in (3, 0, 2):
        served.patch("loud", [{"op": "add", "path": "/spec/workerGroupSpecs/0/replicas", "value": n}], "json", ns=there)
        other.wait_for(ray.ready("loud", n))
    assert served.writes(since=mark) == []
    assert served.writes(there, since=mark) != []


def test_an_edit_that_changes_no_pod_only_moves_the_observed_generation(served):
    served.create(ray.cluster("edit", ("small", 1)))
    w = served.world
    w.wait_for(ray.ready("edit", 1))
    before = w.names(cluster="edit")
    served.audit.settle()
    mark = served.audit.mark()
    served.patch("edit", {"spec": {"workerGroupSpecs": [ray.group("small", 1, 0, 77)]}})
    w.wait_for(lambda o: o.status("edit").get("maxWorkerReplicas") == 77 and o.status("edit")["observedGeneration"] == 2)
    assert w.names(cluster="edit") == before
    assert {(e["verb"], e["objectRef"].get("subresource")) for e in served.writes(since=mark)} == {("patch", "status")}


def test_an_object_of_another_manager_is_left_alone(served):
    served.create(ray.cluster("theirs", ("small", 1), managedBy="kueue.x-k8s.io/multikueue"))
    served.create(ray.cluster("ours", ("small", 1)))
    served.world.wait_for(ray.ready("ours", 1))
    assert not served.world.pods("theirs") and not served.world.status("theirs")
    assert {e["objectRef"].get("name", "") for e in served.writes() if e["objectRef"]["resource"] == "rayclusters"} == {"ours"}
