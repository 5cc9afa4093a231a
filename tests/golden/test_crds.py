"""`raykeeper crds print`: the definitions come with the program, in a build tree and installed, and need no cluster."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.asan

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "config" / "crd"
BUILD = Path(os.environ.get("RK_BUILD") or ROOT / "build")
OURS = {path.stem.partition("_")[2]: yaml.load(path.read_text(), yaml.CSafeLoader) for path in FOLDER.glob("ray.io_*.yaml")}


def crds(*args, code=0, program=BUILD / "raykeeper"):
    done = subprocess.run([program, "crds", *map(str, args)], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                          env={"PATH": os.environ["PATH"]})
    assert done.returncode == code, done.stderr
    return done


def printed(*args, **how):
    return {doc["metadata"]["name"]: doc for doc in yaml.load_all(crds("print", *args, **how).stdout, yaml.CSafeLoader)}


def test_all_four_are_printed_as_they_are():
    assert printed() == {f"{plural}.ray.io": doc for plural, doc in OURS.items()} and len(OURS) == 4


@pytest.mark.parametrize("word", ["RayJob", "rayjob", "rayjobs", "rayjobs.ray.io", "RAYJOBS"])
def test_one_is_printed_by_any_of_its_names(word):
    assert list(printed(word)) == ["rayjobs.ray.io"]


def test_a_kind_of_another_group_is_printed_by_its_full_name_alone():
    assert list(printed("raycluster")) == ["rayclusters.ray.io"]
    assert list(printed("rayclusters.cluster.ray.io")) == ["rayclusters.cluster.ray.io"]


def test_an_unknown_name_is_told_with_those_that_there_are():
    done = crds("print", "raydog", code=2)
    assert "'raydog'" in done.stderr and "rayjobs.ray.io" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("args", [[], ["show"], ["print", "--force-conflicts"], ["check", "--migrate-storage"], ["apply", "--timeout", "soon"]])
def test_wrong_use_is_told(args):
    assert crds(*args, code=2).stderr.startswith(("usage:", "raykeeper"))


def test_an_installed_program_finds_its_own(tmp_path):
    (tmp_path / "bin").mkdir()
    shutil.copy(BUILD / "raykeeper", tmp_path / "bin")
    shutil.copytree(BUILD / "plugins", tmp_path / "lib" / "raykeeper" / "plugins")
    (tmp_path / "share" / "raykeeper" / "crd").mkdir(parents=True)
    shutil.copy(FOLDER / "ray.io_rayjobs.yaml", tmp_path / "share" / "raykeeper" / "crd")
    assert list(printed(program=tmp_path / "bin" / "raykeeper")) == ["rayjobs.ray.io"]


@pytest.mark.parametrize("text, said", [("a: [", "broken.yaml:2"), ("kind: Pod\nmetadata: {name: x}\n", "not one CustomResourceDefinition"), ("", "not one")])
def test_a_folder_with_something_else_in_it_is_refused_with_the_file(tmp_path, text, said):
    (tmp_path / "broken.yaml").write_text(text)
    done = crds("print", "--set", f"crds.path={tmp_path}", code=1)
    assert said in done.stderr and "broken.yaml" in done.stderr and done.stdout == ""


def test_a_folder_that_is_not_there_is_told_with_its_option(tmp_path):
    assert "crds.path" in crds("print", "--set", f"crds.path={tmp_path}/none", code=1).stderr
    assert "holds no definition" in crds("print", "--set", f"crds.path={tmp_path}", code=1).stderr


def test_a_folder_with_too_many_files_is_refused_and_none_left_out(tmp_path):
    for i in range(65):
        (tmp_path / f"{i}.txt").write_text("")
    assert f"{tmp_path}: more than 64 files" in crds("print", "--set", f"crds.path={tmp_path}", code=1).stderr


SCHEMA_WORDS = {"type", "description", "properties", "items", "additionalProperties", "enum", "default", "required", "minimum", "maximum", "minLength",
                "maxLength", "minItems", "pattern", "format", "nullable"}


def unknown_words(schema, where):
    yield from (f"{where}: {word}" for word in schema if word not in SCHEMA_WORDS and not word.startswith("x-kubernetes-"))
    for name, value in schema.get("properties", {}).items():
        yield from unknown_words(value, f"{where}.{name}")
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from unknown_words(schema[word], f"{where}.{word}")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("**/*.ray.io_*.yaml")) + sorted(FOLDER.glob("ray.io_*.yaml")), ids=lambda path: path.stem)
def test_a_schema_says_nothing_that_is_none_of_its_words(path):
    """A comma in a description without quotes makes a word of what follows; a create drops it, server-side apply refuses the whole definition."""
    for version in yaml.load(path.read_text(), yaml.CSafeLoader)["spec"]["versions"]:
        assert not list(unknown_words(version["schema"]["openAPIV3Schema"], version["name"]))
