"""What documents say is so: pages made from the program are up to date, and what the others name is there."""
import re
import subprocess

import pytest

from renderer import RAYKEEPER, ROOT, run

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "config").rglob("*.md")])
MANUALS = sorted((ROOT / "docs" / "man").glob("*.[1-8]"))
SOURCES = ("core", "plugins", "include")
WORDS = re.compile(r"(?m)^  ([a-z][a-z-]*) +\S")


def name(path):
    return str(path.relative_to(ROOT))


def helps():
    """command -> its help."""
    return {word: run(word, "--help").stdout for word in WORDS.findall(run("--help").stdout)}


def options_of(text):
    return set(re.findall(r"(?<![\w-])--([a-z][a-z-]*[a-z])", text))


HELPS = helps()


# --- manual pages

def test_pages_made_from_the_program_are_up_to_date():
    done = subprocess.run([ROOT / "docs" / "generate", "--check", "--program", RAYKEEPER], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", MANUALS, ids=name)
def test_a_manual_page_is_well_formed(page):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and not done.stdout, done.stdout


def sections():
    """command -> its part of the manual as a reader sees it."""
    done = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=300", ROOT / "docs" / "man" / "raykeeper.8"], capture_output=True, text=True, timeout=60, check=True)
    text = re.sub(r".\x08", "", done.stdout)
    part = text.split("\nCOMMANDS\n")[1].split("\nSIGNALS\n")[0]
    found = re.split(r"(?m)^ {3}([a-z][a-z-]*)$", part)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


def test_every_command_is_in_the_manual_and_no_other():
    assert list(sections()) == list(HELPS)


@pytest.mark.parametrize("command", HELPS)
def test_every_option_and_exit_code_of_a_command_is_in_the_manual(command):
    its, said = HELPS[command], sections()[command]
    assert options_of(its) <= options_of(said) | {"help"}, command
    codes = set(re.findall(r"(?:^|[,;])\s*(\d+) ", its.split("exit codes:")[1]))
    assert codes and codes == set(re.findall(r"(?m)^ +(\d+) ", said.split("Exit codes:")[1])), command


# --- what documents name

def prose(page):
    """Without blocks of code."""
    return re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))


def code(page):
    """What a reader may type: lines of blocks, and what stands between backticks."""
    text = re.sub(r"\\\n\s*", " ", page.read_text(encoding="utf-8"))
    for block in re.findall(r"(?ms)^```[^\n]*\n(.*?)^```$", text):
        yield from block.splitlines()
    text = re.sub(r"(?ms)^```.*?^```$", "", text)
    yield from re.findall(r"(?m)^ {4,}(\S.*)$", text)
    yield from re.findall(r"`([^`\n]+)`", text)


def anchors(page):
    """As GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"(?m)^#+ +(.*)$", prose(page))}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"https?:", target):
            continue
        file, _, anchor = target.partition("#")
        other = (page.parent / file).resolve() if file else page
        assert other.exists(), f"{name(page)}: {target}"
        assert not anchor or anchor in anchors(other), f"{name(page)}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_that_are_named_exist(page):
    for path in re.findall(r"`((?:config|core|docs|include|plugins|tests|\.ci)/[\w./-]+)`", prose(page)):
        assert (ROOT / path).exists() or (page.parent / path).exists(), f"{name(page)}: {path}"


def known_options():
    found, section = set(), ""
    for line in run("conf", "--document").stdout.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            found.add((section, None))
        elif re.match(r";[a-z0-9-]+ =", line):
            found.add((section, line[1:].split(" =")[0]))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_options_that_are_named_exist(page):
    known, text = known_options(), page.read_text(encoding="utf-8")
    foreign = re.compile(r"plugin:(acme|x)$")  # those of examples
    for section, key in re.findall(r"`\[([a-z][a-z:-]*)\](?: ([a-z][a-z0-9-]+))?", text):
        if not foreign.match(section) and (key or section.startswith("plugin:")):
            assert (section, key or None) in known, f"{name(page)}: [{section}] {key}"
    for line in (line for line in code(page) if re.search(r"\braykeeper [a-z]", line) and "helm" not in line):
        for section, key in re.findall(r"--set[ =]([a-z-]+(?::[a-z-]+)?)\.([a-z0-9-]+)=", line):
            assert foreign.match(section) or (section, key) in known, f"{name(page)}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_that_are_named_exist_with_their_options(page):
    for line in code(page):
        for word, rest in re.findall(r"(?:^|[$(|;&] *|build/|/bin/|-- )raykeeper ([a-z][a-z-]+)\b([^|&;>#]*)", line):
            assert word in HELPS, f"{name(page)}: {line}"
            assert options_of(rest) <= options_of(HELPS[word]) | {"help"}, f"{name(page)}: {line}"
        for word in re.findall(r"(?:^|&& )(?:\w+=\S+ )*make ([a-z][a-z0-9-]*)", line):
            assert re.search(rf"(?m)^{word}:", (ROOT / "Makefile").read_text()), f"{name(page)}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_metrics_that_are_named_exist(page):
    known = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for metric in re.findall(r"\b((?:raykeeper|kuberay|controller_runtime|workqueue|rest_client|leader_election|process)_[a-z_]+[a-z])\b", page.read_text(encoding="utf-8")):
        base = re.sub(r"_(bucket|sum|count)$", "", metric)
        assert f"`{base}`" in known or f"`{metric}`" in known, f"{name(page)}: {metric}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_words_of_the_log_and_reasons_of_events_are_in_the_sources(page):
    """`log: WORDS`, `event REASON`, `condition TYPE`."""
    said = "\n".join(f.read_text(encoding="utf-8") for top in SOURCES for f in (ROOT / top).rglob("*.[ch]"))
    said = re.sub(r'"\s*\n\s*"', "", said)
    for words in re.findall(r"\blog: `([^`]+)`", page.read_text(encoding="utf-8")):
        assert f'"{words}' in said, f"{name(page)}: {words}"
    for word in re.findall(r"\b(?:event|condition) `([A-Z][A-Za-z]+)`", page.read_text(encoding="utf-8"), flags=re.I):
        assert re.search(rf'"{word}"', said), f"{name(page)}: {word}"


def test_images_that_are_named_are_of_this_version():
    version = run("version").stdout.split()[1]
    named = {(name(page), tag) for page in PAGES for tag in re.findall(r"raykeeper/raykeeper:(\d[\w.-]*\w)", page.read_text(encoding="utf-8"))}
    assert {tag for _, tag in named} == {version}, named


def test_the_plugin_that_the_readme_shows_is_the_one_that_is_built():
    source = (ROOT / "plugins" / "shm.c").read_text(encoding="utf-8")
    shown, = re.findall(r"(?s)```c\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown in source and f"{source.count(chr(10))} lines in all" in (ROOT / "README.md").read_text(encoding="utf-8")
