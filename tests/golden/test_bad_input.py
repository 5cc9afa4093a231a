"""`render` and input that nobody should write but somebody will: each is told with file and line or path and a reason, exit status 1,
nothing crashes, nothing takes for ever, and what is well in the same file is rendered."""
import copy
import json
import re

import pytest
import yaml

from renderer import NOW, render, run, stable

pytestmark = pytest.mark.asan


def cr(name="c", **spec):
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": name},
            "spec": {"headGroupSpec": {"template": {"spec": {"containers": [{"name": "ray", "image": "i"}]}}}, **spec}}


def group(name="g", **fields):
    return {"groupName": name, "template": {"spec": {"containers": [{"name": "ray", "image": "i"}]}}, **fields}


def stream(objects):
    """A document a line pair: the n-th object begins at line 2n+1."""
    return "".join(f"---\n{json.dumps(obj)}\n" for obj in objects)


@pytest.fixture
def told(tmp_path):
    """Renders a text as a file and gives what is said of it, behind the file's name; checks what holds for all complaints."""
    def check(text, name="in.yaml"):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        done = run("render", *NOW, file)
        assert done.returncode == 1, (done.returncode, done.stdout[:200], done.stderr)
        assert done.stderr.startswith(str(file)), done.stderr
        return done.stderr[len(str(file)):]
    return check


# What is no YAML, no JSON or not allowed of them: text, then line:column and reason.
UNREADABLE = {
    "an unclosed mapping": ("apiVersion: v1\nmetadata: {name: a\nspec: {}\n", ":3:5", "did not find expected ',' or '}'"),
    "a tab for indentation": ("spec:\n\tx: 1\n", ":2:1", "cannot start any token"),
    "bad indentation": ("a:\n  b: 1\n c: 2\n", ":3:2", "expected"),
    "an unclosed quote": ('a: "x\n', ":2:1", "quoted scalar"),
    "json cut off": ('{"apiVersion": "ray.io/v1", "kind": "Ra\n', ":1:", "string"),
    "json without its end": ('{"a": {"b": 1}\n', ":", "expected"),
    "a key twice": ("apiVersion: v1\nmetadata: {name: a}\nmetadata: {name: b}\n", ":3:1", 'key "metadata" is there twice'),
    "a key twice in json": ('{"metadata": {"name": "a",\n"name": "b"}}', ":2:", 'duplicate key "name"'),
    "a key twice in flow style": ("metadata: {name: a, name: b}\n", ":1:", 'key "name" is there twice'),
    "a list as a key": ("? [a]\n: b\n", ":1:3", "a sequence as a key"),
    "an alias without an anchor": ("a: *nope\n", ":1:4", 'no anchor "nope"'),
    "an anchor in itself": ("a: &a [*a]\n", ":1:8", "contains itself"),
    "a tag": ("a: !!binary aGk=\n", ":1:4", "not supported"),
    "another version of yaml": ("%YAML 3.0\n---\na: 1\n", ":1:1", "incompatible"),
    "bytes that are no utf-8": (b"a: \xff\xfe\n", ":1:4", "UTF-8"),
    "bytes that are no utf-8 in json": (b'{"a": "\xff"}', ":1:8", "UTF-8"),
    "a zero byte": (b'a: "x\x00y"\n', ":1:6", "not allowed"),
    "a zero in a string": ('{"a": "\\u0000"}', ":1:8", "\\u0000"),
    "lists a thousand deep": ("a: " + "[" * 1000 + "]" * 1000 + "\n", ":1:67", "nested deeper than 64"),
    "lists a million deep": ("a: " + "[" * 1_000_000 + "\n", ":1:67", "nested deeper than 64"),
    "objects a thousand deep in json": ('{"a":' * 1000 + "1" + "}" * 1000, ":1:641", "nested deeper than 128"),
    "blocks a thousand deep": ("\n".join("  " * i + "a:" for i in range(1000)) + "\n", ":6", "nested deeper than 64"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable(told, name):
    text, where, why = UNREADABLE[name]
    answer = told(text)
    assert answer.startswith(where), answer
    assert why in answer, answer


def test_a_billion_laughs_are_not_laughed(told):
    lines = ["a: &a [x,x,x,x,x,x,x,x,x,x]"] + [f"{b}: &{b} [{','.join(['*' + a] * 10)}]" for a, b in zip("abcdefgh", "bcdefghi")]
    answer = told("\n".join(lines) + "\n")
    assert re.match(r":\d+:\d+: aliases expand to more than", answer), answer


NO_OBJECTS = {"text": "just text\n", "a number": "7\n", "nothing": "~\n", "a list": "- a\n- b\n", "a json list": "[1, 2]\n", "an empty object": "{}\n",
              "no apiVersion": "kind: RayCluster\n", "no kind": "apiVersion: ray.io/v1\n", "a list for the kind": "apiVersion: ray.io/v1\nkind: [a]\n"}


@pytest.mark.parametrize("name", NO_OBJECTS)
def test_is_no_object(told, name):
    assert told(NO_OBJECTS[name]).startswith(":1: not a Kubernetes object: apiVersion and kind are needed")


@pytest.mark.parametrize("metadata", [{}, {"name": ""}, {"name": 5}, {"name": None}, "x", [], None])
def test_has_no_name(told, metadata):
    assert told(json.dumps({**cr(), "metadata": metadata})).startswith(":1: /metadata/name: a name is needed")


def test_a_missing_file(tmp_path):
    done = run("render", tmp_path / "none.yaml")
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path}/none.yaml: No such file or directory\n"


def test_a_directory(tmp_path):
    done = run("render", tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path}: cannot be read\n"


@pytest.mark.parametrize("text", ["", "\n\n", "# a comment\n", "---\n---\n"], ids=["nothing", "lines", "comment", "separators"])
def test_an_empty_file_renders_nothing_and_says_so(tmp_path, text):
    file = tmp_path / "empty.yaml"
    file.write_text(text)
    done = run("render", file)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{file}: no object of a kind that the loaded plugins serve\n")


def test_a_file_beyond_the_limit(tmp_path):
    file = tmp_path / "big.yaml"
    file.write_text("#" * (17 << 20))
    done = run("render", file)
    assert (done.returncode, done.stderr) == (1, f"{file}: larger than 16 MiB\n")


def test_no_file_at_all():
    assert run("render").returncode == 2


def test_what_is_well_is_rendered_beside_what_is_not(tmp_path):
    file = tmp_path / "mixed.yaml"
    file.write_text(stream([cr("good"), {**cr("bad"), "spec": 3}, {"kind": "x"}, cr("also-good")]))
    done = run("render", *NOW, file, tmp_path / "missing.yaml")
    assert done.returncode == 1
    owners = [doc["metadata"]["ownerReferences"][0]["name"] for doc in yaml.safe_load_all(done.stdout)]
    assert owners == ["good", "good", "also-good", "also-good"]
    assert f"{file}:3: default/bad: " in done.stderr
    assert f"{file}:5: not a Kubernetes object" in done.stderr
    assert "missing.yaml: No such file" in done.stderr


# ---- names ----

LONGEST = {  # what, longest that is possible, object
    "the cluster's name": ("/metadata/name", 53, cr),
    "a group's name": ("/spec/workerGroupSpecs/0/groupName", 63, lambda name: cr(workerGroupSpecs=[group(name)])),
    "the service's name": ("/spec/headGroupSpec/headService/metadata/name", 63, lambda name: with_head(headService={"metadata": {"name": name}})),
    "the namespace": ("/metadata/namespace", 63, lambda name: {**cr(), "metadata": {"name": "c", "namespace": name}}),
    "a label's value": ("/spec/headGroupSpec/labels/a", 63, lambda name: with_head(labels={"a": name})),
}


def with_head(**fields):
    body = cr()
    body["spec"]["headGroupSpec"].update(fields)
    return body


@pytest.mark.parametrize("what", LONGEST)
def test_names_at_and_over_the_limit(told, tmp_path, what):
    path, most, make = LONGEST[what]
    fits = tmp_path / "fits.yaml"
    fits.write_text(json.dumps(make("a" * most)))
    done = run("render", *NOW, fits)
    assert done.returncode == 0, done.stderr
    answer = told(json.dumps(make("a" * (most + 1))))
    assert f" {path}: " in answer and f"{most + 1} characters" in answer, answer


@pytest.mark.parametrize("name", ["A", "1a", "-a", "a-", "a_b", "a.b", "a b", "ä", "a/b", "a\nb"])
def test_names_that_are_none(told, name):
    assert " /metadata/name: " in told(json.dumps(cr(name)))


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a/b", "é", "headgroup"])
def test_groups_that_cannot_be_called_so(told, name):
    assert " /spec/workerGroupSpecs/1/groupName: " in told(json.dumps(cr(workerGroupSpecs=[group("ok"), group(name)])))


def test_two_groups_of_one_name(told):
    answer = told(json.dumps(cr(workerGroupSpecs=[group("a"), group("b"), group("a")])))
    assert " /spec/workerGroupSpecs/2/groupName: 'a' is the name of two groups" in answer


@pytest.mark.parametrize("key", ["-a", "a/", "/a", "a/b/c", "a b", "B.example/a", "a" * 64, "a." * 127 + "/x"])
def test_labels_that_are_none(told, key):
    where = "/spec/headGroupSpec/labels/" + key.replace("/", "~1")
    assert f" {where}: the key " in told(json.dumps(with_head(labels={key: "v"})))


# ---- amounts ----

BAD_AMOUNTS = ["", " 1", "1 Gi", "1GiB", "1Zi", "1K", "NaN", "inf", "0x10", ".", "+", "-", "1e", "1Ki1", "--1", "\u0661", "1,5", "-1", "-1m", True, [], {}, "x" * 5000]


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=lambda amount: repr(amount)[:20])
@pytest.mark.parametrize("kind", ["limits", "requests"])
def test_amounts_that_are_none(told, amount, kind):
    body = cr(workerGroupSpecs=[group()])
    body["spec"]["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["resources"] = {kind: {"memory": amount}}
    assert f" /spec/workerGroupSpecs/0/template/spec/containers/0/resources/{kind}/memory: " in told(json.dumps(body))


@pytest.mark.parametrize("amount, memory", [
    ("1e99999", 2**63 - 1), ("9" * 400, 2**63 - 1), ("9223372036854775807Ei", 2**63 - 1), ("1e1000000000000000000000", 2**63 - 1), ("0.0000000000001", 1),
    ("1.0000000000000000001", 2), ("9007199254740993", 9007199254740993), (9007199254740993, 9007199254740993), ("+1", 1), (".5", 1), ("5.", 5)],
    ids=lambda value: str(value)[:20])
def test_absurd_amounts_are_counted_without_a_slip(tmp_path, amount, memory):
    """As the API server has it: capped at the largest 64-bit number, rounded up, no float in between."""
    file = tmp_path / "in.json"
    body = cr()
    body["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"memory": amount}}
    file.write_text(json.dumps(body))
    done = run("render", *NOW, file)
    assert done.returncode == 0, done.stderr
    assert f" --memory={memory} " in done.stdout


BAD_COUNTS = {"replicas": [-1, 1.5, 2**31, 10**30, "1", True], "minReplicas": [-1, 0.1, 2**31], "maxReplicas": [-1, 2**31, -(2**63)], "numOfHosts": [0, -1, 2**31],
              "idleTimeoutSeconds": [-1, 1.5, 2**31]}


@pytest.mark.parametrize("field, value", [(field, value) for field, values in BAD_COUNTS.items() for value in values], ids=str)
def test_counts_that_are_none(told, field, value):
    assert f" /spec/workerGroupSpecs/0/{field}: " in told(json.dumps(cr(workerGroupSpecs=[group(**{field: value})])))


def test_a_suspended_group_with_the_autoscaler(told):
    """Without the autoscaler it is legal, whatever gates the peer has."""
    body = cr(enableInTreeAutoscaling=True, workerGroupSpecs=[group("a"), group("b", suspend=True)])
    assert " /spec/workerGroupSpecs/1/suspend: " in told(json.dumps(body))


def test_more_at_least_than_at_most(told):
    answer = told(json.dumps(cr(workerGroupSpecs=[group(minReplicas=3, maxReplicas=2)])))
    assert " /spec/workerGroupSpecs/0/minReplicas: 3 is more than maxReplicas 2" in answer


def test_two_billion_pods_are_a_slip_of_the_finger(told):
    answer = told(json.dumps(cr(workerGroupSpecs=[group("a", replicas=1), group("b", replicas=2**31 - 1, numOfHosts=2**31 - 1)])))
    assert " /spec/workerGroupSpecs/1/replicas: " in answer and "at most 20000" in answer, answer


def test_a_thousand_groups(tmp_path):
    file = tmp_path / "groups.json"
    file.write_text(json.dumps(cr(workerGroupSpecs=[group(f"g{i}", replicas=1) for i in range(1000)])))
    done = run("render", "-o", "json", *NOW, file)
    assert done.returncode == 0, done.stderr
    names = [obj["metadata"]["name"] for obj in json.loads(done.stdout) if obj["kind"] == "Pod"]
    assert len(names) == len(set(names)) == 1001


def test_a_thousand_ports_of_head_and_service(tmp_path):
    """The Service has the user's ports first, then the head's by name, each number and each name once."""
    spec = cr()["spec"]
    spec["headGroupSpec"]["template"]["spec"]["containers"][0]["ports"] = [
        {"containerPort": 2000 + i // 2, **({"name": f"p{i}"} if i % 2 else {})} for i in reversed(range(1000))]
    spec["headGroupSpec"]["headService"] = {"spec": {"ports": [
        *({"name": f"u{i}", "port": 2400 + i} for i in range(998)), {"name": "p1", "port": 1}, {"name": "udp", "port": 2001, "protocol": "UDP"}]}}
    file = tmp_path / "ports.json"
    file.write_text(json.dumps(cr(**spec)))
    service = next(obj for obj in render(file) if obj["kind"] == "Service")
    ports = service["spec"]["ports"]
    assert [port["name"] for port in ports[:1000]] == [*(f"u{i}" for i in range(998)), "p1", "udp"]
    # of two of one number the first by name: <number>-port before p<i>; 8080 is there already or comes as metrics
    assert [port["name"] for port in ports[1000:]] == ["2000-port", *sorted(f"{n}-port" for n in range(2001, 2400)), "metrics"]


# ---- wrong types ----

SCALER = {
    "version": "v2", "upscalingMode": "Default", "idleTimeoutSeconds": 60, "image": "i", "imagePullPolicy": "Always", "securityContext": {},
    "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}, "env": [{"name": "A", "value": "b"}], "envFrom": [{"prefix": "a"}],
    "volumeMounts": [{"name": "v", "mountPath": "/v"}], "command": ["a"], "args": ["b"]}
FULL = cr("m", rayVersion="2.56.0", managedBy="ray.io/kuberay-operator", suspend=False, enableInTreeAutoscaling=False, autoscalerOptions=SCALER,
          authOptions={"mode": "disabled", "secretName": "s", "enableK8sTokenAuth": False},
          historyServerOptions={"collectorOptions": {"image": "i", "imagePullPolicy": "Always", "resources": {}, "env": [{"name": "STORAGE_BACKEND", "value": "x"}]}},
          headServiceAnnotations={"a": "b"}, upgradeStrategy={"type": "None"}, workerGroupSpecs=[group(
              replicas=1, minReplicas=0, maxReplicas=3, numOfHosts=1, idleTimeoutSeconds=60, priority=1, suspend=False, rayStartParams={"p": "q"}, labels={"l": "m"},
              resources={"slots": "1"}, scaleStrategy={"workersToDelete": ["gone"]})])
FULL["metadata"].update(namespace="default", labels={"a": "b"}, annotations={"a": "b"})
FULL["spec"]["headGroupSpec"].update(
    serviceType="ClusterIP", rayStartParams={"port": "6379"}, labels={"l": "m"},
    headService={"metadata": {"name": "svc", "labels": {"a": "b"}, "annotations": {"a": "b"}}, "spec": {"ports": [{"name": "p", "port": 80}]}},
    template={"metadata": {"labels": {"a": "b"}, "annotations": {"a": "b"}}, "spec": {
        "restartPolicy": "Never", "serviceAccountName": "sa", "nodeSelector": {"a": "b"}, "affinity": {}, "tolerations": [{"key": "a"}],
        "volumes": [{"name": "v", "emptyDir": {}}], "initContainers": [{"name": "i", "image": "i", "env": [{"name": "A", "value": "b"}]}],
        "containers": [{
            "name": "ray", "image": "i", "imagePullPolicy": "Always", "command": ["a"], "args": ["b"], "env": [{"name": "A", "value": "b"}], "envFrom": [],
            "ports": [{"name": "p", "containerPort": 80, "protocol": "TCP"}], "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}, "livenessProbe": {}, "readinessProbe": {}, "lifecycle": {}, "securityContext": {}}]}})
VALUES = [None, 7, -1.5, "x", "", True, [], {}, [[None]], {"a": {"b": [1]}}]
# Not read by us, only passed on: the API server judges them.
PASSED_ON = re.compile(r"/(volumes|tolerations|envFrom)/0/(emptyDir|key|prefix)$|/headService/(metadata/(labels|annotations)/a|spec/ports/0/(name|port))$|/ports/0/protocol$"
                       r"|/headService/spec$")


def places(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def put(body, path, value):
    body = copy.deepcopy(body)
    at = body
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return body


def kind_of(value):
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


# Without the one, the other has no meaning: the complaint may be about either.
NEEDED_FOR = {("rayVersion",): "priority", ("autoscalerOptions",): "idleTimeoutSeconds", ("autoscalerOptions", "version"): "idleTimeoutSeconds"}


def related(told_path, path):
    """The complaint names the place, something in it, something that it lies in, or what needs it."""
    if told_path == f"/spec/workerGroupSpecs/0/{NEEDED_FOR.get(tuple(path[1:]))}":
        return True
    a, b = told_path.strip("/").split("/"), [str(step) for step in path]
    return all(x == y for x, y in zip(a, b))


@pytest.mark.parametrize("policy, where", [("on", ""), (True, ""), ({"mode": 7}, "/mode")])
def test_a_network_policy_of_another_type(told, policy, where):
    assert f" /spec/networkPolicy{where} is " in told(json.dumps(cr(networkPolicy=policy)))


PER_FILE = 200  # a YAML file may have 100,000 values


def test_a_wrong_type_anywhere_is_told_with_its_path(tmp_path):
    paths = [path for path in places(FULL) if len(path) > 1 or path == ("spec",)]
    cases = [(path, value) for path in paths for value in VALUES if path != ("metadata", "name")]
    files = []
    for first in range(0, len(cases), PER_FILE):
        files.append(tmp_path / f"{first}.yaml")
        files[-1].write_text(stream(put(FULL, path, value) for path, value in cases[first:first + PER_FILE]))
    done = run("render", "-o", "json", *NOW, *files)
    assert done.returncode == 1
    complaints = {}
    for first, line, text in re.findall(rf"(?m)^{re.escape(str(tmp_path))}/(\d+)\.yaml:(\d+): (.*)$", done.stderr):
        complaints.setdefault(int(first) + (int(line) - 1) // 2, []).append(text)
    original = {path: kind_of(value) for path, value in ((path, at(FULL, path)) for path in paths)}
    bad = []
    for i, (path, value) in enumerate(cases):
        pointer = "/" + "/".join(map(str, path))
        found = re.findall(r"(/(?:spec|metadata)[^ :;]*)", " ".join(complaints.get(i, [])))
        if i in complaints and not any(related(word, path) for word in found):
            bad.append(f"{pointer} = {value!r}: the complaint is about something else: {complaints[i][0]}")
        if i not in complaints and value is not None and kind_of(value) != original[path] and not PASSED_ON.search(pointer):
            quantity = "/resources/limits/" in pointer or "/resources/requests/" in pointer
            if not (quantity and value == 7):
                bad.append(f"{pointer} = {value!r}: not told")
    assert not bad, "\n".join(bad)


def at(body, path):
    for step in path:
        body = body[step]
    return body


# ---- nobody validates ----

MAPS = ["authOptions", "historyServerOptions", "historyServerOptions/collectorOptions", "historyServerOptions/collectorOptions/env",
        "autoscalerOptions", "autoscalerOptions/env", "autoscalerOptions/envFrom", "autoscalerOptions/volumeMounts", "autoscalerOptions/resources",
        "autoscalerOptions/command", "autoscalerOptions/version", "headGroupSpec/template/spec/containers/0/volumeMounts",
        "headGroupSpec/template/spec/containers/0/lifecycle", "headServiceAnnotations", "headGroupSpec/labels", "headGroupSpec/resources", "headGroupSpec/rayStartParams", "headGroupSpec/headService",
        "headGroupSpec/headService/metadata/labels", "headGroupSpec/headService/spec", "headGroupSpec/template/metadata", "headGroupSpec/template/metadata/labels",
        "headGroupSpec/template/spec/containers/0/resources/limits", "workerGroupSpecs/0/labels", "workerGroupSpecs/0/scaleStrategy"]


def with_value(path, value):
    obj = cr(f"c{abs(hash(path)) % 10**6}", enableInTreeAutoscaling=True, autoscalerOptions={}, historyServerOptions={"collectorOptions": {}},
             workerGroupSpecs=[group(replicas=1, labels={}, scaleStrategy={})])
    obj["spec"]["headGroupSpec"].update(headService={"metadata": {"labels": {}}, "spec": {}})
    obj["spec"]["headGroupSpec"]["template"]["metadata"] = {"labels": {}}
    obj["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {}}
    *way, last = path.split("/")
    at = obj["spec"]
    for word in way:
        at = at[int(word)] if isinstance(at, list) else at[word]
    at[last] = value
    return obj


def test_without_its_validation_nothing_crashes(tmp_path):
    """`raycluster` judges the types; the other plugins get them unjudged when it is switched off."""
    values = [["a"], [{"a": 1}], [None], "x", 7, None, {"": None}, {"a": {"b": []}}]
    file = tmp_path / "all.json"
    file.write_text(stream(with_value(path, value) for path in MAPS for value in values))
    done = run("render", *NOW, "--set", "plugins.disable=raycluster", "--set", "plugin:prestop.enabled=true",
               "--set", "plugin:site.labels=a=b", "--set", "plugin:site.security-context=restricted", file)
    assert "kind: Pod" in done.stdout


NULLS = ["authOptions", "historyServerOptions", "enableInTreeAutoscaling", "autoscalerOptions", "autoscalerOptions/resources", "autoscalerOptions/env", "autoscalerOptions/version",
         "workerGroupSpecs/0/idleTimeoutSeconds", "workerGroupSpecs/0/priority", "headServiceAnnotations", "gcsFaultToleranceOptions", "managedBy", "rayVersion", "headGroupSpec/headService", "headGroupSpec/labels", "headGroupSpec/resources",
         "headGroupSpec/serviceType", "workerGroupSpecs/0/scaleStrategy", "workerGroupSpecs/0/numOfHosts", "workerGroupSpecs/0/minReplicas"]


@pytest.mark.parametrize("path", NULLS)
def test_null_is_as_absent(tmp_path, path):
    def rendered(present):
        obj = cr(workerGroupSpecs=[group(replicas=1)], enableInTreeAutoscaling=path.startswith("auto"), autoscalerOptions={})
        *way, last = path.split("/")
        at = obj["spec"]
        for word in way:
            at = at[int(word)] if isinstance(at, list) else at[word]
        at.update({last: None} if present else {})
        file = tmp_path / "c.json"
        file.write_text(json.dumps(obj))
        return [stable(o) for o in render(file)]
    assert rendered(True) == rendered(False)


def test_numbers_and_unknown_fields_reach_the_pod_as_they_were_written(tmp_path):
    text = '{"big": 9007199254740993, "f": 1.50, "e": 1E+400, "in": [null, {"z": -0.0}]}'
    file = tmp_path / "c.json"
    file.write_text(json.dumps({**cr(), "spec": {"headGroupSpec": group()}}).replace('"containers"', f'"unknown": {text}, "containers"'))
    done = run("render", "-o", "json", *NOW, file)
    assert done.returncode == 0, done.stderr
    squeezed = "".join(done.stdout.split())
    assert f'"unknown":{"".join(text.split())}' in squeezed


@pytest.mark.parametrize("name, shown", [("a_b", "a-b"), ("GPU.big", "gpu.big"), ("a-.b", "a--b"), ("a._.b", "a---b"), ("x" * 47 + ".y", "x" * 47 + "-")])
def test_a_groups_name_makes_names_that_pods_may_have(tmp_path, name, shown):
    file = tmp_path / "c.json"
    file.write_text(json.dumps(cr(workerGroupSpecs=[group(name, replicas=1)])))
    pod = stable(render(file)[-1])
    assert pod["metadata"]["name"] == f"c-{shown}-worker-<5>"
    assert pod["metadata"]["labels"]["ray.io/group"] == name
