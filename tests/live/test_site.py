"""Plugin site: what it adds is taken by the API server, the restricted profile of a namespace included."""
from lib import ray

RESTRICTED = {"allowPrivilegeEscalation": False, "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
COLLECTOR = {"collectorOptions": {"image": "quay.io/kuberay/collector:1", "env": [{"name": "STORAGE_BACKEND", "value": "local"}]}}
SITE = """[plugin:site]
env =
    HTTP_PROXY=http://proxy.example:3128
    {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
labels = team=platform
annotations = example.com/list=a, b
tolerations = dedicated=ray:NoSchedule, spot:NoExecute:300
image-mirror = docker.io/ -> registry.local/hub/, quay.io/ -> registry.local/quay/
image-pull-secrets = local
security-context = restricted
head-sidecars = [{"name": "meter", "image": "busybox"}]
"""


def cluster(name):
    """The user's own container is well behaved; a collector is put beside it."""
    obj = ray.cluster(name, ("small", 1), historyServerOptions=COLLECTOR)
    for group in (obj["spec"]["headGroupSpec"], *obj["spec"]["workerGroupSpecs"]):
        group["template"]["spec"]["containers"][0]["securityContext"] = RESTRICTED
    return obj


def test_in_a_restricted_namespace_what_is_injected_is_as_restricted_as_the_users_own(live, tmp_path):
    live.kube.patch("namespaces", None, live.ns, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
    without = live.start()
    live.create(cluster("plain"))
    live.world.wait_for(lambda w: any("PodSecurity" in e["note"] for e in w.events("plain", "FailedToCreateHeadPod")), what="the collector to be refused")
    without.stop()
    live.kube.delete("rayclusters", live.ns, "plain")
    conf = tmp_path / "raykeeper.ini"
    conf.write_text(SITE)
    live.start(config=str(conf))
    live.create(cluster("site"))
    live.world.wait_for(ray.ready("site", 1))
    for pod in live.world.pods("site"):
        spec, meta = pod["spec"], pod["metadata"]
        assert meta["labels"]["team"] == "platform" and meta["annotations"]["example.com/list"] == "a, b"
        assert {"key": "dedicated", "operator": "Equal", "value": "ray", "effect": "NoSchedule"} in spec["tolerations"]
        assert {"key": "spot", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300} in spec["tolerations"]
        assert spec["imagePullSecrets"] == [{"name": "local"}]
        assert all(c["image"].startswith("registry.local/") for c in spec["containers"] + spec.get("initContainers", []))
        env = {e["name"]: e for e in spec["containers"][0]["env"]}
        assert env["HTTP_PROXY"]["value"] == "http://proxy.example:3128" and env["NODE"]["valueFrom"]["fieldRef"]["fieldPath"] == "spec.nodeName"
    assert [c["name"] for c in live.world.pods("site", "head")[0]["spec"]["containers"]] == ["ray-head", "ray-history-collector", "meter"]
