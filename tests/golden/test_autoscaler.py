"""What a cluster may not say about its autoscaler: each rule with the path of what is wrong, and what is just about allowed."""
import pytest
import yaml

from renderer import NOW, allowed, refused, render, run, told

pytestmark = pytest.mark.asan

ENV = "RAY_enable_autoscaler_v2"
OPTIONS, HEAD, GROUP = "/spec/autoscalerOptions", "/spec/headGroupSpec/template/spec", "/spec/workerGroupSpecs/0"


def cluster(on=True, options=None, head=None, env=None, worker=None, version="2.56.0", **group):
    ray = {"name": "ray", "image": "i", "env": [{"name": "OTHER", "value": "1"}] + [{"name": ENV, "value": env}] * (env is not None)}
    return {
        "apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"},
        "spec": {
            "rayVersion": version, **({"enableInTreeAutoscaling": on} if on is not None else {}), **({"autoscalerOptions": options} if options is not None else {}),
            "headGroupSpec": {"template": {"spec": {"containers": [ray], **(head or {})}}},
            "workerGroupSpecs": [{"groupName": "g", "replicas": 1, "template": {"spec": {"containers": [{"name": "ray", "image": "i"}], **(worker or {})}}, **group}]}}


V1, V2 = {"version": "v1"}, {"version": "v2"}
REFUSED = {
    "a version that is none": (cluster(options={"version": "v3"}), f"{OPTIONS}/version"),
    "a mode that is none": (cluster(options={"upscalingMode": "Fast"}), f"{OPTIONS}/upscalingMode"),
    "negative idle seconds": (cluster(options={"idleTimeoutSeconds": -1}), f"{OPTIONS}/idleTimeoutSeconds"),
    "negative idle seconds without autoscaling": (cluster(on=False, options={"idleTimeoutSeconds": -1}), f"{OPTIONS}/idleTimeoutSeconds"),
    "half idle seconds": (cluster(options={"idleTimeoutSeconds": 0.5}), f"{OPTIONS}/idleTimeoutSeconds"),
    "the operator's own variable": (cluster(options={"env": [{"name": "A"}, {"name": "KUBERAY_GEN_AUTOSCALER_START_CMD"}]}), f"{OPTIONS}/env/1/name"),
    "idle seconds of a group, version unset": (cluster(idleTimeoutSeconds=5), f"{GROUP}/idleTimeoutSeconds"),
    "idle seconds of a group, v1": (cluster(options=V1, idleTimeoutSeconds=5), f"{GROUP}/idleTimeoutSeconds"),
    "idle seconds of a group, variable off": (cluster(env="0", idleTimeoutSeconds=5), f"{GROUP}/idleTimeoutSeconds"),
    "idle seconds of a group, variable True": (cluster(env="True", idleTimeoutSeconds=5), f"{GROUP}/idleTimeoutSeconds"),
    "negative idle seconds of a group": (cluster(options=V2, idleTimeoutSeconds=-5), f"{GROUP}/idleTimeoutSeconds"),
    "priority, v1": (cluster(options=V1, priority=1), f"{GROUP}/priority"),
    "priority, old Ray": (cluster(options=V2, version="2.55.9", priority=1), f"{GROUP}/priority"),
    "priority, Ray unknown": (cluster(options=V2, version="nightly", priority=1), f"{GROUP}/priority"),
    "negative priority, Ray untold": (cluster(options=V2, version="", priority=-1), f"{GROUP}/priority"),
    "priority beyond numbers": (cluster(options=V2, priority=2**31), f"{GROUP}/priority"),
    "the variable without autoscaling": (cluster(on=False, env="true"), f"{HEAD}/containers/0/env/1/value"),
    "the variable, autoscaling unset": (cluster(on=None, env="1"), f"{HEAD}/containers/0/env/1/value"),
    "a suspended group": (cluster(suspend=True), f"{GROUP}/suspend"),
    "version and variable": (cluster(options=V1, env="0"), f"{HEAD}/containers/0/env/1/name"),
    "v2, the head restarts": (cluster(options=V2, head={"restartPolicy": "Always"}), f"{HEAD}/restartPolicy"),
    "v2, workers restart": (cluster(options=V2, worker={"restartPolicy": "OnFailure"}), f"{GROUP}/template/spec/restartPolicy"),
    "the container's name is taken": (
        cluster(head={"containers": [{"name": "ray", "image": "i"}, {"name": "autoscaler", "image": "i"}]}), f"{HEAD}/containers/1/name"),
}
ALLOWED = {
    "no options": cluster(),
    "empty options": cluster(options={}),
    "no idle time at all": cluster(options={"idleTimeoutSeconds": 0}),
    "idle seconds of a group with v2": cluster(options=V2, idleTimeoutSeconds=0),
    "idle seconds of a group, v2 by variable": cluster(env="1", idleTimeoutSeconds=5),
    "idle seconds of a group with v2, autoscaling off": cluster(on=False, options=V2, idleTimeoutSeconds=5),
    "priority": cluster(options=V2, version="v2.56.0rc1", priority=-3),
    "priority, v2 by variable": cluster(env="true", version="3.0", priority=1),
    "priority 0 says nothing": cluster(options=V1, version="", priority=0),
    "the variable off without autoscaling": cluster(on=False, env="0"),
    "a suspended group without autoscaling": cluster(on=False, suspend=True),
    "v2, Never": cluster(options=V2, head={"restartPolicy": "Never"}, worker={"restartPolicy": "Never"}),
    "restarts without autoscaling": cluster(on=False, options=V2, head={"restartPolicy": "Always"}),
    "v1, workers restart": cluster(options=V1, worker={"restartPolicy": "Always"}),
    "a container called so without autoscaling": cluster(on=False, head={"containers": [{"name": "ray", "image": "i"}, {"name": "autoscaler", "image": "i"}]}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_its_path(tmp_path, what):
    refused(tmp_path, *REFUSED[what])


@pytest.mark.parametrize("what", ALLOWED)
def test_allowed(tmp_path, what):
    allowed(tmp_path, ALLOWED[what])


def test_the_first_version_and_workers_that_restart_are_warned_of(tmp_path):
    for options, policy, warned in ((V1, "Always", True), (V1, "OnFailure", True), (V1, "Never", False), (V1, None, False), ({}, "Always", False)):
        done = told(tmp_path, cluster(options=options, worker={"restartPolicy": policy} if policy else None))
        assert done.returncode == 0
        assert ("InvalidRayClusterSpec" in done.stderr and "do not get along: g" in done.stderr) == warned, (options, policy, done.stderr)


def test_all_faults_of_one_cluster_are_told_together(tmp_path):
    obj = cluster(options={"version": "v2", "idleTimeoutSeconds": -1, "upscalingMode": "x"}, worker={"restartPolicy": "Always"}, suspend=True, priority=2**40)
    said = told(tmp_path, obj).stderr
    for path in (f"{OPTIONS}/idleTimeoutSeconds", f"{OPTIONS}/upscalingMode", f"{GROUP}/suspend", f"{GROUP}/priority", f"{GROUP}/template/spec/restartPolicy"):
        assert f" {path} " in said, said


@pytest.mark.parametrize("value", ["tmp/ray", "/tmp/]ray"])
def test_a_log_folder_that_is_none_is_refused(tmp_path, value):
    done = run("render", *NOW, "--set", f"plugin:autoscaler.logs={value}", tmp_path)
    assert done.returncode == 78 and "logs" in done.stderr, done.stderr


def test_another_clusters_name_is_never_in_the_role(tmp_path):
    """Two names that share their last 50 characters."""
    files = []
    for name in ("a" * 3 + "x" * 50, "b" * 3 + "x" * 50):
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text(yaml.safe_dump({**cluster(), "metadata": {"name": name}}))
    objects = [o for o in render(*files) if o["kind"] in ("ServiceAccount", "Role", "RoleBinding")]
    assert sorted(o["metadata"]["name"] for o in objects) == sorted([files[0].stem] * 3 + [files[1].stem] * 3)
    for role in (o for o in objects if o["kind"] == "Role"):
        named = [rule for rule in role["rules"] if "rayclusters" in rule["resources"]]
        assert [rule["resourceNames"] for rule in named] == [[role["metadata"]["name"]]]
