"""`raykeeper crds` against a real API server: what is created, changed, left alone and refused, what a cluster lacks, and how a version goes that
objects are stored in. A control plane of this file's own. Our definitions are large, and an API server takes seconds for each: the first test has
them, the others a small one each, in a folder of its own."""
import copy
import json
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
OURS = [f"{name}.ray.io" for name in ("rayclusters", "raycronjobs", "rayjobs", "rayservices")]
KIND = "customresourcedefinitions"
GROUP = "rk.example.io"
API = f"/apis/{GROUP}"
BOUND_S = 120
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def definition(plural):
    """Of a kind with a list, a map and what a pod template would be."""
    fields = {"size": NUMBER, "mode": TEXT, "pod": {"type": "object", "properties": {"image": TEXT, "shell": TEXT}},
              "groups": {"type": "array", "items": {"type": "object", "properties": {"hosts": NUMBER, "name": TEXT}}},
              "names": {"type": "object", "additionalProperties": {"type": "object", "properties": {"a": TEXT}}}}
    root = {"spec": {"type": "object", "properties": fields}, "status": {"type": "object", "properties": {"ready": NUMBER}}}
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": {"type": "object", "properties": root}},
               "additionalPrinterColumns": [{"name": "size", "type": "integer", "jsonPath": ".spec.size"}]}
    kind = plural.capitalize()
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.{GROUP}"},
            "spec": {"group": GROUP, "scope": "Namespaced", "names": {"plural": plural, "singular": kind[:-1].lower(), "kind": kind, "listKind": f"{kind}List"},
                     "versions": [version]}}


NEEDS = ["spec", "spec.size", "spec.mode", "spec.pod", "spec.groups", "spec.groups[].hosts", "spec.groups[].name", "spec.names", "spec.names.*.a", "status",
         "status.ready"]


class Plane:
    def __init__(self, folder):
        self.folder = folder
        self.admin = folder / "kubeconfig"
        self.kube = Kube(self.admin)
        self.count = 0

    def kubectl(self, *args, stdin=None):
        done = subprocess.run([CP, "kubectl", self.folder, *args], input=stdin, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def until(self, look, what):
        """Nothing tells what an API server serves: it is asked."""
        for _ in range(1200):
            try:
                if look():
                    return
            except ApiError as e:
                if e.code not in (404, 429, 503):
                    raise
            select.select([], [], [], 0.1)
        raise AssertionError(f"never: {what}")


class Bench:
    """One kind, which no other test has, and a folder with its definition."""

    def __init__(self, plane, folder):
        plane.count += 1
        self.plane, self.kube, self.kubectl, self.until, self.folder = plane, plane.kube, plane.kubectl, plane.until, folder
        self.plural = f"thing{'abcdefghijklmnopqrstuvwxyz'[plane.count]}s"
        self.name = f"{self.plural}.{GROUP}"
        self.ours = definition(self.plural)
        self.write(self.ours)
        (folder / "fields").mkdir()
        (folder / "fields" / f"{self.name}.txt").write_text("# made here\n" + "".join(f"{path}\n" for path in NEEDS))

    def write(self, doc, below=""):
        (self.folder / below).mkdir(exist_ok=True)
        (self.folder / below / f"{doc['metadata']['name']}.yaml").write_text(yaml.safe_dump(doc))

    def start(self, *args, kubeconfig=None, path=None):
        return subprocess.Popen([binary(), "crds", *args, "--kubeconfig", kubeconfig or self.plane.admin, "--set", f"crds.path={path or self.folder}"],
                                text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def crds(self, *args, code=0, **how):
        child = self.start(*args, **how)
        out, err = child.communicate(timeout=BOUND_S)
        assert not any(word in err for word in SANITIZER), err
        assert child.returncode == code, f"{args}: {child.returncode}\n{out}{err}"
        return out + err

    def live(self, name=None):
        return self.kube.find(KIND, None, name or self.name)

    def theirs(self):
        """Ours, to be changed into somebody else's; and its properties."""
        doc = copy.deepcopy(self.ours)
        return doc, doc["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]

    def put(self, doc):
        """As an install of somebody else: created by kubectl, who owns it then."""
        self.kubectl("create", "-f", "-", stdin=json.dumps(doc))
        self.until(lambda: any(c["type"] == "Established" and c["status"] == "True"
                               for c in self.live(doc["metadata"]["name"]).get("status", {}).get("conditions") or []), "established")


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crds") / "cp"
    subprocess.run([CP, "up", folder], check=True, stdout=sys.stderr)
    yield Plane(folder)
    subprocess.run([CP, "down", folder, "--wipe"], check=True, stdout=sys.stderr)


@pytest.fixture
def bench(plane, tmp_path):
    folder = tmp_path / "crd"
    folder.mkdir()
    return Bench(plane, folder)


@pytest.mark.asan
def test_what_is_missing_is_created_and_then_left_alone(bench):
    folder = ROOT / "config" / "crd"
    assert bench.crds("check", path=folder, code=1).splitlines() == [f"{name}: is not there" for name in OURS]
    assert bench.crds("apply", path=folder).splitlines() == [f"{name}: created" for name in OURS]
    before = [bench.live(name) for name in OURS]
    for crd in before:
        assert {c["type"]: c["status"] for c in crd["status"]["conditions"]}["Established"] == "True"
        assert [(m["manager"], m["operation"]) for m in crd["metadata"]["managedFields"] if "f:spec" in m["fieldsV1"]] == [("raykeeper", "Apply")]
    assert bench.crds("apply", path=folder).splitlines() == [f"{name}: unchanged" for name in OURS]
    assert [bench.live(name)["spec"] for name in OURS] == [c["spec"] for c in before]
    assert bench.crds("check", path=folder).splitlines() == [f"{name}: has all that is needed" for name in OURS]
    assert bench.crds("diff", path=folder) == ""
    assert bench.crds("apply", "rayclusters.cluster.ray.io", path=folder) == "rayclusters.cluster.ray.io: created\n"


def test_only_what_is_named_is_applied_and_what_lies_below_by_its_full_name(bench):
    other, apart = definition("others"), definition("aparts")
    bench.write(other)
    bench.write(apart, "below")
    assert bench.crds("apply", bench.plural) == f"{bench.name}: created\n"
    assert bench.live(other["metadata"]["name"]) is None
    assert bench.crds("apply").splitlines() == [f"others.{GROUP}: created", f"{bench.name}: unchanged"]
    assert bench.crds("apply", f"aparts.{GROUP}") == f"aparts.{GROUP}: created\n"


@pytest.mark.asan
def test_a_field_of_another_manager_is_named_and_taken_over_only_when_asked(bench):
    doc, fields = bench.theirs()
    del fields["status"]["properties"]["ready"]
    bench.put(doc)
    bench.write(definition("tops"))
    before = bench.live()
    said = bench.crds("apply", code=1)
    assert 'conflict with "kubectl-create"' in said and ".spec.versions" in said and "--force-conflicts" in said
    assert bench.live() == before
    assert f"tops.{GROUP}: created" in said, "one that fails stops no other"
    assert f"{bench.name}: changed" in bench.crds("apply", "--force-conflicts")
    assert bench.live()["spec"]["versions"] == bench.ours["spec"]["versions"]
    assert bench.crds("apply", bench.plural) == f"{bench.name}: unchanged\n"


@pytest.mark.asan
def test_what_a_cluster_lacks_is_told_by_path(bench):
    doc, fields = bench.theirs()
    spec = fields["spec"]["properties"]
    del spec["mode"], spec["groups"]["items"]["properties"]["hosts"], spec["names"]["additionalProperties"]["properties"]["a"], spec["pod"]["properties"]["shell"]
    del fields["status"]
    bench.put(doc)
    assert bench.crds("check", code=1).splitlines() == [
        *(f"{bench.name}: v1 lacks {path}" for path in ("spec.groups[].hosts", "spec.mode", "spec.names.*.a", "status")),
        f"{bench.name}: drops 1 fields of Kubernetes' own types that this version's definition keeps"]


def test_what_only_leads_to_a_needed_field_is_told_when_it_is_lacking(bench):
    """A map without its values, and a parent that the list of fields does not name."""
    (bench.folder / "fields" / f"{bench.name}.txt").write_text("spec.names.*.a\nspec.groups[].hosts\n")
    doc, fields = bench.theirs()
    del fields["spec"]["properties"]["names"]["additionalProperties"], fields["spec"]["properties"]["groups"]
    bench.put(doc)
    assert bench.crds("check", code=1).splitlines() == [f"{bench.name}: v1 lacks {path}" for path in ("spec.groups", "spec.names.*")]


def test_a_version_that_is_not_served_is_told(bench):
    doc, _ = bench.theirs()
    doc["spec"]["versions"][0]["name"] = "v2"
    bench.put(doc)
    assert bench.crds("check", code=1).splitlines() == [f"{bench.name}: v1 is not served",
                                                        f"{bench.name}: objects may be stored as v2: apply will want --migrate-storage"]


def test_fields_that_are_not_needed_and_what_keeps_every_field_are_no_lack(bench):
    doc, fields = bench.theirs()
    del fields["spec"]["properties"]["pod"]["properties"]["shell"]
    fields["status"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    bench.put(doc)
    assert f"{bench.name}: has all that is needed" in bench.crds("check")


@pytest.mark.asan
def test_a_difference_is_told_by_path(bench):
    doc, fields = bench.theirs()
    bench.ours["spec"]["names"]["categories"] = ["all"]
    bench.write(bench.ours)
    doc["spec"]["versions"][0]["additionalPrinterColumns"][0]["name"] = "other"
    spec = fields["spec"]["properties"]
    spec["extra"] = TEXT
    spec["mode"] = NUMBER
    del spec["groups"]["items"]["properties"]["hosts"]
    bench.put(doc)
    lines = bench.crds("diff", code=1).splitlines()
    assert lines[0] == bench.name
    assert any(line.startswith("  ~ names: {") and '"all"' in line for line in lines), lines
    assert any(line.startswith("  ~ v1 additionalPrinterColumns: ") for line in lines)
    assert '  ~ v1 spec.mode: type: "integer" -> "string"' in lines
    assert "  + v1 spec.groups[].hosts" in lines and "  - v1 spec.extra" in lines
    assert len(lines) == 6, lines


def test_a_definition_that_is_not_there_is_a_difference(bench):
    assert bench.crds("diff", code=1) == f"{bench.name}\n  + the definition\n"


# ---- versions that objects are stored in

def old(bench, stored="v1alpha1"):
    """As old installs have it: two versions that are served, one of them stored."""
    doc, _ = bench.theirs()
    first = copy.deepcopy(doc["spec"]["versions"][0])
    first["name"] = "v1alpha1"
    doc["spec"]["versions"].append(first)
    for version in doc["spec"]["versions"]:
        version["storage"] = version["name"] == stored
    return doc


def thing(bench, name, version):
    return {"apiVersion": f"{GROUP}/{version}", "kind": bench.ours["spec"]["names"]["kind"], "metadata": {
        "name": name, "namespace": "default", "labels": {"n": name}}, "spec": {"size": 3, "groups": [{"hosts": 2}]}}


def objects(bench):
    """All of them, once the API server has taken up what was done to the definition."""
    found = []
    bench.until(lambda: found.append(bench.kube.request("GET", f"{API}/v1/{bench.plural}")["items"]) or True, "v1 is served")
    return {o["metadata"]["name"]: (o["metadata"]["uid"], o["metadata"]["generation"], o["metadata"]["labels"], o["spec"]) for o in found[-1]}


def stored_as_old(bench, count):
    """So many objects, stored as v1alpha1; then v1 is stored, and one more object comes."""
    bench.put(old(bench))
    bench.until(lambda: bench.kube.request("GET", f"{API}/v1alpha1/{bench.plural}"), "v1alpha1 is served")
    bench.kubectl("create", "-f", "-", stdin=yaml.safe_dump_all([thing(bench, f"c{i:03}", "v1alpha1") for i in range(count)]))
    bench.kubectl("replace", "-f", "-", stdin=json.dumps(old(bench, "v1")))
    bench.kubectl("create", "-f", "-", stdin=json.dumps(thing(bench, "new", "v1")))
    assert bench.live()["status"]["storedVersions"] == ["v1alpha1", "v1"]
    return objects(bench)


def over(bench, before):
    """Only v1 is left, and every object can still be read: what is stored in a version that is gone cannot."""
    crd = bench.live()
    assert crd["status"]["storedVersions"] == ["v1"]
    assert [(v["name"], v["served"], v["storage"]) for v in crd["spec"]["versions"]] == [("v1", True, True)]
    assert objects(bench) == before


def test_a_version_that_is_stored_is_not_dropped_without_a_word(bench):
    before = stored_as_old(bench, 3)
    crd = bench.live()
    said = bench.crds("apply", "--force-conflicts", code=1)
    assert "v1alpha1" in said and "storedVersions" in said and "--migrate-storage" in said
    assert bench.live() == crd and objects(bench) == before
    assert "may be stored as v1alpha1" in bench.crds("check")
    assert "  - version v1alpha1" in bench.crds("diff", code=1)


@pytest.mark.asan
def test_storage_is_migrated_and_the_version_dropped(bench):
    before = stored_as_old(bench, 5)
    said = bench.crds("apply", "--force-conflicts", "--migrate-storage")
    assert "6 objects stored as v1" in said and said.endswith(f"{bench.name}: changed\n")
    over(bench, before)
    assert bench.crds("apply", "--migrate-storage") == f"{bench.name}: unchanged\n"


def test_storage_is_migrated_where_the_old_version_is_the_stored_one(bench):
    bench.put(old(bench))
    bench.kubectl("create", "-f", "-", stdin=json.dumps(thing(bench, "one", "v1")))
    before = objects(bench)
    bench.crds("apply", "--force-conflicts", "--migrate-storage")
    over(bench, before)


def test_a_migration_without_leave_of_the_other_manager_changes_nothing(bench):
    before = stored_as_old(bench, 1)
    crd = bench.live()
    assert 'conflict with "kubectl' in bench.crds("apply", "--migrate-storage", code=1)
    assert bench.live() == crd and objects(bench) == before


def test_a_migration_that_is_killed_is_taken_up_by_the_next(bench):
    before = stored_as_old(bench, 250)
    child = bench.start("apply", "--force-conflicts", "--migrate-storage")
    line = child.stdout.readline()
    assert "200 objects stored as v1, about 51 to go" in line, line
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=BOUND_S)
    assert bench.live()["status"]["storedVersions"] == ["v1alpha1", "v1"] and objects(bench) == before
    bench.crds("apply", "--force-conflicts", "--migrate-storage")
    over(bench, before)


@pytest.mark.parametrize("reason", ["Invalid", "Forbidden"])
def test_an_object_that_cannot_be_stored_keeps_the_old_version(bench, reason):
    """A 403 for one object, as most admission webhooks say no, is no lack of rights: the others are stored."""
    before = stored_as_old(bench, 2)
    policy = binding = f"rk-frozen-{reason.lower()}"
    api = "/apis/admissionregistration.k8s.io/v1"
    bench.kube.request("POST", f"{api}/validatingadmissionpolicies", {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": policy}, "spec": {
            "failurePolicy": "Fail", "validations": [{"expression": "object.metadata.name != 'c000'", "message": "it is frozen", "reason": reason}],
            "matchConstraints": {"resourceRules": [{"apiGroups": [GROUP], "apiVersions": ["*"], "resources": [bench.plural], "operations": ["UPDATE"]}]}}})
    bench.kube.request("POST", f"{api}/validatingadmissionpolicybindings", {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": binding},
        "spec": {"policyName": policy, "validationActions": ["Deny"]}})

    def frozen():
        try:
            bench.kube.request("PATCH", f"{API}/v1/namespaces/default/{bench.plural}/c000", {"metadata": {"annotations": {"a": "b"}}},
                               "application/merge-patch+json", {"dryRun": "All"})
        except ApiError as e:
            return "frozen" in str(e)
        return False

    try:
        bench.until(frozen, "the policy is in force")
        said = bench.crds("apply", "--force-conflicts", "--migrate-storage", code=1)
        assert "2 objects stored as v1" in said, said
        assert "default/c000" in said and "it is frozen" in said and "1 objects could not be stored again" in said
        assert bench.live()["status"]["storedVersions"] == ["v1alpha1", "v1"] and objects(bench) == before
    finally:
        bench.kube.request("DELETE", f"{api}/validatingadmissionpolicybindings/{binding}")
        bench.kube.request("DELETE", f"{api}/validatingadmissionpolicies/{policy}")
    bench.until(lambda: not frozen(), "the policy is gone")
    bench.crds("apply", "--force-conflicts", "--migrate-storage")
    over(bench, before)


def test_without_the_right_to_patch_a_migration_ends_at_the_first_object(bench, tmp_path):
    before = stored_as_old(bench, 2)
    bench.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all([
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader", "namespace": "default"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "rk-reader"}, "rules": [
            {"apiGroups": ["apiextensions.k8s.io"], "resources": [KIND, f"{KIND}/status"], "verbs": ["get", "patch"]},
            {"apiGroups": [GROUP], "resources": [bench.plural], "verbs": ["list"]}]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "rk-reader"},
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "rk-reader"},
         "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": "default"}]}]))
    path = tmp_path / "reader.kubeconfig"
    subprocess.run([CP, "serviceaccount", bench.plane.folder, "default", "reader", "--out", path], check=True, stdout=sys.stderr)
    said = bench.crds("apply", "--force-conflicts", "--migrate-storage", code=1, kubeconfig=path)
    assert "default/c000" in said and "cannot patch" in said and "c001" not in said and "0 objects stored" in said, said
    assert bench.live()["status"]["storedVersions"] == ["v1alpha1", "v1"] and objects(bench) == before


# ---- what may go wrong

def test_whoever_may_not_read_definitions_is_told_so(bench, tmp_path):
    bench.kube.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody", "namespace": "default"}}, "default")
    path = tmp_path / "nobody.kubeconfig"
    subprocess.run([CP, "serviceaccount", bench.plane.folder, "default", "nobody", "--out", path], check=True, stdout=sys.stderr)
    for action in ("check", "diff", "apply"):
        said = bench.crds(action, code=1, kubeconfig=path)
        assert f"{bench.name}: " in said and "forbidden" in said and "https://" in said, said


def test_a_definition_that_is_never_served_is_told_with_its_reason(bench):
    other, _ = bench.theirs()
    other["metadata"]["name"] = f"twins.{GROUP}"
    other["spec"]["names"].update(plural="twins", singular="twin")
    bench.put(other)
    said = bench.crds("apply", "--timeout", "2s", code=1)
    assert "not served after 2 s" in said and bench.ours["spec"]["names"]["kind"] in said, said
