"""Stories of `raykeeper render`: <story>/cr.yaml in, <story>/want.yaml out, complete, every list in its order.

    pytest tests/golden/test_render.py -k minimal
    pytest tests/golden/test_render.py --accept     writes want.yaml anew: then read `git diff`, line by line

A story may have a file `args`: further arguments of render, one a line; {story} is its folder. The head of cr.yaml says what the story is about."""
from pathlib import Path

import pytest
import yaml

from renderer import NOW, render, run, stable

HERE = Path(__file__).resolve().parent
STORIES = sorted(path.parent for path in HERE.glob("*/cr.yaml"))
pytestmark = pytest.mark.asan


class Readable(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def text(dumper, value):
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


Readable.add_representer(str, text)


def dump(objects):
    return yaml.dump_all(objects, Dumper=Readable, sort_keys=False, width=4000, allow_unicode=True)


def arguments(story):
    more = (story / "args").read_text().replace("{story}", str(story)).splitlines() if (story / "args").exists() else []
    return [*more, story / "cr.yaml"]


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_story(story, request):
    got = [stable(obj) for obj in render(*arguments(story))]
    want = story / "want.yaml"
    if request.config.getoption("--accept"):
        want.write_text(dump(got))
        return
    expected = list(yaml.safe_load_all(want.read_text()))
    names = [(obj["kind"], obj["metadata"]["name"]) for obj in got]
    assert names == [(obj["kind"], obj["metadata"]["name"]) for obj in expected]
    for obj, other in zip(got, expected):
        assert obj == other, f"{obj['kind']} {obj['metadata']['name']}"


def test_every_folder_is_a_story():
    assert STORIES and STORIES == sorted(path for path in HERE.iterdir() if path.is_dir() and not path.name.startswith(("_", ".")))


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_rendering_twice_gives_the_same_bytes(story):
    first, second = (run("render", *NOW, *arguments(story)) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout and first.stdout == second.stdout
