"""Switching a shaping plugin off changes its own fields and nothing else: a cluster rendered with it and without it."""
import json
import re

import pytest
import yaml

from renderer import NOW, ROOT, render, run, stable

pytestmark = pytest.mark.asan

PHASES = ["VALIDATE", "DEFAULT", "PLAN", "POD", "OBJECT", "STATUS", "FINALIZE"]
# What is off as it comes.
ON = ("--set", "plugin:prestop.enabled=true", "--set", "plugin:site.labels=team=platform", "--set", "plugin:site.env=SITE=a",
      "--set", "plugin:site.tolerations=dedicated=ray", "--set", 'plugin:site.head-sidecars=[{"name": "meter", "image": "example.com/meter:1"}]')
CLUSTER = {
    "apiVersion": "ray.io/v1", "kind": "RayCluster",
    "metadata": {"name": "sw", "labels": {"ray.io/originated-from-crd": "RayService"}, "annotations": {"ray.io/enable-serve-service": "true"}},
    "spec": {
        "gcsFaultToleranceOptions": {"redisAddress": "redis:6379"}, "networkPolicy": {},
        "rayVersion": "2.56.0", "tlsOptions": {"enabled": True}, "authOptions": {"mode": "token"},
        "historyServerOptions": {"collectorOptions": {"image": "example.com/collector:1", "env": [{"name": "STORAGE_BACKEND", "value": "local"}]}},
        "enableInTreeAutoscaling": True, "autoscalerOptions": {"version": "v2"},
        "headGroupSpec": {
            "enableIngress": True, "rayStartParams": {"num-cpus": "0"},
            "template": {
                "metadata": {"labels": {"mine": "head"}},
                "spec": {
                    "initContainers": [{"name": "first", "image": "example.com/tool:1"}],
                    "containers": [{"name": "ray", "image": "example.com/ray:1", "args": ["prepare"], "env": [{"name": "A", "value": "1"}],
                                    "ports": [{"containerPort": 6379, "name": "gcs"}, {"containerPort": 8000, "name": "serve"}], "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                                    "resources": {"limits": {"cpu": "2", "memory": "4Gi"}}},
                                   {"name": "side", "image": "example.com/side:1"}],
                    "volumes": [{"name": "data", "emptyDir": {}}]}}},
        "workerGroupSpecs": [{
            "groupName": "w", "replicas": 2,
            "template": {
                "metadata": {"annotations": {"mine": "worker"}},
                "spec": {
                    "initContainers": [{"name": "first", "image": "example.com/tool:1", "env": [{"name": "B", "value": "2"}]}],
                    "containers": [{"name": "ray", "image": "example.com/ray:1", "env": [{"name": "A", "value": "1"}]}]}}}]}}
# The same pods once more, two hosts a replica.
CLUSTER["spec"]["workerGroupSpecs"].append({**CLUSTER["spec"]["workerGroupSpecs"][0], "groupName": "m", "replicas": 1, "numOfHosts": 2})

# What each plugin may write: kind, role (or *), path; `*` stands for one step, a path covers what lies below it.
OWN = {
    "service": ["Service * /"],
    "headless": ["Service * /"],
    "serve": ["Service * /", "Pod * /metadata/labels/ray.io~1serve"],
    "ingress": ["Ingress * /"],
    "netpolicy": ["NetworkPolicy * /"],
    "gcsft": ["Pod head /metadata/annotations/ray.io~1external-storage-namespace", "Pod worker /spec/containers/ray/env/RAY_gcs_rpc_server_reconnect_timeout_s",
              "Pod head /spec/containers/ray/env/RAY_external_storage_namespace", "Pod head /spec/containers/ray/env/RAY_REDIS_ADDRESS"],
    "suspend": [],  # nothing of a cluster that runs
    "legacy": [],  # it serves another kind
    "head": ["Pod head /"],
    "worker": ["Pod worker /"],
    "recreate": ["Pod head /metadata/annotations/ray.io~1upgrade-strategy-recreate-hash", "Pod head /metadata/annotations/ray.io~1kuberay-version"],
    "rollout": ["Pod * /metadata/annotations/raykeeper.io~1template-hash"],
    "shm": ["Pod * /spec/volumes/shared-mem", "Pod * /spec/containers/ray/volumeMounts/shared-mem"],
    "probes": ["Pod * /spec/containers/ray/livenessProbe", "Pod * /spec/containers/ray/readinessProbe"],
    "gcswait": ["Pod worker /spec/initContainers/wait-gcs-ready"],
    "autoscaler": ["ServiceAccount * /", "Role * /", "RoleBinding * /", "Pod head /spec/serviceAccountName", "Pod * /spec/restartPolicy",
                   "Pod head /spec/containers/autoscaler",
                   "Pod head /spec/containers/ray/env/RAY_enable_autoscaler_v2",
                   # no-monitor, rendered by raystart
                   "Pod head /spec/containers/ray/args", "Pod head /spec/containers/ray/env/KUBERAY_GEN_RAY_START_CMD"],
    "prestop": ["Pod * /spec/containers/ray/lifecycle/preStop"],
    "auth": ["Secret * /", *[f"Pod {where}/env/RAY_AUTH_{what}" for what in ("MODE", "TOKEN") for where in (
        "* /spec/containers/ray", "* /spec/containers/ray-history-collector", "head /spec/containers/autoscaler", "worker /spec/initContainers/wait-gcs-ready")]],
    "tls": ["Issuer * /", "Certificate * /", "Pod * /spec/volumes/ray-tls", "Pod * /spec/initContainers/wait-for-tls-ip-san",
            *[f"Pod {where}" for container in ("* /spec/containers/ray", "head /spec/containers/autoscaler", "worker /spec/initContainers/wait-gcs-ready")
              for where in (f"{container}/volumeMounts/ray-tls", *(f"{container}/env/RAY_{name}" for name in ("USE_TLS", "TLS_SERVER_CERT", "TLS_SERVER_KEY", "TLS_CA_CERT")))]],
    "history": ["Pod * /spec/containers/ray-history-collector", "Pod * /spec/volumes/ray-logs", "Pod * /spec/containers/ray/volumeMounts/ray-logs",
                *[f"Pod * /spec/containers/ray/env/{name}" for name in (
                    "RAY_enable_ray_event", "RAY_enable_core_worker_ray_event_to_aggregator", "RAY_DASHBOARD_AGGREGATOR_AGENT_EVENTS_EXPORT_ADDR",
                    "RAY_DASHBOARD_AGGREGATOR_AGENT_EXPOSABLE_EVENT_TYPES", "RAY_DASHBOARD_AGGREGATOR_AGENT_PUBLISHER_HTTP_ENDPOINT_EXPOSABLE_EVENT_TYPES")]],
    "site": ["Pod * /metadata/labels/team", "Pod * /spec/containers/ray/env/SITE", "Pod * /spec/tolerations", "Pod head /spec/containers/meter"],
    # Without it nobody knows where the head is: what waits for the head goes too.
    "raystart": ["Pod * /spec/containers/ray/command", "Pod * /spec/containers/ray/args", "Pod * /spec/containers/ray/env",
                 "Pod * /spec/initContainers/first/env", "Pod * /spec/initContainers/wait-for-tls-ip-san/env", "Pod worker /spec/initContainers/wait-gcs-ready",
                 "Pod * /spec/containers/ray-history-collector/env/FQ_RAY_IP"],
}


def leaves(value, path=""):
    """(path, leaf); entries of lists by name where they have one, so that a missing one moves no other."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{path}/{key.replace('/', '~1')}")
    elif isinstance(value, list) and value:
        for i, inner in enumerate(value):
            step = inner.get("name", i) if isinstance(inner, dict) else i
            yield from leaves(inner, f"{path}/{step}")
    else:
        yield path, json.dumps(value)


def facts(objects):
    """{(kind, role, name and path, leaf)} of everything that is rendered."""
    found = set()
    for number, obj in enumerate(objects):
        role = obj["metadata"]["labels"]["ray.io/node-type"] if obj["kind"] == "Pod" else "*"
        which = obj["metadata"]["labels"].get("ray.io/worker-group-replica-index", "")
        assert number < 100
        found |= {(obj["kind"], role, which, path, leaf) for path, leaf in leaves(stable(obj, template_hash=True))}
    return found


def covers(rule, fact):
    kind, role, path = rule.split(" ")
    if kind != fact[0] or role not in ("*", fact[1]):
        return False
    steps, own = fact[3].strip("/").split("/"), [step for step in path.strip("/").split("/") if step]
    return len(steps) >= len(own) and all(a in ("*", b) for a, b in zip(own, steps))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    file = tmp_path_factory.mktemp("switched") / "cr.yaml"
    file.write_text(yaml.safe_dump(CLUSTER))
    return file


@pytest.mark.parametrize("plugin", sorted(OWN))
def test_switched_off_it_changes_only_its_own(cluster, plugin):
    with_it, without = facts(render(*ON, cluster)), facts(render(*ON, "--set", f"plugins.disable={plugin}", cluster))
    changed = with_it ^ without
    assert bool(changed) == bool(OWN[plugin]), "it does nothing, or something"
    foreign = sorted(fact for fact in changed if not any(covers(rule, fact) for rule in OWN[plugin]))
    assert not foreign, foreign
    for rule in OWN[plugin]:
        assert any(covers(rule, fact) for fact in changed), f"{rule}: is in the list but never written"


def listed():
    return [line.split() for line in run("plugin", "list").stdout.splitlines()[1:]]


def test_the_table_of_the_architecture_is_that_of_plugin_list():
    rows = re.findall(r"^\| ([A-Z]+) (\d+) \| ([a-z, ]+) \|", (ROOT / "docs" / "architecture.md").read_text(), re.M)
    table = [(phase, rank, plugin.strip()) for phase, rank, plugins in rows for plugin in plugins.split(",")]
    assert set(table) == {tuple(words[:3]) for words in listed()}
    assert sorted(table, key=lambda row: PHASES.index(row[0])) == table, "phases in the order in which they run"


def test_every_shaping_plugin_is_in_the_list(cluster):
    hooks = listed()
    shaping = {words[2] for words in hooks if words[0] in ("PLAN", "POD", "OBJECT")}
    assert shaping == set(OWN)


def test_without_any_of_them_pods_are_the_templates(cluster):
    """What is left is who the pod is: labels, annotations, the metrics port."""
    off = ",".join(sorted(set(OWN) - {"head", "worker"}))
    head, *workers = render("--set", f"plugins.disable={off}", cluster)
    for pod, group in [(head, CLUSTER["spec"]["headGroupSpec"]), *[(w, CLUSTER["spec"]["workerGroupSpecs"][0]) for w in workers]]:
        expected = json.loads(json.dumps(group["template"]["spec"]))
        expected["containers"][0].setdefault("ports", []).append({"containerPort": 8080, "name": "metrics"})
        assert pod["spec"] == expected
    assert len(workers) == 4


def test_a_suspended_cluster_has_no_pods_unless_nobody_looks(tmp_path):
    file = tmp_path / "cr.yaml"
    file.write_text(yaml.safe_dump({**CLUSTER, "spec": {**CLUSTER["spec"], "suspend": True}}))
    assert "Pod" not in {obj["kind"] for obj in render(file)} >= {"Service", "Secret", "Role"}
    assert len([obj for obj in render("--set", "plugins.disable=suspend", file) if obj["kind"] == "Pod"]) == 5


def test_the_plugin_of_the_kind_shapes_nothing(cluster):
    """Switched off it judges no more and reports no status, but the kind stays known: finalizers of what is there are still served."""
    assert facts(render("--set", "plugins.disable=raycluster", cluster)) == facts(render(cluster))


def test_prestop_is_off_as_it_comes(cluster):
    assert facts(render("--set", "plugins.disable=prestop", cluster)) == facts(render(cluster))
    assert not any("preStop" in fact[3] for fact in facts(render(cluster)))


def test_a_cluster_without_autoscaling_gets_nothing_of_it(tmp_path):
    file = tmp_path / "cr.yaml"
    for spec in ({}, {"enableInTreeAutoscaling": False}, {"enableInTreeAutoscaling": None}):
        plain = json.loads(json.dumps(CLUSTER))
        del plain["spec"]["enableInTreeAutoscaling"]
        plain["spec"].update(spec)
        file.write_text(yaml.safe_dump(plain))
        assert facts(render("--set", "plugins.disable=autoscaler", file)) == facts(render(file))


def test_an_unknown_name_is_told(cluster):
    done = run("render", *NOW, "--set", "plugins.disable=shmm", cluster)
    assert done.returncode == 78
    assert "shmm" in done.stderr


@pytest.mark.parametrize("option, value", [
    ("shm.size", "5foo"), ("shm.size", "1Gi,2"), ("raystart.open-files", "abc"), ("raystart.open-files", ""), ("probes.gcs-wget-timeout", "x"),
    ("autoscaler.start", ""), ("prestop.command", ""), ("prestop.grace-period", "900ms"), ("prestop.grace-period", "1500ms"),
    ("tls.mount", "etc/tls"), ("tls.mount", "/a b"), ("tls.mount", "/a&b"), ("tls.mount", "/a(b"), ("tls.mount", "/a~b"), ("tls.cluster-domain", ""), ("tls.duration", "10m"), ("tls.renew-before", "2160h")])
def test_an_option_that_would_break_each_pod_stops_the_start(option, value):
    done = run("conf", "--set", f"plugin:{option}={value}")
    assert done.returncode == 78 and option.partition(".")[2] in done.stderr, done.stderr


def test_a_long_command_and_many_parameters_come_whole_and_in_order(tmp_path):
    """What can be stored is rendered: nothing grows with the square of it."""
    cluster = json.loads(json.dumps(CLUSTER))
    head = cluster["spec"]["headGroupSpec"]
    head["template"]["spec"]["containers"][0]["args"] = ["a"] * 30000
    head["rayStartParams"] = {f"p{i:04}": str(i) for i in reversed(range(2000))}
    head["labels"] = {f"l{i:04}": "x" for i in reversed(range(2000))}
    file = tmp_path / "c.json"
    file.write_text(json.dumps(cluster))
    line = next(o for o in render(file) if o["kind"] == "Pod" and o["metadata"]["labels"]["ray.io/node-type"] == "head")["spec"]["containers"][0]["args"][0]
    assert line.startswith(" a  a ") and line.count(" a ") == 30000
    assert "".join(f" --p{i:04}={i} " for i in range(2000)).strip() in line
    assert ",".join(f"l{i:04}=x" for i in range(2000)) in line
