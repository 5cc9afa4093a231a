"""The image's root for 64-bit ARM: complete, and it runs from its own libraries. Run by `make arm64`, which builds what it needs."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from lib import image  # noqa: E402

CACHE = image.BUILD / "CMakeCache.txt"
BUILT = CACHE.exists() and "config/arm64/toolchain.cmake" in CACHE.read_text(errors="replace")
TOOLS = ROOT / "config" / "arm64"

pytestmark = [pytest.mark.skipif(image.why_not() is not None, reason=image.why_not() or ""),
              pytest.mark.skipif(not BUILT, reason="this is not the build for arm64: make arm64")]


@pytest.fixture(scope="module")
def sysroot():
    return Path(subprocess.run([TOOLS / "sysroot", "--where"], capture_output=True, text=True, check=True).stdout.strip()).resolve()


@pytest.fixture(scope="module")
def top(sysroot, tmp_path_factory):
    out = tmp_path_factory.mktemp("arm64")
    image.tool("rootfs", "--build", image.BUILD, "--sysroot", sysroot, out)
    image.tool("sbom", out)
    return out / "root"


def test_no_link_of_the_sysroot_leads_out_of_it(sysroot):
    """A link to the root of a system would lead into this machine, and whoever writes through it would write there."""
    links = [p for folder in ("usr/lib", "usr/include") for p in (sysroot / folder).rglob("*") if p.is_symlink()]
    assert len(links) > 20
    for link in links:
        target = Path(os.path.normpath(link.parent / os.readlink(link)))
        assert sysroot in target.parents, link
    assert os.readlink(sysroot / "usr/lib/ssl/certs") == "../../../etc/ssl/certs"


def readelf(path, what):
    return subprocess.run(["readelf", what, "-W", path], capture_output=True, text=True, check=True).stdout


def test_everything_in_it_is_for_arm_and_what_it_needs_is_there(top):
    found = [p for p in top.rglob("*") if p.is_file() and not p.is_symlink() and p.read_bytes()[:4] == b"\x7fELF"]
    there = {p.name for p in (top / "usr/lib").rglob("*")}
    assert len(found) > 40
    for path in found:
        assert re.search(r"Machine:\s+AArch64", readelf(path, "-h")), path
        assert set(re.findall(r"\(NEEDED\).*\[(.*)\]", readelf(path, "-d"))) <= there, path
    assert "Architecture: arm64" in (top / "var/lib/dpkg/status.d/libcurl4").read_text()
    assert "arch=arm64" in (top.parent / "raykeeper.spdx.json").read_text()


@pytest.mark.parametrize("words, answer", [
    (("version",), r"^raykeeper \d"), (("plugin", "list"), r"/usr/lib/raykeeper/plugins/|/\.\./lib/raykeeper/plugins/"), (("conf",), r"log-level = info")])
def test_it_runs_from_its_own_libraries(top, words, answer):
    enter = 'mount --rbind /proc "$1/proc" && unset QEMU_LD_PREFIX && top=$1 && shift && exec chroot "$top" /usr/bin/raykeeper "$@"'
    done = subprocess.run([TOOLS / "run", "bash", "-c", enter, "-", top, *words], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0 and re.search(answer, done.stdout, flags=re.M), done.stdout + done.stderr
