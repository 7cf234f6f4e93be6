"""A machine of its own on this one: systemd as its first process, a root of its own, this machine's network.

It is what a new machine of Amazon Linux is, but for this: ``dnf`` installs nothing; ``python3.11`` is the one that runs the tests, and a
venv that it makes finds their packages, so that pip (which runs as it is, without an index) finds every version that it wants; ``aws`` is
the real one where it is installed with that Python, else tests/peers/awscli.py. A role's credentials are in the environment.

It has no capability to mount, to boot or to set a clock, so it can do nothing to the machine that it is on.
"""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from tests.suite import processes

ROOT = Path(__file__).parent.parent.parent
SYSTEMD = Path("/usr/lib/systemd/systemd")
TOOLS = ("unshare", "nsenter", "pivot_root", "setpriv", "useradd")
LINKS = ("bin", "sbin", "lib", "lib64")
UNITS = (
    *("basic.target", "sysinit.target", "multi-user.target", "timers.target", "sockets.target", "paths.target"),
    *("slices.target", "network.target", "network-online.target", "time-set.target", "time-sync.target"),
    *(
        "shutdown.target",
        "umount.target",
        "final.target",
        "poweroff.target",
        "systemd-poweroff.service",
        "local-fs.target",
    ),
)
ETC = (
    "passwd",
    "group",
    "shadow",
    "gshadow",
    "login.defs",
    "nsswitch.conf",
    "hosts",
    "ld.so.cache",
    "localtime",
    "ssl",
)
DROPPED = ("sys_admin", "sys_boot", "sys_module", "sys_time", "sys_rawio", "syslog", "net_admin", "mknod", "sys_ptrace")
FIRST_START = """[Unit]
Description=What a machine's user data says, once
ConditionPathExists=!/var/lib/cloud/done

[Service]
Type=oneshot
ExecStart=/bin/bash /var/lib/cloud/user-data
ExecStartPost=/bin/touch /var/lib/cloud/done
TimeoutStartSec=300
"""
OFTEN = "[Timer]\nOnBootSec=\nOnUnitActiveSec=\nOnBootSec=2s\nOnUnitActiveSec=5s\nAccuracySec=100ms\n"
BOOT = """set -eu
root=$1 base=$2 packages=$3 cgroup=$4
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind /usr "$root/usr"
mount -o remount,bind,ro "$root/usr"
mount --bind "$root/peer/bin" "$root/usr/local/bin"
mount --bind "$root/peer/units" "$root/usr/lib/systemd/system"
case $base in /usr*) ;; *) mount --bind "$base" "$root$base"; mount -o remount,bind,ro "$root$base" ;; esac
mount --bind "$packages" "$root/opt/packages"
mount -o remount,bind,ro "$root/opt/packages"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t tmpfs tmpfs "$root/run"
mkdir "$root/run/lock"
mount -t tmpfs tmpfs "$root/run/lock"
mount -t tmpfs tmpfs "$root/sys"
mkdir -p "$root/sys/fs/cgroup"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/dev"
for one in null zero full random urandom tty; do touch "$root/dev/$one"; mount --bind "/dev/$one" "$root/dev/$one"; done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t devpts -o newinstance devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
cd "$root"
mkdir -p old
pivot_root . old
umount -l /old
exec env -i container=peer PATH=/usr/local/bin:/usr/sbin:/usr/bin setpriv --bounding-set "$5" \\
  /usr/lib/systemd/systemd --system --log-target=console --log-level=info --show-status=no --unit=multi-user.target
"""


def lacking():
    """Why there can be no such machine here; None where there can."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "a machine of its own needs root on Linux"
    if not SYSTEMD.exists():
        return "systemd is not installed"
    if absent := [tool for tool in TOOLS if shutil.which(tool) is None]:
        return f"not installed: {', '.join(absent)}"
    return None if unified() else "no cgroup2 is mounted"


def unified():
    rows = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return next((Path(row[1]) for row in rows if row[2] == "cgroup2"), None)


class Machine:
    """``environment``: of all that runs on it; ``user_data``: what it does at its first start."""

    def __init__(self, folder, user_data, environment):
        self.root, self._log = folder / "root", folder / "console.txt"
        self._cgroup = unified() / f"peer-machine-{os.getpid()}-{folder.name}"
        self._process = None
        self._laid_out(user_data, environment)

    def _laid_out(self, user_data, environment):
        base, packages = Path(sys.base_prefix), Path(sysconfig.get_path("purelib"))
        for name in (
            "usr",
            "proc",
            "sys",
            "dev",
            "run",
            "tmp",
            "root",
            "home",
            "opt/packages",
            "var/log",
            "var/lib/cloud",
        ):
            (self.root / name).mkdir(parents=True)
        (self.root / "tmp").chmod(0o1777)
        for name in LINKS:
            (self.root / name).symlink_to(f"usr/{name}")
        if not base.is_relative_to("/usr"):
            (self.root / base.relative_to("/")).mkdir(parents=True)
        (self.root / "etc" / "systemd" / "system").mkdir(parents=True)
        for name in ETC:
            there = Path("/etc", name)
            if there.is_dir():
                shutil.copytree(there, self.root / "etc" / name, symlinks=True)
            elif there.exists():
                shutil.copy2(there, self.root / "etc" / name)
        (self.root / "etc" / "machine-id").write_text("0" * 31 + "1\n")
        (self.root / "var" / "lib" / "cloud" / "user-data").write_text(user_data)
        said = " ".join(shlex.quote(f"{name}={value}") for name, value in environment.items())
        (self.root / "etc" / "systemd" / "system.conf").write_text(f"[Manager]\nDefaultEnvironment={said}\n")
        often = self.root / "etc" / "systemd" / "system" / "pilot-tell.timer.d" / "often.conf"
        often.parent.mkdir()
        often.write_text(OFTEN)
        self._units()
        self._programs(base, packages)

    def _units(self):
        units = self.root / "peer" / "units"
        units.mkdir(parents=True)
        for name in UNITS:
            shutil.copy2(SYSTEMD.parent / "system" / name, units / name)
        (units / "first-start.service").write_text(FIRST_START)
        (units / "multi-user.target.wants").mkdir()
        for name in ("first-start.service", "timers.target"):
            (units / "multi-user.target.wants" / name).symlink_to(f"../{name}")

    def _programs(self, base, packages):
        """Of /usr/local/bin, which comes first."""
        python = base / "bin" / "python3.11"
        self._program("dnf", "exit 0")
        self._program(
            "python3.11",
            f'{python} "$@"\n[ "$1 $2" = "-m venv" ] && echo /opt/packages > "$3/lib/python3.11/site-packages/beside.pth"; exit 0',
        )
        real = base / "bin" / "aws"
        if real.exists():
            self.aws = subprocess.run([real, "--version"], capture_output=True, text=True, check=True).stdout.strip()
            self._program("aws", f'exec {real} "$@"')
        else:
            self.aws = "tests/peers/awscli.py"
            shutil.copy2(ROOT / "tests" / "peers" / "awscli.py", self.root / "opt" / "awscli.py")
            self._program("aws", f'PYTHONPATH=/opt/packages exec {python} /opt/awscli.py "$@"')

    def _program(self, name, script):
        path = self.root / "peer" / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def start(self):
        """Again after a power cut too: its first start is over then."""
        self._cgroup.mkdir(exist_ok=True)
        packages, caps = sysconfig.get_path("purelib"), ",".join(f"-{name}" for name in DROPPED)
        inner = ["sh", "-c", BOOT, "boot", self.root, sys.base_prefix, packages, self._cgroup, caps]
        spaces = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child=SIGKILL"]
        words = " ".join(shlex.quote(str(word)) for word in [*spaces, *inner])
        with self._log.open("ab") as log:
            self._process = processes.start(
                ["sh", "-c", f"echo $$ > {self._cgroup}/cgroup.procs && exec {words}"], stdout=log, stderr=log
            )

    @property
    def runs(self):
        return self._process is not None and self._process.poll() is None

    def cut(self):
        """The power: nothing of it hears anything."""
        processes.end(self._process)
        until = time.monotonic() + 10
        while self._left():
            assert time.monotonic() < until, "it goes on"
            time.sleep(0.05)

    def _left(self):
        return [pid for file in self._cgroup.rglob("cgroup.procs") for pid in file.read_text().split()]

    def close(self):
        if self._process is not None:
            self.cut()
        for folder in sorted(self._cgroup.rglob("*/"), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
        with contextlib.suppress(OSError):
            self._cgroup.rmdir()

    def ask(self, *command):
        """What a command says there, as root."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        there = ["nsenter", f"--target={children[0]}", "--mount", "--pid", "--ipc", "--uts", *command]
        return subprocess.run(there, capture_output=True, text=True, check=False, timeout=60)

    @property
    def console(self):
        return self._log.read_text(errors="replace")
