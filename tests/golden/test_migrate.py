"""`raykeeper migrate`: stories of _migrate, each with what goes in, what comes out and what is told of it (tests/lib/migrate.py).

    pytest tests/golden/test_migrate.py -k start-prefix
    pytest tests/golden/test_migrate.py --accept     writes what comes out into the stories: then read `git diff`, line by line"""
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from renderer import NOW, ROOT, run

sys.path.insert(0, str(ROOT / "tests"))

from lib.migrate import STANDING, notices, stories  # noqa: E402
from lib.schema import faults, schema  # noqa: E402

HERE = Path(__file__).resolve().parent / "_migrate"
VALUES = ROOT / "config" / "samples" / "legacy-values.yaml"
STORIES = stories()
pytestmark = pytest.mark.asan


@pytest.fixture(scope="session")
def crd():
    return schema()


def legal(objects, rule, tmp_path):
    """What comes out is what our CRD lets through, whole, and `render` makes pods of it."""
    for obj in objects:
        if obj["kind"] == "RayCluster":
            assert list(faults({key: obj[key] for key in ("metadata", "spec")}, rule)) == []
            assert set(obj) == {"apiVersion", "kind", "metadata", "spec"}
    file = tmp_path / "out.json"
    for obj in objects:
        if obj["kind"] == "RayCluster":
            for group in obj["spec"]["workerGroupSpecs"]:
                group["replicas"] = min(1, group["maxReplicas"])  # else there is no pod to look at
            file.write_text(json.dumps(obj))
            done = run("render", *NOW, file)
            assert done.returncode == 0 and "kind: Pod" in done.stdout, done.stderr
            readable(pod for pod in yaml.safe_load_all(done.stdout) if pod["kind"] == "Pod")


def readable(pods):
    """The line that is made of what runs before Ray and of `ray start` is one that a shell can read."""
    for pod in pods:
        ray = pod["spec"]["containers"][0]
        if ray["command"] == ["/bin/bash", "-c", "--"]:
            said = subprocess.run(["bash", "-n", "-c", ray["args"][0]], capture_output=True, text=True, check=False)
            assert (said.returncode, said.stderr) == (0, ""), ray["args"]


@pytest.mark.parametrize("story", STORIES, ids=repr)
def test_story(story, tmp_path, request):
    done = run("migrate", *story.arguments(tmp_path))
    told = notices(done.stderr, tmp_path)
    results = {"code": f"{done.returncode}\n", "notices": told, "want.yaml": done.stdout}
    if request.config.getoption("--accept"):
        story.accept(results)
        return
    for name, result in results.items():
        assert result == story.want(name), name


@pytest.mark.parametrize("story", STORIES, ids=repr)
def test_what_comes_out_is_legal_and_renders(story, tmp_path, crd):
    objects = list(yaml.safe_load_all(story.want("want.yaml")))
    assert objects or story.name == "chart-operator-only"
    legal(objects, crd, tmp_path)


@pytest.mark.parametrize("story", STORIES, ids=repr)
def test_exit_status_says_whether_something_is_lost(story):
    assert story.want("code") == ("2\n" if re.search(r"^lossy: ", story.want("notices"), re.M) else "0\n")


@pytest.mark.parametrize("story", [s for s in STORIES if s.name in ("minimal", "several", "explicit", "compat-service")], ids=repr)
def test_json_says_the_same(story, tmp_path):
    done = run("migrate", "-o", "json", *story.arguments(tmp_path))
    assert json.loads(done.stdout) == list(yaml.safe_load_all(story.want("want.yaml")))


def test_the_documented_example():
    done = run("migrate", VALUES, "--name", "raycluster-example")
    assert done.returncode == 0 and "lossy" not in done.stderr, done.stderr
    assert yaml.safe_load(done.stdout) == yaml.safe_load((HERE / "documented.yaml").read_text())
    assert [text for text in STANDING if text not in done.stderr] == []


def test_the_documented_example_written_out():
    """preStop hooks and a wait for the head's GCS, by the Ray image itself."""
    done = run("migrate", VALUES, "--explicit")
    spec = yaml.safe_load(done.stdout)["spec"]
    pods = [group["template"]["spec"] for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"])]
    assert {str(pod["containers"][0].pop("lifecycle")) for pod in pods} == {str({"preStop": {"exec": {"command": ["/bin/sh", "-c", "ray stop"]}}})}
    waits = [pod.pop("initContainers") for pod in pods[1:]]
    assert all(len(wait) == 1 and wait[0]["image"] == "rayproject/ray-ml:2.0.0-gpu" and "ray health-check --address" in wait[0]["args"][0] for wait in waits)
    assert spec == yaml.safe_load((HERE / "documented.yaml").read_text())["spec"]


def test_a_notice_is_told_once_of_many_clusters(tmp_path):
    story = next(s for s in STORIES if s.name == "several")
    done = run("migrate", *story.arguments(tmp_path))
    assert [done.stderr.count(text) for text in STANDING] == [1] * len(STANDING)
    assert [int(n) for n in re.findall(r"^(\d+)\. ", done.stderr, re.M)] == list(range(1, done.stderr.count("\n") + 1))


def test_every_story_file_is_whole():
    assert len(STORIES) > 80
    assert all(set(story.parts) >= {"code", "notices", "want.yaml"} for story in STORIES)


def test_the_readme_shows_what_is_said():
    block = (ROOT / "README.md").read_text().split("$ build/raykeeper ", 1)[1].split("\n```", 1)[0]
    line, *shown = block.splitlines()
    words, _, lines = line.partition(" | head -n ")
    done = run(*[ROOT / w if w.startswith("config/") else w for w in words.split()])
    assert done.returncode == 0
    told = done.stderr.splitlines()[:len(shown) - int(lines) - 1]
    assert shown == done.stdout.splitlines()[:int(lines)] + told + ["..."] and told
