"""The program under test, and `render` as Python objects."""
import json
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RAYKEEPER = os.environ.get("RAYKEEPER") or str((Path(os.environ.get("RK_BUILD", ROOT / "build")) / "raykeeper").resolve())
NOW = ("--now", "2026-01-02T03:04:05Z")
LIMIT_S = 60 * (5 if os.environ.get("RK_SUBSET") == "asan" else 1)


def run(*args, stdin=None):
    """Never a crash, a hang or a sanitizer's report, whatever the input."""
    env = {key: value for key, value in os.environ.items() if key not in ("RAYKEEPER_CONFIG", "KUBECONFIG")}
    done = subprocess.run([RAYKEEPER, *map(str, args)], input=stdin, capture_output=True, timeout=LIMIT_S, check=False, env=env)
    done.stdout, done.stderr = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    assert done.returncode in (0, 1, 2, 78), f"ended with {done.returncode}: {done.stderr[-2000:]}"
    assert "Sanitizer" not in done.stderr, done.stderr
    return done


def told(tmp_path, obj):
    """What `render` says of this object alone."""
    file = tmp_path / "told.json"
    file.write_text(json.dumps(obj))
    return run("render", *NOW, file)


def refused(tmp_path, obj, path):
    done = told(tmp_path, obj)
    assert done.returncode == 1 and not done.stdout.strip(), done.stdout
    assert f" {path}: " in done.stderr, done.stderr


def allowed(tmp_path, obj):
    done = told(tmp_path, obj)
    assert done.returncode == 0 and "kind: Pod" in done.stdout, done.stderr


def render(*args):
    """The objects in the order in which they are made, each list in its order."""
    done = run("render", "-o", "json", *NOW, *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def stable(obj, template_hash=False):
    """Without what is no promise of `render`: chosen characters of a name, hashes, our version. The template's hash, which every pod has,
    goes as a whole unless it is asked for: it says nothing to who reads a story."""
    obj = json.loads(json.dumps(obj))
    if obj["kind"] == "Pod":
        obj["metadata"]["name"] = re.sub(r"-[bcdfghjklmnpqrstvwxz2456789]{5}$", "-<5>", obj["metadata"]["name"])
        notes = obj["metadata"].get("annotations", {})
        if not template_hash and notes.pop("raykeeper.io/template-hash", None) and not notes:
            del obj["metadata"]["annotations"]
        if "ray.io/upgrade-strategy-recreate-hash" in notes:
            notes["ray.io/upgrade-strategy-recreate-hash"] = "<hash>"
        if "ray.io/kuberay-version" in notes:
            notes["ray.io/kuberay-version"] = re.sub(r"^raykeeper-\d+\.\d+\.\d+$", "<version>", notes["ray.io/kuberay-version"])
        for env in obj["spec"]["containers"][0].get("env", []):
            if env["name"] == "RAY_USAGE_STATS_EXTRA_TAGS" and "value" in env:
                env["value"] = re.sub(r"=raykeeper-\d+\.\d+\.\d+;", "=<version>;", env["value"])
    return obj
