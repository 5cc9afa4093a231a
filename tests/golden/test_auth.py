"""Who may ask for tokens; and that no token is in what `render` shows."""
import json

import pytest

from renderer import NOW, run

pytestmark = pytest.mark.asan


def said(tmp_path, version, *args, **options):
    """(exit code, complaints, objects) of a cluster with these authOptions."""
    spec = {"headGroupSpec": {"template": {"spec": {"containers": [{"name": "ray", "image": "i"}]}}}, "authOptions": options}
    if version is not None:
        spec["rayVersion"] = version
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"}, "spec": spec}))
    done = run("render", *NOW, *args, file)
    return done.returncode, done.stderr, done.stdout


@pytest.mark.parametrize("version", ["2.52.0", "2.52", "v2.52.1", "2.100", "3.0", "2.52.0rc1", "2.52.0.dev0"])
def test_a_version_that_knows_tokens(tmp_path, version):
    assert said(tmp_path, version, mode="token")[0] == 0


@pytest.mark.parametrize("version", [None, "", "2.51.9", "2", "1.99.0", "nightly", "v", "2.x", ".52", "vv2.52"])
def test_a_version_that_does_not_or_is_none(tmp_path, version):
    code, text, *_ = said(tmp_path, version, mode="token")
    assert code == 1 and " /spec/rayVersion: " in text and "2.52.0 or later" in text, text


def test_tokens_of_kubernetes_need_a_later_version_and_no_secret(tmp_path):
    assert said(tmp_path, "2.55.0", mode="token", enableK8sTokenAuth=True)[0] == 0
    code, text, *_ = said(tmp_path, "2.54.9", mode="token", enableK8sTokenAuth=True)
    assert code == 1 and " /spec/rayVersion: " in text and "2.55.0 or later" in text, text
    code, text, *_ = said(tmp_path, "2.55.0", mode="token", enableK8sTokenAuth=True, secretName="mine")
    assert code == 1 and " /spec/authOptions/secretName: " in text, text


@pytest.mark.parametrize("mode", [None, "disabled"])
def test_tokens_of_kubernetes_need_the_mode(tmp_path, mode):
    code, text, *_ = said(tmp_path, "2.55.0", **({"mode": mode} if mode else {}), enableK8sTokenAuth=True)
    assert code == 1 and " /spec/authOptions/enableK8sTokenAuth: " in text, text


@pytest.mark.parametrize("field, value", [("mode", "Token"), ("mode", 1), ("secretName", 1), ("enableK8sTokenAuth", "true")])
def test_values_that_are_none(tmp_path, field, value):
    code, text, *_ = said(tmp_path, "2.55.0", **{"mode": "token", field: value})
    assert code == 1 and f" /spec/authOptions/{field}: " in text, text


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    text = said(tmp_path, "2.0", mode="token", secretName="mine", enableK8sTokenAuth=True)[1]
    assert " /spec/rayVersion " in text and " /spec/authOptions/secretName " in text, text


def test_switched_off_nothing_of_it_is_judged_or_made(tmp_path):
    code, _, out = said(tmp_path, None, "--set", "plugins.disable=auth", mode="token")
    assert code == 0 and "AUTH" not in out and "Secret" not in out


def test_the_secret_is_shown_without_a_token(tmp_path):
    """Nothing random is made for a rendering: twice the same, and no data at all."""
    outs = [said(tmp_path, "2.52.0", "-o", "json", mode="token")[2] for _ in range(2)]
    assert outs[0] == outs[1]
    secret = [obj for obj in json.loads(outs[0]) if obj["kind"] == "Secret"]
    assert len(secret) == 1 and set(secret[0]) == {"apiVersion", "kind", "metadata"}


@pytest.mark.parametrize("key, value", [("secret-key", "a b"), ("secret-key", ""), ("mount", "run/token"), ("mount", "/a]"), ("token-expiry", "5m"), ("token-expiry", "soon")])
def test_options_that_are_none_stop_the_start_with_their_place(tmp_path, key, value):
    ini = tmp_path / "raykeeper.ini"
    ini.write_text(f"[plugin:auth]\n\n{key} = {value}\n")
    done = run("conf", "--config", ini)
    assert done.returncode == 78 and f"{ini}:3: " in done.stderr and key in done.stderr, done.stderr
