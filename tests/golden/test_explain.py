"""`raykeeper explain`: an author for every field of every pod and service that `render` makes, of every story here and of the samples
that lie beside the checkout; what is said of some fields; what is told when something is wrong."""
import json
import os
from pathlib import Path

import pytest
import yaml

from renderer import ROOT, render, run

HERE = Path(__file__).resolve().parent
STORIES = sorted(path.parent for path in HERE.glob("*/cr.yaml"))
SAMPLES = Path(os.environ.get("RK_PARITY", "/no-records")) / "samples"
SAMPLE_NAMES = ["ray-cluster.sample", "ray-cluster.complete", "ray-cluster.head-command", "ray-cluster.overwrite-command",
                "ray-cluster.autoscaler", "ray-cluster.autoscaler-v2", "ray-cluster.custom-head-service", "ray-cluster-label-selector"]
pytestmark = pytest.mark.asan


def explain(*args):
    done = run("explain", "-o", "json", *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def word(text):
    return text.replace("~", "~0").replace("/", "~1")


def leaves(value, path=""):
    """JSON pointer -> leaf: scalars, and what is empty."""
    if isinstance(value, (dict, list)) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, f"{path}/{word(str(key))}")
    else:
        yield path, value


def at(tree, path):
    for step in path.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    return tree


def object_of(obj):
    if obj["kind"] != "Pod":
        return f"{obj['kind']}/{obj['metadata']['name']}"
    return f"Pod/{obj['metadata']['labels']['ray.io/group']}"


def by_object(records):
    found = {}
    for r in records:
        found.setdefault((r["owner"], r["object"]), []).append(r)
    return found


def check_whole(file, args=()):
    """Every leaf of everything rendered has one record with an author; no record is of a field that is not there."""
    with open(file, encoding="utf-8") as f:
        owners = {doc["metadata"]["name"]: doc for doc in yaml.safe_load_all(f) if doc and doc["kind"] == "RayCluster"}
    told = by_object(explain(*args, file)["fields"])
    seen = set()
    for obj in render(*args, file):
        ref = obj["metadata"]["ownerReferences"][0]
        key = (f"{ref['kind']} {obj['metadata']['namespace']}/{ref['name']}", object_of(obj))
        seen.add(key)
        records, real = [r for r in told[key] if not r["fill"]], dict(leaves(obj))
        for r in told[key]:  # made when it is sent, never shown
            assert not r["fill"] or (r["author"] and not r["value"] and r["path"] not in real), r
        paths = [r["path"] for r in records]
        assert len(paths) == len(set(paths)), f"{key}: told twice: {sorted(p for p in paths if paths.count(p) > 1)}"
        assert set(paths) == set(real), f"{key}: {sorted(set(paths) ^ set(real))}"
        for r in records:
            assert r["author"], r
            assert (r["phase"] is None) == (r["author"] in ("core", "user")) == (r["rank"] is None), r
            if not r["each"]:
                assert r["value"] == real[r["path"]], (key, r)
            if r["author"] == "user":
                assert at(owners[ref["name"]], r["source"]) == r["value"], r
            assert r["over"] != r["author"], r
    for key, records in told.items():
        if key[1].startswith("Start/"):
            assert all(r["author"] and r["path"].startswith("/start/") for r in records)
        elif key not in seen:  # a group that wants no pod now
            assert not any(r["path"] == "/metadata/name" for r in records), key


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_every_field_of_a_story_has_one_author(story):
    args = (story / "args").read_text().replace("{story}", str(story)).splitlines() if (story / "args").exists() else []
    check_whole(story / "cr.yaml", args)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_field_of_a_sample_has_one_author(name):
    if not (SAMPLES / f"{name}.yaml").exists():
        pytest.skip("no recorded facts beside this checkout")
    check_whole(SAMPLES / f"{name}.yaml")


# ---- what is said of some fields ----

def container(**more):
    return {"name": "ray", "image": "example.com/ray:1", **more}


def owner(head=None, worker=None, **spec):
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"},
            "spec": {"headGroupSpec": {"template": {"spec": {"containers": [container()]}}, **(head or {})},
                     "workerGroupSpecs": [{"groupName": "w", "replicas": 2, "template": {"spec": {"containers": [container()]}},
                                           **(worker or {})}], **spec}}


class Told:
    """What is told of one object of a cluster, by path; the path may name list entries."""

    def __init__(self, tmp_path, body, *args):
        file = tmp_path / "cr.yaml"
        file.write_text(yaml.safe_dump(body))
        self.all = explain(*args, file)

    def get(self, obj, path):
        found = [r for r in self.all["fields"] if r["object"] == obj and path in (r["path"], r["name"])]
        assert len(found) == 1, (obj, path, found, [r["name"] for r in self.all["fields"] if r["object"] == obj])
        return found[0]

    def removed(self, obj):
        return {r["name"]: r for r in self.all["removed"] if r["object"] == obj}


def hook(record):
    return record["author"], record["phase"], record["rank"]


def test_what_nobody_wrote_is_the_users_with_its_place_or_the_cores(tmp_path):
    told = Told(tmp_path, owner())
    image = told.get("Pod/w", "/spec/containers/0/image")
    assert image["author"] == "user"
    assert image["source"] == "/spec/workerGroupSpecs/0/template/spec/containers/0/image"
    for path in ("/apiVersion", "/kind", "/metadata/name", "/metadata/namespace", "/metadata/ownerReferences/0/name"):
        assert told.get("Pod/headgroup", path)["author"] == "core"
    assert told.get("Pod/w", "/metadata/name")["each"] and not told.get("Pod/headgroup", "/metadata/name")["each"]


def test_the_core_overrides_identity_and_drops_names_of_the_template(tmp_path):
    template = {"metadata": {"name": "mine", "namespace": "elsewhere"}, "spec": {"containers": [container()]}}
    told = Told(tmp_path, owner(head={"template": template}))
    assert told.get("Pod/headgroup", "/metadata/namespace")["over"] == "user"
    assert told.removed("Pod/headgroup")["/metadata/name"]["author"] == "core"
    assert told.removed("Pod/headgroup")["/metadata/name"]["was"] == "user"


def test_a_volume_made_by_naming_it_is_wholly_its_plugins(tmp_path):
    told = Told(tmp_path, owner())
    for path in ("/spec/volumes/[shared-mem]/name", "/spec/volumes/[shared-mem]/emptyDir/medium",
                 "/spec/containers/[ray]/volumeMounts/[/dev/shm]/mountPath", "/spec/containers/[ray]/volumeMounts/[/dev/shm]/name"):
        assert hook(told.get("Pod/headgroup", path)) == ("shm", "POD", 300)


def test_env_of_the_user_that_is_forced_is_over_the_user_and_the_rest_keeps_its_place(tmp_path):
    env = [{"name": "RAY_IP", "value": "mine"}, {"name": "A", "value": "1"}, {"name": "RAY_ADDRESS", "value": "there"},
           {"name": "FQ_RAY_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    told = Told(tmp_path, owner(worker={"template": {"spec": {"containers": [container(env=env)]}}}))
    forced = told.get("Pod/w", "/spec/containers/[ray]/env/[RAY_IP]/value")
    assert (hook(forced), forced["over"]) == (("raystart", "POD", 350), "user")
    assert told.get("Pod/w", "/spec/containers/[ray]/env/[RAY_IP]/name")["over"] is None, "the same value replaces nobody's"
    own = told.get("Pod/w", "/spec/containers/[ray]/env/[A]/value")
    assert own["author"] == "user"
    assert own["source"] == "/spec/workerGroupSpecs/0/template/spec/containers/0/env/1/value"
    assert own["path"] != own["source"].removeprefix("/spec/workerGroupSpecs/0/template")
    kept = told.get("Pod/w", "/spec/containers/[ray]/env/[RAY_ADDRESS]/value")
    assert kept["author"] == "user"
    assert kept["yielded"] == [{"author": "raystart", "phase": "POD", "rank": 350}]
    gone = told.removed("Pod/w")["/spec/containers/[ray]/env/[FQ_RAY_IP]/valueFrom/fieldRef/fieldPath"]
    assert (gone["author"], gone["was"], gone["value"]) == ("raystart", "user", "status.podIP")


def test_probes_yield_to_the_users_own(tmp_path):
    probe = {"tcpSocket": {"port": 6379}, "periodSeconds": 7}
    told = Told(tmp_path, owner(head={"template": {"spec": {"containers": [container(livenessProbe=probe)]}}}))
    for leaf in ("tcpSocket/port", "periodSeconds"):
        record = told.get("Pod/headgroup", f"/spec/containers/0/livenessProbe/{leaf}")
        assert record["author"] == "user"
        assert record["yielded"] == [{"author": "probes", "phase": "POD", "rank": 400}]
    ours = told.get("Pod/headgroup", "/spec/containers/0/readinessProbe/periodSeconds")
    assert (hook(ours), ours["verb"], ours["yielded"]) == (("probes", "POD", 400), "offer", [])


def test_a_label_of_the_group_is_over_the_templates(tmp_path):
    template = {"metadata": {"labels": {"tier": "t", "same": "s", "own": "o"}}, "spec": {"containers": [container()]}}
    told = Told(tmp_path, owner(worker={"labels": {"tier": "g", "same": "s"}, "template": template}))
    tier = told.get("Pod/w", "/metadata/labels/tier")
    assert (tier["author"], tier["value"], tier["over"]) == ("worker", "g", "user")
    assert told.get("Pod/w", "/metadata/labels/same")["over"] is None
    assert told.get("Pod/w", "/metadata/labels/own")["source"] == "/spec/workerGroupSpecs/0/template/metadata/labels/own"


def test_a_label_of_each_pod_is_of_the_plugin_that_wants_the_pods(tmp_path):
    index = Told(tmp_path, owner()).get("Pod/w", "/metadata/labels/ray.io~1worker-group-replica-index")
    assert hook(index) == ("worker", "PLAN", 300)
    assert index["each"]


def test_args_of_the_user_become_part_of_the_command(tmp_path):
    own = container(command=["a", "b", "c", "d"], args=["e"])
    told = Told(tmp_path, owner(head={"template": {"spec": {"containers": [own]}}}))
    args = told.get("Pod/headgroup", "/spec/containers/0/args/0")
    assert (args["author"], args["over"]) == ("raystart", "user")
    assert told.removed("Pod/headgroup")["/spec/containers/[ray]/command/3"]["author"] == "raystart"


def test_start_parameters_are_told_beside_the_pods(tmp_path):
    told = Told(tmp_path, owner(head={"rayStartParams": {"num-cpus": "0", "metrics-export-port": "9"}}))
    given = told.get("Start/headgroup", "/start/params/num-cpus")
    assert (hook(given), given["value"]) == (("raystart", "POD", 100), "0")
    assert told.get("Start/headgroup", "/start/params/metrics-export-port")["yielded"] == [
        {"author": "raystart", "phase": "POD", "rank": 350}]
    assert told.get("Start/w", "/start/params/address")["verb"] == "offer"


def test_the_service_is_told_too(tmp_path):
    told = Told(tmp_path, owner())
    port = told.get("Service/c-head-svc", "/spec/ports/[8265]/name")
    assert (hook(port), port["verb"]) == (("service", "PLAN", 100), "append")


def test_a_switched_off_plugin_wrote_nothing(tmp_path):
    told = Told(tmp_path, owner(), "--set", "plugins.disable=probes,shm")
    assert not [r for r in told.all["fields"] if r["author"] in ("probes", "shm")]


# ---- FIELD, --group, --object ----

@pytest.fixture
def file(tmp_path):
    path = tmp_path / "cr.yaml"
    path.write_text(yaml.safe_dump(owner(head={"template": {
        "metadata": {"labels": {"example.com/a.b": "x"}}, "spec": {"containers": [container(env=[{"name": "A", "value": "1"}])]}}})))
    return path


def paths(*args):
    return {(r["object"], r["name"]) for r in explain(*args)["fields"]}


@pytest.mark.parametrize("field", ["/spec/containers/0/env/0/value", "/spec/containers/[ray]/env/[A]/value", "/spec/containers/0/env/[A]/value/",
                                   "spec.containers[0].env[0].value", ".spec.containers[ray].env[A].value", "$.spec.containers['ray'].env[\"A\"].value",
                                   "env[A].value", "/spec/containers/ray/env/A/value"])
def test_ways_to_name_a_field(file, field):
    assert ("Pod/headgroup", "/spec/containers/[ray]/env/[A]/value") in paths(file, field, "--group", "headgroup")
    assert len(paths(file, field, "--group", "headgroup", "--object", "Pod")) == 1


@pytest.mark.parametrize("field", ["metadata.labels[example.com/a.b]", 'metadata.labels["example.com/a.b"]', "example.com/a.b",
                                   "/metadata/labels/example.com~1a.b"])
def test_a_key_with_dots_and_slashes(file, field):
    assert paths(file, field) == {("Pod/headgroup", "/metadata/labels/example.com~1a.b")}


def test_a_prefix_and_a_part(file):
    assert {name.split("/")[3] for _, name in paths(file, "/spec/containers")} == {"[ray]"}
    found = paths(file, "livenessProbe")
    assert {obj for obj, _ in found} == {"Pod/headgroup", "Pod/w"}
    assert all("/livenessProbe/" in name for _, name in found)
    assert ("Start/w", "/start/params/address") in paths(file, "/start/params")


def test_narrowed_to_a_group_and_an_object(file):
    assert {obj for obj, _ in paths(file, "--group", "w")} == {"Pod/w", "Start/w"}
    assert {obj for obj, _ in paths(file, "--object", "pod")} == {"Pod/headgroup", "Pod/w"}
    assert {obj for obj, _ in paths(file, "--object", "Service/c-head-svc")} == {"Service/c-head-svc"}
    assert {obj for obj, _ in paths(file, "--object", "start", "--group", "headgroup")} == {"Start/headgroup"}


def test_a_field_that_is_only_removed_is_told(tmp_path):
    path = tmp_path / "cr.yaml"
    path.write_text(yaml.safe_dump(owner(head={"template": {"metadata": {"generateName": "x-"}, "spec": {"containers": [container()]}}})))
    done = run("explain", path, "/metadata/generateName")
    assert done.returncode == 0, done.stderr
    assert "core" in done.stdout and "was user" in done.stdout


# ---- text ----

def test_text_has_every_field_with_its_author(file):
    done = run("explain", file)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for r in explain(file)["fields"]:
        # A line of its own, or one for a subtree of one author.
        mine = [line for line in lines if line.strip() and (r["name"] + "/").startswith(line.split()[0] + "/")]
        assert mine and any(f"  {r['author']}" in line for line in mine), r
    assert max(len(line.split("  ")[0]) for line in lines) < 200


def test_text_shows_a_value_whole_when_it_is_asked_for(file):
    short, whole = run("explain", file).stdout, run("explain", file, "/spec/containers/0/args").stdout
    assert "--metrics-export-port=8080" in whole and "--metrics-export-port=8080" not in short
    assert "..." in short and "..." not in whole


def test_text_says_who_yielded_and_what_was_removed(tmp_path):
    path = tmp_path / "cr.yaml"
    own = container(command=["a", "b", "c", "d"], livenessProbe={"tcpSocket": {"port": 1}})
    path.write_text(yaml.safe_dump(owner(head={"template": {"spec": {"containers": [own]}}})))
    text = run("explain", path, "--group", "headgroup").stdout
    assert "yielded: probes (POD 400)" in text
    assert "removed from Pod/headgroup" in text and "was user" in text
    assert "never sent" in text


# ---- what is wrong ----

def test_a_field_that_is_not_there(file):
    done = run("explain", file, "/spec/containers/0/imag", "--object", "Pod/headgroup")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{file}: no field /spec/containers/0/imag; did you mean /spec/containers/[ray]/image? ")
    assert "Below /spec/containers/[ray] there are: env, image, name, " in done.stderr
    done = run("explain", file, "livenesProbe")
    assert done.returncode == 1
    assert done.stderr == f"{file}: no field livenesProbe; did you mean livenessProbe?\n"


def test_an_object_or_group_that_is_not_there(file):
    done = run("explain", file, "--group", "nobody")
    assert done.returncode == 1
    assert "no object of group nobody; there are: Service/c-head-svc, Pod/headgroup, Start/headgroup, Pod/w, Start/w" in done.stderr


@pytest.mark.parametrize("field", ["/spec//x", "a[", "a[]", "a..b", "/" + "x/" * 40])
def test_a_field_that_is_none(file, field):
    done = run("explain", file, field)
    assert done.returncode == 2
    assert done.stderr.startswith(f"raykeeper explain: FIELD {field}: "), done.stderr


def test_files_that_are_not_there_or_not_good(tmp_path):
    done = run("explain", tmp_path / "none.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{tmp_path}/none.yaml: " in done.stderr
    done = run("explain", "none.yaml")
    assert (done.returncode, done.stderr) == (1, "none.yaml: No such file or directory\n")
    bad = tmp_path / "bad.yaml"
    bad.write_text(json.dumps({**owner(), "spec": 3}))
    done = run("explain", bad)
    assert done.returncode == 1
    assert f"{bad}:1: default/c: " in done.stderr


@pytest.mark.parametrize("args", [[], ["a", "b", "c"], ["-o", "yaml", "a"], ["--nonsense", "a"]])
def test_wrong_use(args):
    done = run("explain", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: raykeeper explain" in done.stderr


def test_help_says_how_it_ends():
    done = run("explain", "--help")
    assert done.returncode == 0
    assert "exit codes: 0 well, 1 " in done.stdout


def test_a_wrong_configuration(file):
    assert run("explain", "--set", "plugins.disable=shmm", file).returncode == 78


def test_what_is_neither_file_nor_kind():
    done = run("explain", "teapot/demo")
    assert done.returncode == 1
    assert done.stderr.startswith("teapot/demo: no such file, and no KIND/NAME of a kind") and "rayclusters" in done.stderr


def test_a_file_wins_over_a_kind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raycluster").mkdir()
    (tmp_path / "raycluster" / "demo").write_text(yaml.safe_dump(owner()))
    assert ("Pod/w", "/kind") in paths("raycluster/demo")


def test_a_kubeconfig_that_is_no_good(tmp_path):
    done = run("explain", "raycluster/demo", "--kubeconfig", tmp_path / "none")
    assert done.returncode == 1
    assert f"{tmp_path}/none" in done.stderr
    bad = tmp_path / "bad"
    bad.write_text("current-context: a\n")
    done = run("explain", "RayCluster/demo", "--kubeconfig", bad)
    assert done.returncode == 1
    assert done.stderr.startswith(f"rayclusters/demo: {bad}: "), done.stderr


def test_a_server_that_does_not_answer(tmp_path):
    conf = tmp_path / "kubeconfig"
    conf.write_text(yaml.safe_dump({
        "current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "c"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}]}))
    done = run("explain", "rayclusters.ray.io/demo", "--kubeconfig", conf, "--set", "api.request-timeout=2s")
    assert done.returncode == 1
    assert done.stderr.startswith("rayclusters/demo: no answer: "), done.stderr
    assert "http://127.0.0.1:1" in done.stderr and f"kubeconfig {conf}" in done.stderr


def test_what_is_not_ours_is_told(tmp_path):
    path = tmp_path / "cr.yaml"
    path.write_text(yaml.safe_dump(owner(managedBy="kueue.x-k8s.io/multikueue")))
    done = run("explain", path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing is made of it: a plugin says that it is not ours" in done.stderr


def test_a_large_cluster_is_explained_in_time(tmp_path):
    path = tmp_path / "cr.yaml"
    env = [{"name": f"E{i}", "value": str(i)} for i in range(1000)]
    body = owner(worker={"replicas": 5000, "template": {"spec": {"containers": [container(env=env)]}}})
    path.write_text(json.dumps(body))
    done = run("explain", "-o", "json", path)  # `run` bounds it
    assert done.returncode == 0, done.stderr
    assert len([r for r in json.loads(done.stdout)["fields"] if r["object"] == "Pod/w"]) > 2000
