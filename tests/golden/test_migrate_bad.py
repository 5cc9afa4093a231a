"""`raykeeper migrate` and what nobody should have written: refused with its place, exit status 1, nothing on stdout, no crash. What is
merely odd converts, and then it is legal."""
import copy
import json
import random
import sys

import pytest
import yaml

from renderer import NOW, ROOT, run

sys.path.insert(0, str(ROOT / "tests"))

from lib.migrate import stories  # noqa: E402
from lib.schema import faults, schema  # noqa: E402

pytestmark = pytest.mark.asan
HEAD, WORKER = "spec.podTypes[0]", "spec.podTypes[1]"
RAY = f"{WORKER}.podConfig.spec.containers[0]"


def pod_type(name, **fields):
    ray = {"name": "ray-node", "image": "rayproject/ray:2.0.0", "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}}
    return {"name": name, "podConfig": {"metadata": {"generateName": "x-"}, "spec": {"containers": [ray]}}, **fields}


def cluster(**spec):
    return {"apiVersion": "cluster.ray.io/v1", "kind": "RayCluster", "metadata": {"name": "demo"},
            "spec": {"headPodType": "head", "podTypes": [pod_type("head"), pod_type("small", maxWorkers=2)], **spec}}


def values(**more):
    return {"image": "rayproject/ray:2.0.0", "podTypes": {"rayHeadType": {"CPU": 1, "memory": "1Gi"}, "rayWorkerType": {"CPU": 1, "memory": "1Gi", "maxWorkers": 1}}, **more}


def put(obj, path, value):
    """A copy with something else at a path of keys and indexes; ... takes it away."""
    obj = copy.deepcopy(obj)
    at = obj
    for key in path[:-1]:
        at = at[key] if isinstance(at, list) else at.setdefault(key, {})
    if value is ...:
        del at[path[-1]]
    elif isinstance(at, list) and path[-1] == len(at):
        at.append(value)
    else:
        at[path[-1]] = value
    return obj


def migrate(tmp_path, obj, *args):
    file = tmp_path / "in.json"
    file.write_text(obj if isinstance(obj, str) else json.dumps(obj))
    return run("migrate", file, *args)


def refused(tmp_path, obj, place, why, *args):
    done = migrate(tmp_path, obj, *args)
    assert done.returncode == 1 and done.stdout == "", done.stdout
    lines = [line for line in done.stderr.splitlines() if line.startswith(f"raykeeper migrate: {place}: ")]
    assert lines and why in lines[0], done.stderr
    return done


T1, C1 = ("spec", "podTypes", 1), ("spec", "podTypes", 1, "podConfig", "spec", "containers", 0)
WRONG = [  # where, what, the place that is told, why
    (("metadata",), [], "metadata", "is a list, a map is wanted"),
    (("metadata", "name"), 5, "metadata.name", "is a number, a string is wanted"),
    (("metadata", "name"), ..., "metadata.name", "is missing: give another with --name"),
    (("metadata", "name"), "Demo", "metadata.name", "lower case letter"),
    (("metadata", "name"), "a.b", "metadata.name", "inner '-'"),
    (("metadata", "name"), "a" * 54, "metadata.name", "54 characters, at most 53"),
    (("metadata", "labels"), {"a.b/c": 1}, 'metadata.labels["a.b/c"]', "is a number"),
    (("spec",), ..., "spec", "is missing, a map is wanted"),
    (("spec",), "x", "spec", "is a string"),
    (("spec", "podTypes"), ..., "spec.podTypes", "is missing, a list is wanted"),
    (("spec", "podTypes"), {"head": {}}, "spec.podTypes", "is a map, a list is wanted"),
    (("spec", "podTypes"), [], "spec.headPodType", "is the name of none"),
    (("spec", "podTypes"), [None], "spec.podTypes[0]", "is missing, a map is wanted"),
    (("spec", "podTypes"), [pod_type(f"t{i}") for i in range(1001)], "spec.podTypes", "has 1001 entries, at most 1000"),
    (("spec", "headPodType"), ..., "spec.headPodType", "is missing"),
    (("spec", "headPodType"), "other", "spec.headPodType", "'other' is the name of none of the podTypes"),
    (("spec", "maxWorkers"), -1, "spec.maxWorkers", "-1 is not an integer from 0 to 2147483647"),
    (("spec", "maxWorkers"), 1.5, "spec.maxWorkers", "1.5 is not an integer"),
    (("spec", "maxWorkers"), 10 ** 30, "spec.maxWorkers", "is not an integer"),
    (("spec", "maxWorkers"), "3", "spec.maxWorkers", "is not an integer"),
    (("spec", "idleTimeoutMinutes"), 2 ** 31 - 1, "spec.idleTimeoutMinutes", "more seconds than fit"),
    (("spec", "idleTimeoutMinutes"), [], "spec.idleTimeoutMinutes", "is not an integer"),
    (("spec", "upscalingSpeed"), -0.5, "spec.upscalingSpeed", "is not a number from 0 on"),
    (("spec", "upscalingSpeed"), "fast", "spec.upscalingSpeed", "a number is wanted"),
    ((*T1, "name"), ..., f"{WORKER}.name", "is missing"),
    ((*T1, "name"), "head", f"{WORKER}.name", "'head' and 'head' are one group's name"),
    ((*T1, "name"), "___", f"{WORKER}.name", "no letter or digit"),
    ((*T1, "name"), "HeadGroup", f"{WORKER}.name", "is the head's"),
    ((*T1, "name"), "head_group", f"{WORKER}.name", "is the head's"),
    ((*T1, "minWorkers"), "2", f"{WORKER}.minWorkers", "is not an integer"),
    ((*T1, "maxWorkers"), 2 ** 31, f"{WORKER}.maxWorkers", "2147483648 is not an integer"),
    ((*T1, "rayResources"), ["CPU"], f"{WORKER}.rayResources", "a map is wanted"),
    ((*T1, "rayResources"), {"CPU": "1"}, f"{WORKER}.rayResources.CPU", "is not a whole number"),
    ((*T1, "rayResources"), {"CPU": None}, f"{WORKER}.rayResources.CPU", "is not a whole number"),
    ((*T1, "rayResources"), {"GPU": -1}, f"{WORKER}.rayResources.GPU", "is not a whole number"),
    ((*T1, "rayResources"), {"memory": 1e300}, f"{WORKER}.rayResources.memory", "is not a whole number"),
    ((*T1, "rayResources"), {'a"b': 1}, f'{WORKER}.rayResources["a"b"]', "no start line can carry"),
    ((*T1, "rayResources"), {"$(reboot)": 1}, f"{WORKER}.rayResources.$(reboot)", "no start line can carry"),
    ((*T1, "setupCommands"), "echo", f"{WORKER}.setupCommands", "a list is wanted"),
    ((*T1, "setupCommands"), [5], f"{WORKER}.setupCommands[0]", "a string is wanted"),
    (("spec", "headStartRayCommands"), ["ray start --head --port=6380>/tmp/log"], "spec.headStartRayCommands[0]", "word 2 behind `ray start` has a redirection"),
    (("spec", "headStartRayCommands"), ["ray start --head --port=6380&"], "spec.headStartRayCommands[0]", "put a blank before that"),
    ((*T1, "setupCommands"), ["echo 'x"], f"{WORKER}.setupCommands[0]", "has no end"),
    ((*T1, "podConfig"), ..., f"{WORKER}.podConfig", "is missing, a map is wanted"),
    ((*T1, "podConfig", "metadata"), [], f"{WORKER}.podConfig.metadata", "is a list"),
    ((*T1, "podConfig", "metadata", "labels"), {"a": 1}, f"{WORKER}.podConfig.metadata.labels.a", "is a number"),
    ((*T1, "podConfig", "spec"), ..., f"{WORKER}.podConfig.spec", "is missing"),
    ((*T1, "podConfig", "spec", "containers"), ..., f"{WORKER}.podConfig.spec.containers", "is missing"),
    ((*T1, "podConfig", "spec", "containers"), [], f"{WORKER}.podConfig.spec.containers", "is empty"),
    ((*T1, "podConfig", "spec", "containers"), {"a": {}}, f"{WORKER}.podConfig.spec.containers", "is a map, a list is wanted"),
    ((*T1, "podConfig", "spec", "volumes"), ["x"], f"{WORKER}.podConfig.spec.volumes[0]", "a map is wanted"),
    ((*T1, "podConfig", "spec", "tolerations"), {}, f"{WORKER}.podConfig.spec.tolerations", "a list is wanted"),
    ((*T1, "podConfig", "spec", "tolerations"), [{"key": "a", "value": True}], f"{WORKER}.podConfig.spec.tolerations[0].value", "a string is wanted"),
    ((*T1, "podConfig", "spec", "tolerations"), [{"key": "a", "tolerationSeconds": "5"}], f"{WORKER}.podConfig.spec.tolerations[0].tolerationSeconds", "a number is wanted"),
    ((*C1, "command"), "sleep", f"{RAY}.command", "is a string, a list is wanted"),
    ((*C1, "args"), [1], f"{RAY}.args[0]", "a string is wanted"),
    ((*C1, "command"), ["bash", "-c", "sleep infinity '"], f"{RAY}.command", "has no end"),
    ((*C1, "env"), {"A": "b"}, f"{RAY}.env", "a list is wanted"),
    ((*C1, "env"), [{"value": "x"}], f"{RAY}.env[0].name", "is missing"),
    ((*C1, "ports"), [{"name": "x"}], f"{RAY}.ports[0].containerPort", "is missing"),
    ((*C1, "ports"), [{"containerPort": 70000}], f"{RAY}.ports[0].containerPort", "1 to 65535"),
    ((*C1, "volumeMounts"), [{"name": "x"}], f"{RAY}.volumeMounts[0].mountPath", "is missing"),
    ((*C1, "resources"), {"limits": {"cpu": "lots"}}, f"{RAY}.resources.limits.cpu", "is not an amount"),
    ((*C1, "resources"), {"limits": {"cpu": {}}}, f"{RAY}.resources.limits.cpu", "is not an amount"),
    ((*C1, "resources"), {"requests": {"memory": "-1Gi"}}, f"{RAY}.resources.requests.memory", "is negative"),
    ((*C1, "resources"), {"limits": {"nvidia.com/gpu": 1, "amd.com/gpu": 1}}, f"{RAY}.resources", "two kinds of GPU"),
    ((*C1, "image"), 5, f"{RAY}.image", "a string is wanted"),
    (("spec", "podTypes", 0, "podConfig", "spec", "containers", 0, "image"), "rayproject/ray:latest", f"{HEAD}.podConfig.spec.containers[0].image", "--ray-version"),
    (("spec", "podTypes", 0, "podConfig", "spec", "containers", 0, "image"), "ray@sha256:1.2.3", f"{HEAD}.podConfig.spec.containers[0].image", "--ray-version"),
    (("spec", "podTypes", 0, "podConfig", "spec", "containers", 0, "image"), ..., f"{HEAD}.podConfig.spec.containers[0].image", "--ray-version"),
    (("spec", "headServicePorts"), {}, "spec.headServicePorts", "a list is wanted"),
    (("spec", "headServicePorts"), [{"port": 1, "targetPort": 1}], "spec.headServicePorts[0].name", "is missing"),
    (("spec", "headServicePorts"), [{"name": "a", "port": 0, "targetPort": 1}], "spec.headServicePorts[0].port", "1 to 65535"),
    (("spec", "headServicePorts"), [{"name": "a", "port": 1, "targetPort": 65536}], "spec.headServicePorts[0].targetPort", "1 to 65535"),
    (("spec", "headServicePorts"), [{"name": "a", "port": 1}], "spec.headServicePorts[0].targetPort", "neither a number nor the name"),
    (("spec", "headServicePorts"), [{"name": "A_B", "port": 1, "targetPort": 1}], "spec.headServicePorts[0].name", "no name of a Service's port"),
    (("spec", "headServicePorts"), [{"name": "web", "port": 8265, "targetPort": 80}], "spec.headServicePorts", "'web' and 'dashboard' are both port 8265"),
    (("spec", "headStartRayCommands"), "ray start --head", "spec.headStartRayCommands", "a list is wanted"),
    (("spec", "headStartRayCommands"), ["echo"], "spec.headStartRayCommands", "has no line with `ray start`"),
    (("spec", "headStartRayCommands"), ["ray start --head", "ray start --head"], "spec.headStartRayCommands", "more than one"),
    (("spec", "headStartRayCommands"), ["ray start --head 'x"], "spec.headStartRayCommands[0]", "has no end"),
    (("spec", "headStartRayCommands"), ["ray start --head $(echo"], "spec.headStartRayCommands[0]", "has no end"),
    (("spec", "headStartRayCommands"), ["ray start --head x y"], "spec.headStartRayCommands[0]", "neither an option nor its value"),
    (("spec", "headStartRayCommands"), ["ray start --head --a/b=c"], "spec.headStartRayCommands[0]", "cannot be read"),
    (("spec", "headStartRayCommands"), ["if true; then ray start --head; fi"], "spec.headStartRayCommands[0]", "in front of `ray start`"),
    (("spec", "headStartRayCommands"), ["ray start --head --resources='[1]'"], "spec.headStartRayCommands", "is not a JSON map"),
    (("spec", "headStartRayCommands"), [";" * 5000 + "x;" * 5000], "spec.headStartRayCommands[0]", "too long a line"),
]


@pytest.mark.parametrize("path, value, place, why", WRONG, ids=[f"{'.'.join(map(str, p))[-40:]}={str(v)[:24]}" for p, v, _, _ in WRONG])
def test_refused_with_its_place(tmp_path, path, value, place, why):
    refused(tmp_path, put(cluster(), path, value), place, why)


H, W = "podTypes.rayHeadType", "podTypes.rayWorkerType"
WRONG_VALUES = [
    (("podTypes",), [], "podTypes", "is no map"), (("podTypes",), {}, "podTypes", "is empty"), (("podTypes", "rayWorkerType"), [], W, "is no map of settings"), (("podTypes", "rayWorkerType"), 5, W, "is no map of settings"),
    (("podTypes",), {"other": {"CPU": 1, "memory": "1Gi"}}, "headPodType", "'rayHeadType' is the name of none"), (("headPodType",), 5, "headPodType", "is no text"), (("headPodType",), "x", "headPodType", "is the name of none"),
    (("podTypes", "rayWorkerType", "CPU"), "lots", f"{W}.CPU", "is not an amount"), (("podTypes", "rayWorkerType", "CPU"), {}, f"{W}.CPU", "is not an amount"), (("podTypes", "rayWorkerType", "CPU"), -1, f"{W}.CPU", "is not an amount"),
    (("podTypes", "rayWorkerType", "memory"), [], f"{W}.memory", "is not an amount"), (("podTypes", "rayWorkerType", "memory"), "1Gb", f"{W}.memory", "is not an amount"), (("podTypes", "big"), {"CPU": 1}, "podTypes.big.memory", "is missing"),
    (("podTypes", "rayWorkerType", "GPU"), 0.5, f"{W}.GPU", "is not a whole number"), (("podTypes", "rayWorkerType", "GPU"), "many", f"{W}.GPU", "is not a whole number"), (("podTypes", "rayWorkerType", "GPU"), -1, f"{W}.GPU", "is not a whole number"),
    (("podTypes", "rayWorkerType", "minWorkers"), "two", f"{W}.minWorkers", "is not an integer"), (("podTypes", "rayWorkerType", "maxWorkers"), 1.5, f"{W}.maxWorkers", "1.5 is not an integer"), (("podTypes", "rayWorkerType", "maxWorkers"), "9" * 40, f"{W}.maxWorkers", "is not an integer"),
    (("podTypes", "rayWorkerType", "rayResources"), [], f"{W}.rayResources", "is no map"), (("podTypes", "rayWorkerType", "rayResources"), {"A": "x"}, f"{W}.rayResources.A", "is not a whole number"),
    (("podTypes", "rayWorkerType", "tolerations"), {}, f"{W}.tolerations", "is no list"), (("podTypes", "rayWorkerType", "nodeSelector"), [], f"{W}.nodeSelector", "is no map"), (("podTypes", "rayWorkerType", "image"), 5, f"{W}.image", "is not the name"),
    (("image",), {"repository": "x"}, "image", "is not the name of an image"), (("image",), "rayproject/ray:latest", "image", "--ray-version"), (("image",), ..., "image", "'rayproject/ray:latest' does not tell"), (("operatorOnly",), "true", "operatorOnly", "neither true nor false"),
    (("imagePullSecrets",), "hub", "imagePullSecrets", "is no list"), (("imagePullSecrets",), [{}], "imagePullSecrets[0]", "has no name"), (("podTypes", "RAYWORKERTYPE"), {"CPU": 1, "memory": "1Gi"}, W, "are one group's name"),
]


@pytest.mark.parametrize("path, value, place, why", WRONG_VALUES, ids=[f"{'.'.join(p)}={str(v)[:24]}" for p, v, _, _ in WRONG_VALUES])
def test_values_are_refused_where_they_stand(tmp_path, path, value, place, why):
    refused(tmp_path, put(values(), path, value), place, why, "--name", "demo")


SETS = [("a", "'=' and a value"), ("=x", "a key is missing"), ("a..b=1", "a key is missing"), ("a.=1", "a key is missing"), ("a[x]=1", "an index"), ("a[1=1", "an index"), ("a[-1]=1", "an index"), ("a[65537]=1", "an index"),
        ("a[0]b=1", "'=' and a value"), ("a={1,2", "without its '}'"), ("a={1}x", "behind '}'"), (".".join("a" * 31) + "=1", "nested too deep"), ("image.x=1", "no map"), ("podTypes[0]=1", "no list"), ("x=1,y", "'=' and a value")]


@pytest.mark.parametrize("text, why", SETS, ids=[t[:20] for t, _ in SETS])
def test_a_setting_that_cannot_be_read(tmp_path, text, why):
    refused(tmp_path, values(), "--set", why, "--set", text)


def test_a_setting_does_not_print_its_value(tmp_path):
    assert "hunter2" not in refused(tmp_path, values(), "--set", "no map", "--set", "image.password=hunter2").stderr


SECRETS = ["ray start --head --redis-password hunter2", "ray start --head --redis-password=hunter2", "ray start --head --redis-password='hunter2'", "export AWS_SECRET_ACCESS_KEY=hunter2; ray start --head", "HF_TOKEN=hunter2 ray start --head",
           'bash -c "export DB_PASSWORD=hunter2"; ray start --head', "git clone https://me:hunter2@example.com/x; ray start --head", "login --api-key hunter2 && ray start --head",
           "sync http://cache.example.com,redis://me:hunter2@example.com && ray start --head", "git clone https://hunter2hunter2hunter2hunter2@example.com/x; ray start --head",
           "curl -H 'Authorization: Bearer hunter2' example.com && ray start --head"]


@pytest.mark.parametrize("line", SECRETS)
def test_a_secret_in_a_start_line_is_refused_and_not_printed(tmp_path, line):
    for obj, place in ((cluster(headStartRayCommands=[line]), "spec.headStartRayCommands[0]"), (put(cluster(), (*T1, "setupCommands"), [line]), f"{WORKER}.setupCommands[0]")):
        assert "hunter2" not in refused(tmp_path, obj, place, "secret" if "redis" not in line else "").stderr


NO_SECRETS = ["export HF_TOKEN=$TOKEN; ray start --head", "tokenize --max-tokens 5 && ray start --head", "export PASSWORD_FILE=/run/x; ray start --head", "curl https://example.com:443/a@b; ray start --head",
              "git clone ssh://git@example.com/x; ray start --head", 'curl -H "Authorization: Bearer $TOKEN" example.com; ray start --head']


@pytest.mark.parametrize("line", NO_SECRETS)
def test_what_only_looks_like_a_secret_is_none(tmp_path, line):
    done = migrate(tmp_path, cluster(headStartRayCommands=[line]))
    assert done.returncode == 0, done.stderr


def test_a_count_that_is_no_number_of_json_is_not_taken_for_none(tmp_path):
    refused(tmp_path, put(values(), ("podTypes", "rayWorkerType", "minWorkers"), "010"), "podTypes.rayWorkerType.minWorkers", "is not an integer")


LARGE = {  # as large as an object in the API may be
    "setups": (("spec", "podTypes", 1, "setupCommands"), ["echo '" + "y" * 1300 + "'"] * 1000),
    "start lines": (("spec", "workerStartRayCommands"), ["echo '" + "y" * 1300 + "'"] * 999 + ["ray start"]),
    "pieces": (("spec", "workerStartRayCommands"), [("echo '" + "y" * 1300 + "'; ") * 900 + "ray start"]),
    "exports": (("spec", "workerStartRayCommands"), [" ".join(f"A{i}={'y' * 100}" for i in range(9000)) + " ray start"]),
    "waiting": ((*C1, "args"), ["-c", ("echo '" + "y" * 1300 + "'; ") * 900 + "sleep infinity"]),
    "quotes": ((*C1, "args"), ["'" * 500000]),
    "resources": ((*T1, "rayResources"), {f"{'y' * 1000}{i}": 1 for i in range(999)}),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_object_takes_memory_in_proportion(tmp_path, name):
    path, value = LARGE[name]
    done = migrate(tmp_path, put(put(cluster(), (*C1, "command"), ["/bin/bash"]), path, value))
    assert done.returncode in (0, 2) and len(done.stdout) > 900000, done.stderr


def test_a_start_line_of_ever_so_many_options(tmp_path):
    line = "ray start " + " ".join(f"--a{i}=1" for i in range(50000))
    refused(tmp_path, cluster(headStartRayCommands=[line]), "spec.headStartRayCommands[0]", "more words")


def test_several_names_at_once(tmp_path):
    refused(tmp_path, f"{json.dumps(cluster())}", "--name", "lower case letter", "--name", "Not_A_Name")
    refused(tmp_path, "---\n".join([json.dumps(cluster()) + "\n"] * 2), "--name", "2 clusters, and one name", "--name", "x")


def test_places_name_the_file_where_there_are_several(tmp_path):
    done = migrate(tmp_path, json.dumps(cluster()) + "\n---\n" + json.dumps(cluster(maxWorkers=-1)) + "\n")
    assert done.returncode == 1 and done.stderr.startswith(f"raykeeper migrate: {tmp_path}/in.json:2: spec.maxWorkers: -1"), done.stderr


def test_everything_wrong_is_told_at_once(tmp_path):
    done = migrate(tmp_path, put(put(cluster(), (*T1, "podConfig"), 5), ("spec", "headPodType"), []))
    assert done.returncode == 1 and done.stderr.count("\n") == 2, done.stderr


WRONG_USE = [(["--ray-version", "latest"], "--ray-version: is not x.y.z"), (["--from", "yaml"], "from"), (["--fixed"], "--fixed: it has 0 to 2 workers"), (["--set", "a=b"], "no values to set it in"), (["--from", "helm"], "")]


@pytest.mark.parametrize("args, why", WRONG_USE, ids=[a[0] + " " + a[-1] for a, _ in WRONG_USE])
def test_wrong_use(tmp_path, args, why):
    done = migrate(tmp_path, cluster(), *args)
    assert done.returncode == 1 and why in done.stderr and done.stdout == "", (done.stdout, done.stderr)


NOTHING = {"an empty file": "", "nothing": "~\n", "a text": "just text\n", "a list": "- a\n", "another kind": "apiVersion: v1\nkind: ConfigMap\n", "an object of ours": "apiVersion: ray.io/v1\nkind: RayCluster\n", "an empty list": "apiVersion: v1\nkind: List\nitems: []\n",
           "items that are no list": "apiVersion: v1\nkind: List\nitems: {a: b}\n", "no podTypes": "image: x\n"}


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_to_convert(tmp_path, name):
    done = migrate(tmp_path, NOTHING[name])
    assert done.returncode == 1 and "neither values with podTypes nor a RayCluster of cluster.ray.io" in done.stderr, done.stderr


def test_unreadable_files(tmp_path):
    assert migrate(tmp_path, "a: [").stderr.startswith(f"{tmp_path}/in.json:2:")
    assert run("migrate", tmp_path / "none.yaml").stderr == f"{tmp_path}/none.yaml: No such file or directory\n"


JUNK = [None, True, 0, -1, 1.5, 10 ** 25, "", "x", "$(x)", [], [None], [[]], {}, {"x": None}, {"name": 5}]


def places(at, path=()):
    if path:
        yield path
    for key, value in at.items() if isinstance(at, dict) else enumerate(at) if isinstance(at, list) else ():
        yield from places(value, (*path, key))


def inputs():
    """One input of many stories each."""
    for story in stories():
        for name, text in story.parts.items():
            if name.endswith(".yaml") and name != "want.yaml":
                yield story.name, next(yaml.safe_load_all(text))
                break


def test_junk_in_every_place_is_refused_or_converts_to_what_is_legal(tmp_path):
    """Of every story some places chosen by chance get something else; always the same ones."""
    chance, rule, converted = random.Random(6), schema(), []
    for name, obj in inputs():
        at = list(places(obj))
        for path in chance.sample(at, min(6, len(at))):
            junk = put(obj, path, chance.choice(JUNK))
            done = migrate(tmp_path, junk, "--ray-version", "2.0.0")
            assert done.returncode in (0, 1, 2), (name, path, done.stderr)
            if done.returncode == 1:
                assert done.stdout == "" and done.stderr.startswith("raykeeper migrate: "), (name, path, done.stderr)
            else:
                converted += [(name, path, o) for o in yaml.safe_load_all(done.stdout) if o["kind"] == "RayCluster"]
    assert len(converted) > 100
    for name, path, obj in converted:
        wrong = [fault for fault in faults({key: obj[key] for key in ("metadata", "spec")}, rule) if not deep(fault)]
        assert wrong == [], (name, path)
    file = tmp_path / "out.yaml"
    file.write_text(yaml.safe_dump_all([o for _, _, o in converted]))
    done = run("render", *NOW, file)
    assert done.returncode == 0, done.stderr[:2000]


def deep(fault):
    """Fields of a pod that the conversion hands on without a look: the API server judges them, as it did before."""
    looked_at = ("containers", "volumes", "nodeSelector", "tolerations", "imagePullSecrets", "initContainers", "restartPolicy", "serviceAccountName")
    at = fault.split(":")[0]
    inside = at.split(".template.spec.")[-1]
    return ".template.spec." in at and (inside.count(".") > 0 or inside.split("[")[0] not in looked_at)
