"""`raykeeper crds` against a real API server: what is created, changed, left alone and refused, what a cluster lacks, and how a version goes that
objects are stored in. A control plane of this file's own: definitions come and go."""
import copy
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lib.kube import ApiError, Kube
from lib.operator import SANITIZER, binary

ROOT = Path(__file__).resolve().parents[2]
CP = ROOT / "tests" / "controlplane" / "cp"
NAMES = ["raycluster", "raycronjob", "rayjob", "rayservice"]
CRDS = [f"{name}s.ray.io" for name in NAMES]
OURS = {f"{path.stem.partition('_')[2]}.ray.io": yaml.load(path.read_text(), yaml.CSafeLoader) for path in (ROOT / "config" / "crd").glob("ray.io_*.yaml")}
KIND = "customresourcedefinitions"
BOUND_S = 120


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.admin = folder / "kubeconfig"
        self.kube = Kube(self.admin)

    def kubectl(self, *args, stdin=None):
        done = subprocess.run([CP, "kubectl", self.folder, *args], input=stdin, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *args, kubeconfig=None):
        return subprocess.Popen([binary(), "crds", *args, "--kubeconfig", kubeconfig or self.admin], text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def crds(self, *args, code=0, kubeconfig=None):
        child = self.start(*args, kubeconfig=kubeconfig)
        out, err = child.communicate(timeout=BOUND_S)
        assert not any(word in err for word in SANITIZER), err
        assert child.returncode == code, f"{args}: {child.returncode}\n{out}{err}"
        return out + err

    def live(self, name):
        return self.kube.find(KIND, None, name)

    def until(self, look, what):
        """The API server has no watch for what it serves: it is asked, at most so often as it answers."""
        for _ in range(2000):
            try:
                if look():
                    return
            except ApiError as e:
                if e.code not in (404, 429, 503):
                    raise
            select.select([], [], [], 0.05)
        raise AssertionError(f"never: {what}")

    def wipe(self):
        for name in [c["metadata"]["name"] for c in self.kube.list(KIND)]:
            self.kube.delete(KIND, None, name)
        self.until(lambda: not self.kube.list(KIND), "no definition is left")

    def put(self, doc):
        """As an install of somebody else: created by kubectl, by the name of which it is owned."""
        self.kubectl("create", "-f", "-", stdin=json.dumps(doc))
        self.until(lambda: any(c["type"] == "Established" and c["status"] == "True" for c in self.live(doc["metadata"]["name"])["status"]["conditions"]),
                   "established")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crds") / "cp"
    subprocess.run([CP, "up", folder], check=True, stdout=sys.stderr)
    yield Bench(folder)
    subprocess.run([CP, "down", folder, "--wipe"], check=True, stdout=sys.stderr)


@pytest.fixture
def bench(plain):
    plain.wipe()
    return plain


def schema(doc, version=0):
    return doc["spec"]["versions"][version]["schema"]["openAPIV3Schema"]["properties"]


def old(name="rayclusters.ray.io", stored="v1alpha1"):
    """As old installs of KubeRay have it: two versions that are served, one of them stored."""
    doc = copy.deepcopy(OURS[name])
    first = copy.deepcopy(doc["spec"]["versions"][0])
    first["name"] = "v1alpha1"
    doc["spec"]["versions"].append(first)
    for version in doc["spec"]["versions"]:
        version["storage"] = version["name"] == stored
    return doc


@pytest.mark.asan
def test_what_is_missing_is_created_and_then_left_alone(bench):
    assert bench.crds("apply").splitlines() == [f"{name}: created" for name in CRDS]
    before = [bench.live(name) for name in CRDS]
    for crd in before:
        assert {c["type"]: c["status"] for c in crd["status"]["conditions"]}["Established"] == "True"
        assert [(m["manager"], m["operation"]) for m in crd["metadata"]["managedFields"] if "f:spec" in m["fieldsV1"]] == [("raykeeper", "Apply")]
    assert bench.crds("apply").splitlines() == [f"{name}: unchanged" for name in CRDS]
    assert [bench.live(name)["metadata"]["resourceVersion"] for name in CRDS] == [c["metadata"]["resourceVersion"] for c in before]
    assert bench.crds("check").splitlines() == [f"{name}: has all that is needed" for name in CRDS]
    assert bench.crds("diff") == ""


def test_only_what_is_named_is_applied_and_others_kinds_by_their_full_name(bench):
    assert bench.crds("apply", "RayJob", "rayservices").splitlines() == ["rayjobs.ray.io: created", "rayservices.ray.io: created"]
    assert bench.crds("apply", "rayclusters.cluster.ray.io") == "rayclusters.cluster.ray.io: created\n"
    assert sorted(c["metadata"]["name"] for c in bench.kube.list(KIND)) == ["rayclusters.cluster.ray.io", "rayjobs.ray.io", "rayservices.ray.io"]


@pytest.mark.asan
def test_a_field_of_another_manager_is_named_and_taken_over_only_when_asked(bench):
    theirs = copy.deepcopy(OURS["rayclusters.ray.io"])
    del schema(theirs)["status"]["properties"]["readyWorkerReplicas"]
    bench.put(theirs)
    before = bench.live("rayclusters.ray.io")
    said = bench.crds("apply", code=1)
    assert 'conflict with "kubectl-create"' in said and ".spec.versions" in said and "--force-conflicts" in said
    assert bench.live("rayclusters.ray.io") == before
    assert "rayjobs.ray.io: created" in said, "one that fails stops no other"
    assert bench.crds("apply", "--force-conflicts").splitlines() == [
        "rayclusters.ray.io: changed", *(f"{name}: unchanged" for name in CRDS[1:])]
    assert bench.live("rayclusters.ray.io")["spec"]["versions"] == OURS["rayclusters.ray.io"]["spec"]["versions"]
    assert bench.crds("apply", "raycluster") == "rayclusters.ray.io: unchanged\n"


@pytest.mark.asan
def test_what_a_cluster_lacks_is_told_by_path(bench):
    assert bench.crds("check", code=1).splitlines() == [f"{name}: is not there" for name in CRDS]
    theirs = copy.deepcopy(OURS["rayclusters.ray.io"])
    spec, status = (schema(theirs)[part]["properties"] for part in ("spec", "status"))
    group = spec["workerGroupSpecs"]["items"]["properties"]
    for gone_from, field in ((spec, "authOptions"), (group, "numOfHosts"), (status, "head"), (group["template"]["properties"]["spec"]["properties"], "hostUsers")):
        del gone_from[field]
    bench.put(theirs)
    assert bench.crds("check", "raycluster", code=1).splitlines() == [
        *(f"rayclusters.ray.io: v1 lacks {path}" for path in ("spec.authOptions", "spec.workerGroupSpecs[].numOfHosts", "status.head")),
        "rayclusters.ray.io: drops 1 fields of Kubernetes' own types that this version's definition keeps"]
    hidden = copy.deepcopy(OURS["rayjobs.ray.io"])
    hidden["spec"]["versions"][0]["name"] = "v2"
    bench.put(hidden)
    assert bench.crds("check", "rayjob", code=1) == ("rayjobs.ray.io: v1 is not served\n"
                                                     "rayjobs.ray.io: objects may be stored as v2: apply will want --migrate-storage\n")


def test_fields_that_only_kubernetes_has_are_no_lack(bench):
    theirs = copy.deepcopy(OURS["rayclusters.ray.io"])
    del schema(theirs)["spec"]["properties"]["headGroupSpec"]["properties"]["template"]["properties"]["spec"]["properties"]["hostUsers"]
    bench.put(theirs)
    assert "has all that is needed" in bench.crds("check", "raycluster")


def test_what_keeps_every_field_lacks_none(bench):
    theirs = copy.deepcopy(OURS["rayclusters.ray.io"])
    for part in ("spec", "status"):
        schema(theirs)[part] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    bench.put(theirs)
    assert "has all that is needed" in bench.crds("check", "raycluster")


@pytest.mark.asan
def test_a_difference_is_told_by_path(bench):
    theirs = copy.deepcopy(OURS["rayclusters.ray.io"])
    theirs["spec"]["names"]["shortNames"] = ["rc"]
    theirs["spec"]["names"]["categories"] = ["everything"]
    theirs["spec"]["versions"][0]["additionalPrinterColumns"].pop()
    spec = schema(theirs)["spec"]["properties"]
    spec["extra"] = {"type": "string"}
    spec["rayVersion"] = {"type": "integer"}
    del spec["workerGroupSpecs"]["items"]["properties"]["priority"]
    bench.put(theirs)
    lines = bench.crds("diff", "raycluster", code=1).splitlines()
    assert lines[0] == "rayclusters.ray.io"
    assert any(line.startswith('  ~ names: {') and '"everything"' in line and '"all"' in line for line in lines), lines
    assert any(line.startswith("  ~ v1 additionalPrinterColumns: ") for line in lines)
    assert '  ~ v1 spec.rayVersion: type: "integer" -> "string"' in lines
    assert "  + v1 spec.workerGroupSpecs[].priority" in lines and "  - v1 spec.extra" in lines
    assert len(lines) == 6, lines
    assert bench.crds("diff", "rayjob", code=1) == "rayjobs.ray.io\n  + the definition\n"


# ---- versions that objects are stored in

def cluster(name, version):
    template = {"spec": {"containers": [{"name": "ray", "image": "ray:1"}]}}
    return {"apiVersion": f"ray.io/{version}", "kind": "RayCluster", "metadata": {"name": name, "namespace": "default", "labels": {"n": name}},
            "spec": {"headGroupSpec": {"template": template}}}


def content(obj):
    return obj["metadata"]["uid"], obj["metadata"]["generation"], obj["metadata"]["labels"], obj["spec"]


def objects(bench):
    return {o["metadata"]["name"]: content(o) for o in bench.kube.list("rayclusters", "default")}


def stored_as_old(bench, count):
    """So many objects, stored as v1alpha1; then v1 is stored, and one more object comes."""
    bench.put(old())
    bench.until(lambda: bench.kube.request("GET", "/apis/ray.io/v1alpha1/rayclusters"), "v1alpha1 is served")
    bench.kubectl("create", "-f", "-", stdin=yaml.safe_dump_all([cluster(f"c{i:03}", "v1alpha1") for i in range(count)]))
    bench.kubectl("replace", "-f", "-", stdin=json.dumps(old(stored="v1")))
    bench.kubectl("create", "-f", "-", stdin=json.dumps(cluster("new", "v1")))
    assert bench.live("rayclusters.ray.io")["status"]["storedVersions"] == ["v1alpha1", "v1"]
    return objects(bench)


def over(bench, before):
    """Only v1 is left, and every object can still be read: what is stored in a version that is gone cannot."""
    crd = bench.live("rayclusters.ray.io")
    assert crd["status"]["storedVersions"] == ["v1"]
    assert [(v["name"], v["served"], v["storage"]) for v in crd["spec"]["versions"]] == [("v1", True, True)]
    assert objects(bench) == before


def test_a_version_that_is_stored_is_not_dropped_without_a_word(bench):
    before = stored_as_old(bench, 3)
    crd = bench.live("rayclusters.ray.io")
    said = bench.crds("apply", "raycluster", "--force-conflicts", code=1)
    assert "v1alpha1" in said and "storedVersions" in said and "--migrate-storage" in said
    assert bench.live("rayclusters.ray.io") == crd and objects(bench) == before
    assert "may be stored as v1alpha1" in bench.crds("check", "raycluster")
    assert "  - version v1alpha1" in bench.crds("diff", "raycluster", code=1)


@pytest.mark.asan
def test_storage_is_migrated_and_the_version_dropped(bench):
    before = stored_as_old(bench, 5)
    said = bench.crds("apply", "raycluster", "--force-conflicts", "--migrate-storage")
    assert "6 objects stored as v1" in said and said.endswith("rayclusters.ray.io: changed\n")
    over(bench, before)
    assert bench.crds("apply", "raycluster", "--migrate-storage") == "rayclusters.ray.io: unchanged\n"


def test_storage_is_migrated_where_the_old_version_is_the_stored_one(bench):
    bench.put(old())
    bench.kubectl("create", "-f", "-", stdin=json.dumps(cluster("one", "v1")))
    before = objects(bench)
    bench.crds("apply", "raycluster", "--force-conflicts", "--migrate-storage")
    over(bench, before)


def test_a_migration_without_leave_of_the_other_manager_changes_nothing(bench):
    before = stored_as_old(bench, 1)
    crd = bench.live("rayclusters.ray.io")
    assert 'conflict with "kubectl' in bench.crds("apply", "raycluster", "--migrate-storage", code=1)
    assert bench.live("rayclusters.ray.io") == crd and objects(bench) == before


@pytest.mark.parametrize("page", [1, 2])
def test_a_migration_that_is_killed_is_taken_up_by_the_next(bench, page):
    before = stored_as_old(bench, 450)
    child = bench.start("apply", "raycluster", "--force-conflicts", "--migrate-storage")
    lines = [child.stdout.readline() for _ in range(page)]
    assert f"{200 * page} objects stored as v1, about {451 - 200 * page} to go" in lines[-1], lines
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=BOUND_S)
    assert bench.live("rayclusters.ray.io")["status"]["storedVersions"] == ["v1alpha1", "v1"] and objects(bench) == before
    bench.crds("apply", "raycluster", "--force-conflicts", "--migrate-storage")
    over(bench, before)


def test_an_object_that_cannot_be_stored_keeps_the_old_version(bench):
    before = stored_as_old(bench, 2)
    policy, binding = "rk-frozen", "rk-frozen"
    api = "/apis/admissionregistration.k8s.io/v1"
    bench.kube.request("POST", f"{api}/validatingadmissionpolicies", {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": policy}, "spec": {
            "failurePolicy": "Fail", "validations": [{"expression": "object.metadata.name != 'c001'", "message": "it is frozen"}],
            "matchConstraints": {"resourceRules": [{"apiGroups": ["ray.io"], "apiVersions": ["*"], "resources": ["rayclusters"], "operations": ["UPDATE"]}]}}})
    bench.kube.request("POST", f"{api}/validatingadmissionpolicybindings", {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": binding},
        "spec": {"policyName": policy, "validationActions": ["Deny"]}})

    def frozen():
        try:
            bench.kube.request("PATCH", "/apis/ray.io/v1/namespaces/default/rayclusters/c001", {"metadata": {"annotations": {"a": "b"}}},
                               "application/merge-patch+json", {"dryRun": "All"})
        except ApiError as e:
            return "frozen" in str(e)
        return False

    try:
        bench.until(frozen, "the policy is in force")
        said = bench.crds("apply", "raycluster", "--force-conflicts", "--migrate-storage", code=1)
        assert "default/c001" in said and "it is frozen" in said and "1 objects could not be stored again" in said
        assert bench.live("rayclusters.ray.io")["status"]["storedVersions"] == ["v1alpha1", "v1"] and objects(bench) == before
    finally:
        bench.kube.request("DELETE", f"{api}/validatingadmissionpolicybindings/{binding}")
        bench.kube.request("DELETE", f"{api}/validatingadmissionpolicies/{policy}")
    bench.until(lambda: not frozen(), "the policy is gone")
    bench.crds("apply", "raycluster", "--force-conflicts", "--migrate-storage")
    over(bench, before)


# ---- what may go wrong

def test_whoever_may_not_read_definitions_is_told_so(bench, tmp_path):
    bench.kube.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody", "namespace": "default"}}, "default")
    path = tmp_path / "nobody.kubeconfig"
    subprocess.run([CP, "serviceaccount", bench.folder, "default", "nobody", "--out", path], check=True, stdout=sys.stderr)
    for action in ("check", "diff", "apply"):
        said = bench.crds(action, "rayjob", code=1, kubeconfig=path)
        assert "rayjobs.ray.io: " in said and "forbidden" in said and "https://" in said, said


def test_a_definition_that_is_never_served_is_told_with_its_reason(bench):
    theirs = copy.deepcopy(OURS["raycronjobs.ray.io"])
    theirs["metadata"]["name"] = "others.ray.io"
    theirs["spec"]["names"].update(plural="others", singular="other", listKind="OtherList")
    bench.put(theirs)
    said = bench.crds("apply", "raycronjob", "--timeout", "2s", code=1)
    assert "not served after 2 s" in said and "RayCronJob" in said, said
