"""Stories of `raykeeper migrate`: one file each, tests/golden/_migrate/NAME.story.

    # what it is about
    === values.yaml      each input file, in the order in which it is given
    === args             more arguments, one a line
    === code             of these three --accept writes what came out: the exit status,
    === notices          the notices, without those that are true of every cluster,
    === want.yaml        and the output, comments and all"""
import re
from pathlib import Path

STORIES = sorted((Path(__file__).resolve().parents[1] / "golden" / "_migrate").glob("*.story"))
RESULTS = ("code", "notices", "want.yaml")
# Told of every cluster; a story of its own shows them.
STANDING = ("Ray counts the whole memory limit of a pod;", "the head's Service is <cluster>-head-svc,", "pods are called <cluster>-head-", "pods have probes, and workers")


class Story:
    def __init__(self, path):
        self.path, self.name, self.parts = path, path.stem, {}
        self.about, *parts = re.split(r"^=== (\S+)\n", path.read_text(), flags=re.M)
        self.parts = dict(zip(parts[::2], parts[1::2]))

    def __repr__(self):
        return self.name

    def arguments(self, folder):
        """Writes the input files; returns the arguments behind `migrate`."""
        files = [name for name in self.parts if name.endswith(".yaml") and name not in RESULTS]
        for name in files:
            (folder / name).write_text(self.parts[name])
        return [*(folder / name for name in files), *self.parts.get("args", "").splitlines()]

    def want(self, name):
        return self.parts.get(name, "")

    def accept(self, results):
        inputs = {name: text for name, text in self.parts.items() if name not in RESULTS}
        self.path.write_text(self.about + "".join(f"=== {name}\n{text}" for name, text in {**inputs, **results}.items()))


def notices(stderr, folder):
    """Without their numbers, the folder and what is told of every cluster."""
    texts = [re.sub(r"^\d+\. ", "", line) for line in stderr.replace(f"{folder}/", "").splitlines()]
    return "".join(f"{text}\n" for text in texts if not text.startswith(STANDING))


def stories():
    return [Story(path) for path in STORIES]
