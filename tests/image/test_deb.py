"""The .deb: what is in it, that dpkg takes it, and that it runs from where it was put. Installed into an overlay of this machine, never into it."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from lib import image  # noqa: E402

UNIT = "usr/lib/systemd/system/raykeeper.service"
OF_THE_IMAGE = ("usr/bin/", "usr/lib/raykeeper/", "usr/share/raykeeper/", "etc/raykeeper/")

pytestmark = pytest.mark.skipif(image.why_not() is not None, reason=image.why_not() or "")

# A system that is this one, with all that is written to it kept in memory; gone with its namespace.
MACHINE = r"""
set -e
mount --make-rprivate /
mount -t tmpfs machine /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay /mnt/root -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work
for place in proc dev; do mount --rbind /$place /mnt/root/$place; done
mkdir -p /mnt/root/run /mnt/root/tmp
cp "$1" /mnt/root/raykeeper.deb
exec chroot /mnt/root /bin/bash -c "set -e; export DEBIAN_FRONTEND=noninteractive; $2"
"""


def run(*argv):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=dict(os.environ, LC_ALL="C.UTF-8"))
    assert done.returncode == 0, f"{argv[:4]}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def deb(tmp_path_factory):
    out = tmp_path_factory.mktemp("deb")
    run("cpack", "-G", "DEB", "--config", image.BUILD / "CPackConfig.cmake", "-B", out)
    (found,) = out.glob("*.deb")
    return found


@pytest.fixture(scope="module")
def files(deb, tmp_path_factory):
    """Unpacked: the folder, and (mode, owner, name) of each entry."""
    folder = tmp_path_factory.mktemp("files")
    run("dpkg-deb", "-x", deb, folder)
    rows = [line.split(None, 5) for line in run("dpkg-deb", "-c", deb).splitlines()]
    return folder, [(row[0], row[1], row[5].split(" -> ")[0].removeprefix("./").rstrip("/")) for row in rows]


def on_the_machine(deb, script):
    return run("unshare", "--mount", "bash", "-c", MACHINE, "machine", deb, script)


def test_its_name_version_and_dependencies(deb):
    version = re.search(r"project\(raykeeper VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    arch = run("dpkg", "--print-architecture").strip()
    assert deb.name == f"raykeeper_{version}_{arch}.deb"
    fields = dict(line.split(": ", 1) for line in run("dpkg-deb", "-f", deb).splitlines() if re.match(r"[A-Z][\w-]*: ", line))
    assert (fields["Package"], fields["Version"], fields["Architecture"]) == ("raykeeper", version, arch)
    assert fields["Maintainer"] and fields["Section"] == "admin" and fields["Description"]
    needed = {re.split(r"[ (]", word)[0] for word in fields["Depends"].split(", ")}
    assert {"libc6", "libcurl4", "libcjson1", "libyaml-0-2", "libinih1", "libmicrohttpd12", "libssl3"} == needed
    assert "libc6 (>= " in fields["Depends"]


def test_its_control_files_are_those_that_are_needed(deb, tmp_path):
    run("dpkg-deb", "-e", deb, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"control", "md5sums", "conffiles", "postinst", "prerm", "postrm"}
    assert (tmp_path / "conffiles").read_text() == "/etc/raykeeper/raykeeper.ini\n"
    for name in ("postinst", "prerm", "postrm"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o755
        run("sh", "-n", tmp_path / name)


def test_it_holds_what_the_image_holds_and_what_a_machine_needs_besides(files, tmp_path):
    folder, rows = files
    image.lay(tmp_path)
    ours = {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()}
    theirs = {str(p.relative_to(tmp_path / "root")): p for p in (tmp_path / "root").rglob("*") if p.is_file()}
    shared = {name for name in theirs if name.startswith(OF_THE_IMAGE)}
    assert len(shared) > 15
    for name in shared:
        assert ours[name].read_bytes() == theirs[name].read_bytes(), name
    besides = set(ours) - shared
    assert besides == {
        UNIT, "usr/share/man/man8/raykeeper.8.gz", "usr/share/man/man5/raykeeper.ini.5.gz", "usr/share/bash-completion/completions/raykeeper",
        "usr/share/doc/raykeeper/LICENSE", "usr/share/doc/raykeeper/copyright",
        *(f"usr/share/doc/raykeeper/examples/{name}.yaml" for name in ("raycluster", "raycluster-autoscaler", "raycluster-full"))}
    assert "etc/raykeeper/raykeeper.d" in [name for _, _, name in rows]


def test_nobody_but_root_may_write_what_it_brings(files):
    for mode, owner, name in files[1]:
        assert owner == "root/root" and mode[5] == mode[8] == "-" and "s" not in mode, (mode, owner, name)
        runnable = mode[0] == "-" and "x" in mode
        assert runnable == (name == "usr/bin/raykeeper"), (mode, name)


def test_it_is_installed_runs_from_there_and_goes_again(deb):
    told = on_the_machine(deb, r"""
        dpkg -i /raykeeper.deb >/dev/null
        echo "status: $(dpkg-query -W -f '${Status}' raykeeper)"
        raykeeper version
        raykeeper plugin list | sed -n 's/.* /plugin: /p'
        raykeeper conf | grep -c . | sed 's/^/conf: /'
        raykeeper render /usr/share/doc/raykeeper/examples/raycluster.yaml | grep -c '^kind:' | sed 's/^/rendered: /'
        dpkg --verify raykeeper
        echo '; mine' >>/etc/raykeeper/raykeeper.ini
        dpkg -i /raykeeper.deb >/dev/null; grep -c '^; mine' /etc/raykeeper/raykeeper.ini | sed 's/^/kept over an upgrade: /'
        dpkg -r raykeeper >/dev/null; test ! -e /usr/bin/raykeeper; grep -c '^; mine' /etc/raykeeper/raykeeper.ini | sed 's/^/kept over a removal: /'
        dpkg -P raykeeper >/dev/null 2>&1; test ! -e /etc/raykeeper && test ! -e /usr/lib/raykeeper && echo 'purged'
        """)
    assert "status: install ok installed" in told and re.search(r"^raykeeper \d", told, flags=re.M), told
    plugins = re.findall(r"^plugin: (.*)$", told, flags=re.M)
    assert plugins and all(os.path.normpath(p).startswith("/usr/lib/raykeeper/plugins/") for p in plugins if p != "FILE"), told
    assert re.search(r"^conf: [1-9]", told, flags=re.M) and re.search(r"^rendered: [1-9]", told, flags=re.M), told
    assert "kept over an upgrade: 1" in told and "kept over a removal: 1" in told and told.endswith("purged\n"), told
    assert not os.path.exists("/usr/lib/raykeeper"), "it was installed on this machine"


def test_systemd_takes_the_unit_and_finds_it_well_closed(deb):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze on this machine")
    told = on_the_machine(deb, f"""
        dpkg -i /raykeeper.deb >/dev/null
        systemd-analyze verify --man=no /{UNIT} 2>&1 | sed 's/^/verify: /'
        systemd-analyze security --offline=true --threshold=20 /{UNIT} 2>&1 | tail -n 1 || echo 'not well closed'
        """)
    assert not re.search(r"^verify: .*raykeeper", told, flags=re.M), told
    (figure,) = re.findall(r"`systemd-analyze security` gives it ([\d.]+) of 10", (ROOT / "config/deb/README.md").read_text())
    assert f"exposure level for raykeeper.service: {figure} " in told and "not well closed" not in told, told


def test_the_unit_says_what_the_documents_say(files):
    unit = (files[0] / UNIT).read_text()
    for line in ("DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes", "RuntimeDirectory=raykeeper", "Restart=on-failure",
                 "RestartPreventExitStatus=2 78", "ExecStart=/usr/bin/raykeeper run", "LoadCredential=kubeconfig:/etc/raykeeper/kubeconfig",
                 "AssertPathExists=/etc/raykeeper/kubeconfig"):
        assert line in unit.splitlines(), line
    assert "WatchdogSec" not in unit, "nobody tells systemd's watchdog; the master watches the worker"
