"""A change of operators under a running cluster: what KubeRay 1.7 has made (sections 3 to 6, written out here) is taken over as it is, in both directions."""
import pytest

from lib import ray

HASH, MADE_BY = "ray.io/upgrade-strategy-recreate-hash", "ray.io/kuberay-version"


def labels(cluster, kind, group):
    return {"ray.io/cluster": cluster, "ray.io/node-type": kind, "ray.io/group": group, "ray.io/is-ray-node": "yes", "ray.io/identifier": f"{cluster}-{kind}",
            "app.kubernetes.io/name": "kuberay", "app.kubernetes.io/created-by": "kuberay-operator"}


def owner(cluster):
    return [{"apiVersion": "ray.io/v1", "kind": "RayCluster", "name": cluster["metadata"]["name"], "uid": cluster["metadata"]["uid"],
             "controller": True, "blockOwnerDeletion": True}]


def pod(cluster, kind, group, suffix, annotations):
    name = cluster["metadata"]["name"]
    middle = "head" if kind == "head" else f"{group}-worker"
    env = [{"name": "RAY_CLUSTER_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['ray.io/cluster']"}}}, {"name": "RAY_PORT", "value": "6379"}]
    container = {"name": f"ray-{kind}", "image": ray.IMAGE, "command": ["/bin/bash", "-c", "--"], "env": env,
                 "args": ["ulimit -n 65536; ray start --block" + (" --head" if kind == "head" else "")], "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container]},
            "metadata": {"name": f"{name}-{middle}-{suffix}", "labels": labels(name, kind, group), "annotations": annotations, "ownerReferences": owner(cluster)}}


def service(cluster):
    name = cluster["metadata"]["name"]
    its = {k: v for k, v in labels(name, "head", "").items() if k not in ("ray.io/group", "ray.io/is-ray-node")}
    ports = {"client": 10001, "dashboard": 8265, "gcs-server": 6379, "metrics": 8080, "serve": 8000}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"{name}-head-svc", "labels": its, "ownerReferences": owner(cluster)},
            "spec": {"clusterIP": "None", "selector": its, "publishNotReadyAddresses": True,
                     "ports": [{"name": n, "port": p, "targetPort": p, "appProtocol": "tcp"} for n, p in ports.items()]}}


def left_by_kuberay(live, name, workers, strategy=None):
    """The cluster as that operator leaves it: pods that run, the head's Service, a status. Returns the names of the pods."""
    spec = {"upgradeStrategy": {"type": strategy}} if strategy else {}
    notes = {"ray.io/ft-enabled": "false"}
    cluster = live.create(ray.cluster(name, ("small", workers), **spec))
    live.create(service(cluster))
    head = {**notes, HASH: "KV6MB5BIQ8UFBL5AQTNNBVCGHAUHPQ6H", MADE_BY: "v1.7.0"} if strategy else notes
    pods = [pod(cluster, "head", "headgroup", "x7k2p", head), *(pod(cluster, "worker", "small", f"{i}qz7w", notes) for i in range(workers))]
    for one in pods:
        live.create(one)
    names = {p["metadata"]["name"] for p in pods}
    live.kube.patch("rayclusters", live.ns, name, {"status": {
        "state": "ready", "observedGeneration": 1, "desiredWorkerReplicas": workers, "availableWorkerReplicas": workers, "readyWorkerReplicas": workers,
        "conditions": [{"type": "RayClusterProvisioned", "status": "True", "reason": "AllPodRunningAndReadyFirstTime", "message": "All Ray Pods are ready for the first time",
                        "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}, subresource="status")
    live.world.wait_for(lambda w: w.names(cluster=name) == names and all(p.get("status", {}).get("phase") == "Running" for p in w.pods(name)), what="its pods")
    return names


def taken_over(live, name, workers):
    live.start()
    live.world.wait_for(lambda w: ray.ready(name, workers)(w) and w.condition(name, "Ready").get("status") == "True", what="a cluster that is taken over")


def of(live, *kinds):
    return [(e["verb"], e["objectRef"]["resource"], e["objectRef"].get("name")) for e in live.writes() if e["objectRef"]["resource"] in kinds]


@pytest.mark.asan
def test_a_cluster_of_kuberay_is_taken_over_without_a_write_to_pods_or_services(live):
    names = left_by_kuberay(live, "moved", 2)
    taken_over(live, "moved", 2)
    assert of(live, "pods", "services") == []
    provisioned = live.world.condition("moved", "RayClusterProvisioned")
    assert provisioned["status"] == "True" and provisioned["lastTransitionTime"] == "2026-01-01T00:00:00Z", "the past is kept"
    live.scale("moved", 3)
    live.world.wait_for(ray.ready("moved", 3))
    assert live.world.names(cluster="moved") > names and [verb for verb, *_ in of(live, "pods")] == ["create"]
    live.scale("moved", 1)
    live.world.wait_for(ray.ready("moved", 1))
    assert [verb for verb, *_ in of(live, "pods")] == ["create", "delete", "delete"] and of(live, "services") == []


def test_under_strategy_recreate_the_head_is_stamped_and_no_pod_goes(live):
    names = left_by_kuberay(live, "strict", 1, "Recreate")
    taken_over(live, "strict", 1)
    live.world.wait_for(lambda w: w.pods("strict", "head")[0]["metadata"]["annotations"][MADE_BY].startswith("raykeeper-"), what="our stamp")
    head = live.world.pods("strict", "head")[0]["metadata"]
    # KubeRay, started again, finds a version that is not its own: it stamps the head anew and recreates nothing.
    assert head["annotations"][MADE_BY] != "v1.7.0" and head["annotations"][HASH] != "KV6MB5BIQ8UFBL5AQTNNBVCGHAUHPQ6H"
    assert of(live, "pods", "services") == [("patch", "pods", head["name"])]
    assert live.world.names(cluster="strict") == names
