"""Plugin site: values that make no pod stop the start with file and line, images and taints are read as people write them."""
import json

import pytest

from renderer import NOW, render, run

pytestmark = pytest.mark.asan


def ini(tmp_path, **options):
    file = tmp_path / "raykeeper.ini"
    file.write_text("[plugin:site]\n" + "".join(f"{key.replace('_', '-')} = {value}\n" for key, value in options.items()))
    return file


def pods(tmp_path, image="rayproject/ray:2", template=None, **options):
    """Head and worker of a cluster under these options."""
    spec = {"containers": [{"name": "ray", "image": image}], **(template or {})}
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"}, "spec": {
        "headGroupSpec": {"template": {"spec": spec}}, "workerGroupSpecs": [{"groupName": "w", "replicas": 1, "template": {"spec": spec}}]}}))
    head, worker = (o for o in render("--config", ini(tmp_path, **options), file) if o["kind"] == "Pod")
    return head, worker


BAD = [
    ("namespaces", "Team", "is not a name"), ("site-wins", "tolerations", "is none of env"), ("site-wins", "enw", "is none of env"),
    ("env", "A", "has no '='"), ("env", "1A=x", "is not the name of"), ("env", "A B=x", "is not the name of"), ("env", '{"value": "x"}', "has no name"), ("env", '{"name": "A"', "not a JSON object"),
    ("env", '{"name": ""}', "has no name"), ("env", '{"name": "A",}', "not a JSON object"), ("env", '{"name": "A"} x', "not a JSON object"), ("env", '{"name": "\\x"}', "not a JSON object"),
    ("labels", "a", "has no '='"), ("labels", "a=b c", "is not the value"), ("labels", "-a=b", "is not the key"), ("labels", "A.b/c/d=e", "no DNS name"), ("labels", "a=" + "b" * 64, "is not the value"),
    ("labels", "ray.io/cluster=mine", "the operator's own"), ("labels", "app.kubernetes.io/name=mine", "the operator's own"),
    ("annotations", "a", "has no '='"), ("annotations", "a b=c", "is not the key"), ("annotations", "ray.io/ft-enabled=true", "the operator's own"),
    ("annotations", "raykeeper.io/template-hash=1:A", "the operator's own"), ("labels", "ray.io/originated-from-crd=RayJob", "the operator's own"),
    ("labels", "ray.io/originated-from-cr-name=a", "the operator's own"), ("labels", "ray.io/replica-host-index=0", "the operator's own"),
    ("node-selector", "zone", "has no '='"), ("head-node-selector", "zone=a b", "is not the value"), ("worker-node-selector", "=a", "is not the key"),
    ("tolerations", "a:Sometimes", "is not key"), ("tolerations", "a:", "is not key"), ("tolerations", "a:NoSchedule:5", "is not key"), ("tolerations", "a:NoExecute:", "is not key"),
    ("tolerations", "a:NoExecute:soon", "is not key"), ("head-tolerations", ":NoExecute", "is not key"), ("worker-tolerations", "a=b c:NoExecute", "is not the value"),
    ("image-mirror", "docker.io/", "is not from -> to"), ("image-mirror", "-> a", "is not from -> to"), ("image-mirror", "a ->", "is not from -> to"), ("image-mirror", "a b -> c", "has a blank"),
    ("image-pull-secrets", "a_b", "is not a name"), ("priority-class", "High", "is not a name"), ("scheduler-name", "a b", "is not a name"), ("runtime-class", "-", "is not a name"),
    ("security-context", "strict", "none|restricted"),
    ("head-sidecars", "{}", "not a JSON list"), ("head-sidecars", "[1]", "not a JSON list of objects"), ("head-sidecars", '[{"image": "i"}]', "without a name"),
    ("worker-sidecars", '[{"name": "a"}', "not a JSON list of objects"), ("worker-sidecars", '[{"name": "a"},]', "not a JSON list of objects"),
    ("worker-sidecars", '[{"name": "a", "x": [1, 2}]', "not a JSON list of objects"), ("worker-sidecars", '[{"name": "a", "x": 01}]', "not a JSON list of objects"),
    ("worker-sidecars", '[{"name": "a", "x": ' + "[" * 40 + "]" * 40 + "}]", "not a JSON list of objects"),
]


@pytest.mark.parametrize("key, value, why", BAD, ids=[f"{k}={v[:24]}" for k, v, _ in BAD])
def test_what_makes_no_pod_stops_the_start_with_its_place(tmp_path, key, value, why):
    file = ini(tmp_path, namespaces="a") if key != "namespaces" else ini(tmp_path, priority_class="a")
    file.write_text(file.read_text() + f"\n{key} = {value}\n")
    done = run("conf", "--config", file)
    assert done.returncode == 78 and done.stderr.startswith(f"{file}:4: ") and f"{key}" in done.stderr and why in done.stderr, done.stderr


def test_a_second_line_where_one_is_wanted(tmp_path):
    done = run("conf", "--config", ini(tmp_path, priority_class="\n    a\n    b"))
    assert done.returncode == 78 and "priority-class: 'a' is one of several" in done.stderr, done.stderr


def test_the_value_of_an_environment_variable_is_not_told(tmp_path):
    for line in ("1PASSWORD=hunter2", '{"name": "PASSWORD", "value": "hunter2"'):
        done = run("conf", "--config", ini(tmp_path, env=line))
        assert done.returncode == 78 and "env: " in done.stderr and "hunter2" not in done.stderr, done.stderr


IMAGES = [  # image, rules, what it becomes
    ("rayproject/ray:2", "docker.io/ -> m/", "m/rayproject/ray:2"), ("docker.io/rayproject/ray:2", "docker.io/ -> m/", "m/rayproject/ray:2"), ("busybox", "docker.io/ -> m/", "m/library/busybox"),
    ("busybox:1", "docker.io/library/busybox -> m/box", "m/box:1"), ("quay.io/a/b@sha256:0", "docker.io/ -> m/", "quay.io/a/b@sha256:0"), ("quay.io/a/b@sha256:0", "quay.io -> m", "m/a/b@sha256:0"),
    ("quay.io/ab/c", "quay.io/a -> m", "quay.io/ab/c"), ("quay.io/a/b:1", "quay.io/ -> m/, quay.io/a -> n", "n/b:1"), ("localhost/a", "docker.io/ -> m/", "localhost/a"),
    ("localhost:5000/a", "localhost:5000/ -> m/", "m/a"), ("registry.local/a", "registry.local/->m/", "m/a"), ("docker.io/a/b", "docker.io/ -> docker.io/mirror/", "docker.io/mirror/a/b"),
]


@pytest.mark.parametrize("image, rules, becomes", IMAGES, ids=[f"{i} {r}" for i, r, _ in IMAGES])
def test_images_of_every_container_come_from_the_mirror(tmp_path, image, rules, becomes):
    template = {"containers": [{"name": "ray", "image": image}, {"name": "side", "image": image}], "initContainers": [{"name": "first", "image": image}]}
    for pod in pods(tmp_path, template=template, image_mirror=rules):
        assert {c["image"] for c in pod["spec"]["containers"] + pod["spec"]["initContainers"]} == {becomes}


TAINTS = [("a", {"key": "a", "operator": "Exists"}), ("a=b", {"key": "a", "operator": "Equal", "value": "b"}),
          ("x.io/a=b:NoSchedule", {"key": "x.io/a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}), ("a:PreferNoSchedule", {"key": "a", "operator": "Exists", "effect": "PreferNoSchedule"}),
          ("a=:NoExecute", {"key": "a", "operator": "Equal", "value": "", "effect": "NoExecute"}), ("a:NoExecute:0", {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0}),
          ("a=b:NoExecute:300", {"key": "a", "operator": "Equal", "value": "b", "effect": "NoExecute", "tolerationSeconds": 300})]


@pytest.mark.parametrize("text, toleration", TAINTS, ids=[t for t, _ in TAINTS])
def test_tolerations_as_taints_are_written(tmp_path, text, toleration):
    for pod in pods(tmp_path, tolerations=text):
        assert pod["spec"]["tolerations"] == [toleration]


def test_what_is_of_one_role_is_of_that_role(tmp_path):
    head, worker = pods(tmp_path, head_tolerations="h", worker_tolerations="w", head_node_selector="r=h", worker_node_selector="r=w", tolerations="both", node_selector="r=both, s=both",
                        head_sidecars='[{"name": "hs"}]', worker_sidecars='[{"name": "ws"}]')
    for pod, letter in ((head, "h"), (worker, "w")):
        assert [t["key"] for t in pod["spec"]["tolerations"]] == [letter, "both"]
        assert pod["spec"]["nodeSelector"] == {"r": letter, "s": "both"}
        assert [c["name"] for c in pod["spec"]["containers"]] == ["ray", letter + "s"]


def test_off_it_does_nothing(tmp_path):
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"}, "spec": {
        "headGroupSpec": {"template": {"spec": {"containers": [{"name": "ray", "image": "i"}]}}}}}))
    assert run("render", *NOW, file).stdout == run("render", *NOW, "--set", "plugins.disable=site", file).stdout
