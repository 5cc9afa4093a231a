"""The operator's chart, offline, beside its goldens: that KubeRay's values mean what `raykeeper migrate` says, what is refused, which rights it asks for, and that
its copies of what others own are no copies."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))

from operatorchart import CHART, ROOT, ini, manifests, not_taken, objects, one, refused, template  # noqa: E402
from renderer import RAYKEEPER, run  # noqa: E402
from test_config import values as effective  # noqa: E402
from test_kuberay import DEFAULTS, KNOBS, LOSSY, migrate  # noqa: E402

CASES = Path(__file__).resolve().parent / "raykeeper"
TABLE = ROOT / "config" / "rbac"


# --- nothing is kept twice

def test_table_and_list_of_values_are_up_to_date():
    done = subprocess.run([sys.executable, CHART / "document", "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_every_value_is_commented_and_has_a_schema():
    values, schema = yaml.safe_load((CHART / "values.yaml").read_text()), json.loads((CHART / "values.schema.json").read_text())["properties"]
    known = json.loads((CHART / "files" / "known.json").read_text())
    assert set(values) == set(schema) == set(known) - {"global"}
    for key, inner in known.items():
        assert inner is True or set(inner) == set(values[key]) <= set(schema[key]["properties"]), key


def test_rights_crds_and_version_are_those_of_the_project():
    assert (CHART / "files" / "rights.yaml").resolve() == TABLE / "source" / "rights.yaml"
    crds = {p.name for p in (ROOT / "config" / "crd").glob("ray.io_*.yaml")}
    assert {p.name: p.resolve() for p in (CHART / "crds").iterdir()} == {name: ROOT / "config" / "crd" / name for name in crds}
    version = re.search(r"project\(raykeeper VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (about["version"], about["appVersion"]) == (version, version)
    image = f"raykeeper/raykeeper:{version}"
    manager = yaml.safe_load((ROOT / "config" / "manager" / "deployment.yaml").read_text())
    assert manager["spec"]["template"]["spec"]["containers"][0]["image"] == image
    assert one(objects(), "Deployment")["spec"]["template"]["spec"]["containers"][0]["image"] == image


def test_the_crds_are_in_the_chart():
    done = template(None, ("raykeeper", "raykeeper-system"), "--include-crds")
    names = {d["metadata"]["name"] for d in manifests(done.stdout) if d and d["kind"] == "CustomResourceDefinition"}
    assert names == {f"{p.name[7:-5]}.ray.io" for p in (ROOT / "config" / "crd").glob("ray.io_*.yaml")}


def test_the_manifests_make_the_same_pods_as_the_chart():
    """Plain manifests and chart are two ways to one Deployment; names of config and account differ, and who manages it."""
    chart = one(objects(), "Deployment")["spec"]
    plain = yaml.safe_load((ROOT / "config" / "manager" / "deployment.yaml").read_text())["spec"]
    for spec in (chart, plain):
        spec["template"]["metadata"]["annotations"].pop("raykeeper.io/config", None)
        volumes = {v["name"]: v for v in spec["template"]["spec"]["volumes"]}
        volumes["config"].pop("configMap")
        container = spec["template"]["spec"]["containers"][0]
        for context in (spec["template"]["spec"]["securityContext"], container["securityContext"]):
            for key in ("runAsNonRoot", "seccompProfile"):  # once is enough; the chart says them twice, as KubeRay's does
                context.pop(key, None)
        container["readinessProbe"].pop("initialDelaySeconds", None)
    assert chart == plain


# --- rights

def rules_of_table(scopes, *disabled):
    done = subprocess.run([sys.executable, TABLE / "generate", "--print", scopes, "--disable", ",".join(disabled)], capture_output=True, text=True, check=True)
    return yaml.safe_load(done.stdout)["rules"] or []


@pytest.mark.parametrize("disabled", [(), ("tls", "auth"), ("gcsft", "legacy", "ingress"), ("netpolicy", "autoscaler")])
def test_everywhere_one_clusterrole_has_the_rights_of_what_is_on(disabled):
    docs = objects({"plugins": {"disable": list(disabled)}})
    assert one(docs, "ClusterRole")["rules"] == rules_of_table("namespace,cluster", *disabled)
    assert one(docs, "Role")["rules"] == rules_of_table("own")
    assert one(docs, "ClusterRoleBinding")["subjects"] == [{"kind": "ServiceAccount", "name": "raykeeper", "namespace": "raykeeper-system"}]


def test_two_namespaces_get_a_role_each_and_one_question_is_left():
    docs = objects({"watchNamespace": ["team-a", "team-b"]})
    roles = {d["metadata"]["namespace"]: d["rules"] for d in docs if d["kind"] == "Role" and d["metadata"]["name"] == "raykeeper"}
    assert roles == {"team-a": rules_of_table("namespace"), "team-b": rules_of_table("namespace")}
    assert one(docs, "ClusterRole")["rules"] == rules_of_table("cluster")
    assert "watch = team-a, team-b\n" in ini(docs)


def test_a_single_namespace_needs_nothing_that_is_cluster_wide():
    asked = {"singleNamespaceInstall": True, "flowSchema": {"enabled": True}, "validatingAdmissionPolicy": {"enabled": True}, "userRoles": {"create": True}}
    docs = objects(asked, ("ray", "team-a"))
    assert {d["metadata"].get("namespace") for d in docs} == {"team-a"}
    assert one(docs, "Role", "ray-raykeeper-leader")["rules"] == rules_of_table("own")
    assert [d["rules"] for d in docs if d["kind"] == "Role" and "leader" not in d["metadata"]["name"]] == [rules_of_table("namespace")]
    assert "watch = team-a" in ini(docs)
    assert [d["metadata"]["name"] for d in objects({**asked, "crNamespacedRbacEnable": False}, ("ray", "team-a")) if d["kind"] == "Role"] == ["ray-raykeeper-leader-election"]


def test_without_rbac_there_are_no_roles():
    assert not [d for d in objects({"rbacEnable": False}) if d["kind"].startswith(("Role", "ClusterRole"))]


def test_a_foreign_plugin_brings_its_own_rights():
    right = {"apiGroups": ["acme.example"], "resources": ["things"], "verbs": ["list", "watch"]}
    extra = [{"name": "acme", "image": "acme:1", "files": ["/a/acme.so"], "rights": [right]}]
    assert one(objects({"plugins": {"extra": extra}}), "ClusterRole")["rules"] == rules_of_table("namespace,cluster") + [right]
    assert one(objects({"plugins": {"extra": extra, "disable": ["acme"]}}), "ClusterRole")["rules"] == rules_of_table("namespace,cluster")


# --- pods

def containers(docs):
    pod = one(docs, "Deployment")["spec"]["template"]["spec"]
    return pod, pod.get("initContainers", []) + pod["containers"]


@pytest.mark.parametrize("case", sorted(p.name for p in CASES.iterdir()))
def test_every_container_keeps_the_restricted_profile(case):
    pod, every = containers(objects(CASES / case / "values.yaml"))
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod) and not [v for v in pod["volumes"] if "hostPath" in v]
    for c in every:
        has = {**pod["securityContext"], **c["securityContext"]}
        assert has["runAsNonRoot"] is True and has["seccompProfile"] == {"type": "RuntimeDefault"} and has["runAsUser"] == 65532
        assert has["allowPrivilegeEscalation"] is False and has["readOnlyRootFilesystem"] is True and has["capabilities"] == {"drop": ["ALL"]}
        assert c["resources"]["limits"]["memory"] and c["resources"]["requests"]


def test_kubectl_ray_version_finds_it():
    """It lists Deployments by this label and takes what follows the last colon of the first container's image."""
    deployment = one(objects(), "Deployment")
    assert deployment["metadata"]["labels"]["app.kubernetes.io/name"] in ("kuberay-operator", "kuberay")
    assert re.fullmatch(r"raykeeper/raykeeper:\d+\.\d+\.\d+", deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def test_a_release_of_kuberays_chart_is_upgraded_in_place():
    """What cannot be changed of a Deployment and of bindings is what that chart makes of the same values: its names, its selector, its roleRefs."""
    docs = objects(DEFAULTS, ("kuberay-operator", "kuberay"))
    deployment = one(docs, "Deployment")
    assert deployment["metadata"]["name"] == "kuberay-operator"
    assert deployment["spec"]["selector"] == {"matchLabels": {"app.kubernetes.io/name": "kuberay-operator", "app.kubernetes.io/instance": "kuberay-operator"}}
    for kind, name, role in (("ClusterRoleBinding", "kuberay-operator", "ClusterRole"), ("RoleBinding", "kuberay-operator-leader-election", "Role")):
        binding = one(docs, kind)
        assert binding["metadata"]["name"] == name and (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == (role, name)
    # Without its names in the values, from the release's.
    assert one(objects(None, ("kuberay-operator", "kuberay")), "Deployment")["metadata"]["name"] == "kuberay-operator"


def test_images_of_kuberay_are_left_out_and_told():
    for repository in ("quay.io/kuberay/operator", "registry.example/hub/kuberay-operator"):
        docs = objects({"image": {"repository": repository, "tag": "v1.4.2"}, "operatorCommand": "/manager"})
        (container,) = one(docs, "Deployment")["spec"]["template"]["spec"]["containers"]
        assert container["image"].startswith("raykeeper/raykeeper:") and "command" not in container
        assert any("image.repository" in text for text in not_taken(docs)) and any("operatorCommand" in text for text in not_taken(docs))
    docs = objects({"image": {"repository": "registry.example/hub/raykeeper", "tag": "7"}})
    assert one(docs, "Deployment")["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/hub/raykeeper:7" and not not_taken(docs)


def test_a_plugin_of_others_is_copied_and_then_read_only():
    docs = objects({"plugins": {"extra": [{"name": "acme", "image": "acme:1", "files": ["/a/acme.so", "/a/more.so"], "after": "worker", "options": {"colour": "blue"}},
                                          {"name": "other", "volume": {"persistentVolumeClaim": {"claimName": "c"}}, "files": ["/sub/other.so"]}]}})
    pod, (copies, operator) = containers(docs)
    assert copies["name"] == "plugin-acme" and copies["command"][-2:] == ["/a/acme.so", "/a/more.so"]
    mounts = {m["name"]: m for m in operator["volumeMounts"]}
    assert mounts["plugin-acme"] == {"name": "plugin-acme", "mountPath": "/opt/plugins/acme", "readOnly": True} and mounts["plugin-other"]["readOnly"]
    volumes = {v["name"]: v for v in pod["volumes"]}
    assert "emptyDir" in volumes["plugin-acme"] and volumes["plugin-other"]["persistentVolumeClaim"] == {"claimName": "c"}
    assert "[plugin:acme]\nafter = worker\ncolour = blue\nfile = /opt/plugins/acme/lib/acme.so\n" in ini(docs)
    assert "[plugin:other]\nfile = /opt/plugins/other/sub/other.so\n" in ini(docs)


@pytest.fixture
def open_folder():
    """One that other users reach; tmp_path is ours alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_what_the_init_container_copies_is_loaded(open_folder, tmp_path):
    """Its words, run here as its user. An emptyDir may be written to by everybody, and a plugin in such a folder is refused: it is copied into one of its own."""
    docs = objects({"plugins": {"extra": [{"name": "shm", "image": "a:1", "files": ["/a/shm.so"]}]}})
    pod, (copies, _) = containers(docs)
    volume, mine = open_folder / "volume", open_folder / "shm.so"
    volume.mkdir()
    volume.chmod(0o777)
    mine.write_bytes((Path(RAYKEEPER).parent / "plugins" / "shm.so").read_bytes())
    words = [w.replace("/plugin/", f"{volume}/").replace("/a/shm.so", str(mine)) for w in copies["command"]]
    root = os.geteuid() == 0
    for mode in (0o555, 0o555, 0o775):  # a container that is started again finds its own work, read-only as it may be
        mine.chmod(mode)
        subprocess.run(words, check=True, user=pod["securityContext"]["runAsUser"] if root else None)
    copied = volume / "lib" / "shm.so"
    for path in (copied.parent, copied):  # in a pod it is the operator's user too
        os.chown(path, os.geteuid(), -1)

    def loaded(text):
        (tmp_path / "raykeeper.ini").write_text(text)
        return run("plugin", "list", "--config", tmp_path / "raykeeper.ini")

    done = loaded(ini(docs).replace("/opt/plugins/shm", str(volume)))
    assert done.returncode == 0 and "shm" in done.stdout, done.stderr
    (volume / "shm.so").write_bytes(mine.read_bytes())
    done = loaded(f"[plugin:shm]\nfile = {volume}/shm.so\n")
    assert done.returncode != 0 and "writable by group or others" in done.stderr


# --- configuration

def conf(tmp_path, docs):
    """What raykeeper makes of the ConfigMap, without what is its default anyway."""
    folder = tmp_path / "etc"
    (folder / "raykeeper.d").mkdir(parents=True, exist_ok=True)
    mounted = {i["key"]: i["path"] for v in one(docs, "Deployment")["spec"]["template"]["spec"]["volumes"] if v["name"] == "config" for i in v["configMap"]["items"]}
    data = one(docs, "ConfigMap", "-config")["data"]
    assert set(mounted) == set(data)
    for key, text in data.items():
        (folder / mounted[key]).write_text(text)
    done = run("conf", "--config", folder / "raykeeper.ini")
    assert done.returncode == 0, f"{done.stderr}\n{data}"
    plain = effective(run("conf").stdout)
    return {key: value for key, value in effective(done.stdout).items() if plain.get(key) != value}


def migrated(tmp_path, values):
    done = migrate(tmp_path, values)
    file = tmp_path / "migrated.ini"
    file.write_text(done.stdout)
    got = run("conf", "--config", file)
    assert got.returncode == 0, got.stderr
    plain = effective(run("conf").stdout)
    return {key: value for key, value in effective(got.stdout).items() if plain.get(key) != value}


def sets(options):
    """Order means nothing in these."""
    return {key: set(re.split(r",\s*", value)) if key in ("plugins.disable", "plugin:site.labels") else value for key, value in options.items()}


@pytest.mark.parametrize("name", KNOBS)
def test_a_setting_of_kuberays_is_what_migrate_makes_of_it(tmp_path, name):
    given, wanted = KNOBS[name]
    if name == "no pace":
        refused(given, "kubeClient")
        return
    docs = objects(given)
    assert sets(conf(tmp_path, docs)) == sets(wanted)
    assert not_taken(docs) == []


def test_the_defaults_of_kuberays_chart(tmp_path):
    docs = objects(DEFAULTS, ("kuberay-operator", "kuberay"))
    assert sets(conf(tmp_path, docs)) == sets(migrated(tmp_path, DEFAULTS))
    # Of all that it says only the program and the image have no meaning; what is for other kinds is off, or the same.
    told = [text.split(":")[0] for text in not_taken(docs)]
    assert set(told) == {"image.repository, image.tag", "operatorCommand", "featureGates.RayJobDeletionPolicy", "featureGates.RayServiceIncrementalUpgrade"}


def test_pods_get_what_migrate_puts_into_them(tmp_path):
    side = {"name": "log-agent", "image": "example.com/agent:1", "args": ["sh", "-c", "a  ; b # c ;; d"], "env": [{"name": "LINES", "value": "1\n2"}]}
    env = [{"name": "HTTP_PROXY", "value": "http://proxy.example:3128/?a=b,c"}, {"name": "TWO", "value": "a ; b\nc"}, {"name": "GAP", "value": "a  b"},
           {"name": "EMPTY", "value": ""}, {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]
    values = {"configuration": {"enabled": True, "defaultContainerEnvs": env, "defaultPodLabels": {"team": "x"}, "defaultPodAnnotations": {"a": "b c"},
                                "headSidecarContainers": [side, {"name": "second", "image": "b"}], "workerSidecarContainers": [side]}}
    docs = objects(values)
    cluster = ROOT / "config" / "samples" / "raycluster.yaml"
    pods = []
    for text in (ini(docs), migrate(tmp_path, values).stdout):
        file = tmp_path / "one.ini"
        file.write_text(text)
        done = run("render", "--config", file, "-o", "json", "--now", "2026-01-02T03:04:05Z", cluster)
        assert done.returncode == 0, done.stderr
        pods.append(json.loads(done.stdout))
    assert pods[0] == pods[1]
    assert "log-agent" in json.dumps(pods[0]) and "a  ; b # c ;; d" in json.dumps(pods[0])


ODD = ["a;b", "a ;b", "#", " lead", "trail ", "a  b", "tab\t", "a\nb", "a\r\nb", "'\"\\", "\\u003b", "{{ x }}", "%s %q", "$(A)", "=", "[x]", "\x7f", "\x85", "\x9f", "a\u2028b", "\ufeff", "é 日本 😀", "<&>"]


def test_odd_characters_come_into_the_pods_as_they_were():
    """Through YAML, an INI file and JSON: among them what begins a comment, and what YAML takes for the end of a line."""
    env = [{"name": f"V{i}", "value": text} for i, text in enumerate(ODD)]
    docs = objects({"configuration": {"enabled": True, "defaultContainerEnvs": env, "headSidecarContainers": [{"name": "side", "image": "a", "args": ODD}]}})
    assert not_taken(docs) == []
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
        file.write(ini(docs))
        file.flush()
        done = run("render", "--config", file.name, "-o", "json", "--now", "2026-01-02T03:04:05Z", ROOT / "config" / "samples" / "raycluster.yaml")
    assert done.returncode == 0, done.stderr
    (head,) = (d for d in json.loads(done.stdout) if d["kind"] == "Pod" and d["metadata"]["labels"]["ray.io/node-type"] == "head")
    side = next(c for c in head["spec"]["containers"] if c["name"] == "side")
    others = next(c for c in head["spec"]["containers"] if c["name"] != "side")
    assert side["args"] == ODD
    assert [e for e in others["env"] if re.fullmatch(r"V\d+", e["name"])] == env


@pytest.mark.parametrize("name", LOSSY)
def test_what_migrate_calls_lossy_is_refused_or_told(tmp_path, name):
    given, where = LOSSY[name]
    done = template(given)
    if done.returncode != 0:
        assert where.split(".")[0].split("[")[0] in done.stderr or "[plugin:site] " in done.stderr, done.stderr
        return
    docs = [d for d in manifests(done.stdout) if d]
    if given.get("singleNamespaceInstall"):  # the chart knows the namespace of its release
        assert conf(tmp_path, docs) == {"operator.watch": "raykeeper-system"}
        return
    assert sets(conf(tmp_path, docs)) == sets(migrated(tmp_path, given))
    assert any(where.split("[")[0].split(".")[0] in text for text in not_taken(docs)), not_taken(docs)


def test_the_operators_own_keys_are_told_as_by_migrate(tmp_path):
    """All that ray.h names, whether or not they are of pods: the two agree on each."""
    keys = re.findall(r'"((?:ray\.io|raykeeper\.io|app\.kubernetes\.io)/[a-z-]+)"', (ROOT / "include" / "raykeeper" / "ray.h").read_text())
    assert len(keys) > 15
    values = {"configuration": {"enabled": True, "defaultPodLabels": {key: "x" for key in keys}}}
    assert conf(tmp_path, objects(values)) == migrated(tmp_path, values)


def test_own_words_stand_over_all_others(tmp_path):
    docs = objects({"watchNamespace": ["a", "b"], "logging": {"stdoutEncoder": "console"}, "env": [{"name": "ENABLE_LOGIN_SHELL", "value": "true"}, {"name": "HTTPS_PROXY", "value": "x"}],
                    "featureGates": [{"name": "RayClusterMTLS", "enabled": False}], "plugins": {"disable": ["prestop"]}, "site": {"labels": ["a=b", "c=d"], "tolerations": ["x=y:NoSchedule"]},
                    "config": {"operator": {"log-format": "json", "log-level": "debug"}, "plugins": {"disable": "probes, prestop"}, "api": {"qps": 1000000.0 / 10}, "breaker": {"enabled": False},
                               "plugin:site": {"labels": "e=f"}},
                    "dropIns": {"10-more.ini": {"breaker": {"floor": 7}}, "20-text.ini": "[breaker]\npercent = 33\n"}})
    assert sets(conf(tmp_path, docs)) == {
        "operator.watch": "a, b", "operator.log-level": "debug", "plugins.disable": {"tls", "prestop", "probes"}, "api.qps": "100000", "breaker.enabled": "false", "breaker.floor": "7",
        "breaker.percent": "33", "plugin:raystart.login-shell": "true", "plugin:site.labels": {"e=f"}, "plugin:site.tolerations": "x=y:NoSchedule"}
    assert one(docs, "Deployment")["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "HTTPS_PROXY", "value": "x"}]


def test_another_configuration_makes_other_pods():
    def mark(values):
        return one(objects(values), "Deployment")["spec"]["template"]["metadata"]["annotations"]["raykeeper.io/config"]
    assert mark(None) == mark({"service": {"port": 9}}) != mark({"config": {"operator": {"log-level": "debug"}}})
    assert mark({"dropIns": {"a.ini": "[breaker]\nfloor = 1"}}) != mark({"dropIns": {"a.ini": "[breaker]\nfloor = 2"}})


NONE_IS_AN_ANSWER = {"resources", "podSecurityContext", "securityContext"}


def without_mark(docs):
    one(docs, "Deployment")["spec"]["template"]["metadata"]["annotations"].pop("raykeeper.io/config")
    return docs


def test_values_that_are_not_there_are_the_defaults():
    """`null` takes a default away, and so does `helm upgrade --reuse-values`: of a release of KubeRay's chart it brings that chart's values and none of ours."""
    keys = set(yaml.safe_load((CHART / "values.yaml").read_text())) - NONE_IS_AN_ANSWER
    plain = without_mark(objects())
    assert without_mark(objects(dict.fromkeys(keys))) == plain
    assert not [key for key in keys if without_mark(objects({key: None})) != plain]
    theirs = yaml.safe_load((CASES / "kuberay" / "values.yaml").read_text())
    reused = {**dict.fromkeys(keys), "livenessProbe": {"periodSeconds": 7, "timeoutSeconds": None}, **theirs}
    assert without_mark(objects(reused, ("kuberay-operator", "kuberay"))) == without_mark(objects(
        {"livenessProbe": {"periodSeconds": 7}, **theirs}, ("kuberay-operator", "kuberay")))


def test_a_container_may_go_without_limits_and_a_pod_without_a_user():
    docs = objects({**dict.fromkeys(NONE_IS_AN_ANSWER - {"podSecurityContext"}), "podSecurityContext": {"runAsUser": None}})
    pod, (container,) = containers(docs)
    assert "resources" not in container and "securityContext" not in container and "runAsUser" not in pod["securityContext"]


def test_every_template_begins_with_whole_values():
    begun = {path.name: path.read_text().startswith('{{- include "raykeeper.whole" . ') for path in (CHART / "templates").iterdir() if not path.name.startswith("_")}
    assert begun and all(begun.values()), begun
    assert (CHART / "files" / "values.yaml").resolve() == CHART / "values.yaml"


def test_an_option_that_is_null_is_not_set(tmp_path):
    docs = objects({"config": {"operator": {"log-level": None, "log-format": "text"}, "plugins": {"disable": None}}, "site": {"labels": None},
                    "dropIns": {"10-none.ini": None, "20-some.ini": {"breaker": {"floor": None, "percent": 33}}}})
    assert conf(tmp_path, docs) == {"operator.log-format": "text", "breaker.percent": "33"}


def test_keys_of_tomorrow_are_told():
    docs = objects({"moon": 1, "logging": {"colour": True}, "metrics": {"serviceMonitor": {"enabled": False}}, "resources": {"limits": {"memory": "1Gi"}}})
    assert not_taken(docs) == ["logging.colour: is no value that is known here; left out", "moon: is no value that is known here; left out"]


def test_names_of_digits_stay_texts():
    """YAML takes `123` for a number, and the API server no number for a name."""
    extra = [{"name": "acme", "image": "77", "files": ["/acme.so"]}]
    docs = objects({"priorityClassName": "77", "serviceAccount": {"name": "77"}, "watchNamespace": ["77"], "nameOverride": "77", "componentOverride": "77", "plugins": {"extra": extra},
                    "metrics": {"serviceMonitor": {"enabled": True}}, "grafanaDashboard": {"enabled": True}, "flowSchema": {"enabled": True}}, ("77", "77"))

    def numbers(value, path=()):
        if isinstance(value, (dict, list)):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                yield from numbers(inner, (*path, key))
        elif value == 77:
            yield path

    assert not [(d["kind"], *path) for d in docs for path in numbers(d)]


REFUSED = {
    "a scheduler": ({"batchScheduler": {"name": "volcano"}}, "batchScheduler", "supported"),
    "the old switch of one": ({"batchScheduler": {"enabled": True}}, "batchScheduler"),
    "two without a Lease": ({"replicas": 2, "leaderElectionEnabled": False}, "replicas", "leaderElectionEnabled"),
    "replicas in words": ({"replicas": "two"}, "/replicas", "integer"),
    "an encoder": ({"logging": {"stdoutEncoder": "xml"}}, "stdoutEncoder"),
    "a variable from elsewhere": ({"env": [{"name": "CLUSTER_DOMAIN", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}]}, "env.CLUSTER_DOMAIN", "raykeeper migrate"),
    "a line that no INI file holds": ({"config": {"plugin:site": {"env": "A=" + "x" * 9000}}}, "plugin:site", "env", "8000", "raykeeper migrate"),
    "a comment inside of a value": ({"site": {"annotations": ["a=b ; c"]}}, "annotations", "comment"),
    "a map for an option": ({"config": {"operator": {"watch": {"a": 1}}}}, "/config/operator/watch"),
    "watch behind the roles' back": ({"config": {"operator": {"watch": "a"}}}, "watchNamespace"),
    "a drop-in that does so": ({"dropIns": {"a.ini": "[plugins]\ndisable = tls\n"}}, "dropIns.a.ini", "plugins.disable"),
    "a drop-in that is not read": ({"dropIns": {"a.txt": "x"}}, "a.txt", ".ini"),
    "probes without a page": ({"config": {"health": {"address": ""}}}, "config.health.address"),
    "a namespace that is none": ({"watchNamespace": ["Team A"]}, "watchNamespace", "Team A"),
    "namespaces without a comma": ({"watchNamespace": "team-a team-b"}, "watchNamespace", "team-a team-b"),
    "a slip in our own keys": ({"plugins": {"disabled": ["tls"]}}, "plugins", "disabled"),
    "a plugin from nowhere": ({"plugins": {"extra": [{"name": "a", "files": ["a.so"]}]}}, "/plugins/extra/0"),
    "a plugin that is no file": ({"plugins": {"extra": [{"name": "a", "image": "a", "files": ["a.txt"]}]}}, "/plugins/extra/0/files/0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_its_place(name):
    refused(*REFUSED[name])


# --- what watches it

def board():
    return json.loads((CHART / "files" / "dashboard.json").read_text())


def metrics_of_board():
    texts = [t["expr"] for p in board()["panels"] for t in p.get("targets", [])] + [v.get("definition", "") for v in board()["templating"]["list"]]
    return {name for text in texts for name in re.findall(r"\b([a-z]+(?:_[a-z0-9]+){2,})\b(?=[{,)])", text)}


# What KubeRay's own board reads (config/grafana of its repository), and the kinds that this version does not serve yet.
OF_KUBERAYS_BOARD = {"workqueue_depth", "controller_runtime_reconcile_total", "controller_runtime_reconcile_time_seconds_bucket", "controller_runtime_active_workers", "kuberay_cluster_info",
                     "kuberay_cluster_provisioned_duration_seconds", "kuberay_cluster_condition_provisioned", "kube_pod_status_ready", "kube_pod_info", "kuberay_job_info",
                     "kuberay_job_execution_duration_seconds", "kuberay_job_deployment_status"}
LATER = {"kuberay_service_info", "kuberay_service_condition_ready", "kuberay_service_condition_upgrade_in_progress"}


def test_the_board_reads_what_there_is():
    documented = set(re.findall(r"^\| `([a-z0-9_]+)`", (ROOT / "docs" / "metrics.md").read_text(), re.M))
    read = metrics_of_board()
    assert OF_KUBERAYS_BOARD - {"workqueue_depth"} <= read
    for name in read - OF_KUBERAYS_BOARD - LATER:
        assert re.sub(r"_(bucket|sum|count)$", "", name) in documented, name


def test_the_board_comes_whole_in_a_configmap():
    docs = objects({"grafanaDashboard": {"enabled": True, "namespace": "monitoring", "annotations": {"folder": "Ray"}}})
    made = one(docs, "ConfigMap", "dashboard")
    assert json.loads(made["data"]["raykeeper.json"]) == board() and made["metadata"]["namespace"] == "monitoring"
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1" and made["metadata"]["annotations"] == {"folder": "Ray"}


def test_the_servicemonitor_finds_the_service():
    docs = objects({"metrics": {"serviceMonitor": {"enabled": True, "namespace": "monitoring", "additionalLabels": {"release": "p"}}}})
    monitor, service = one(docs, "ServiceMonitor"), one(docs, "Service")
    assert set(monitor["spec"]["selector"]["matchLabels"].items()) <= set(service["metadata"]["labels"].items())
    assert monitor["spec"]["namespaceSelector"]["matchNames"] == [service["metadata"]["namespace"]] and monitor["metadata"]["labels"]["release"] == "p"
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["honorLabels"] is True and endpoint["targetPort"] == service["spec"]["ports"][0]["targetPort"]
