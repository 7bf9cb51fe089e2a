"""Where fetched and built things live, and how they get there.

Everything is under one directory ($OTTLA_CACHE, by default `.cache` in the checkout) in folders whose name
contains a hash of the inputs, so that a changed pin or source is a new folder and an interrupted build is no folder.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPAT = ROOT / "compat-tests"


def directory() -> Path:
    path = Path(os.environ.get("OTTLA_CACHE") or ROOT / ".cache").absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


def digest(*inputs) -> str:
    """A short hash over files (Path) and words (str)."""
    sha = hashlib.sha256()
    for item in inputs:
        sha.update(item.read_bytes() if isinstance(item, Path) else item.encode())
        sha.update(b"\0")
    return sha.hexdigest()[:12]


def ensure(name: str, inputs, build) -> Path:
    """The folder `name-<hash of inputs>`; calls `build(folder)` to make it if it does not exist yet."""
    cache = directory()
    final = cache / f"{name}-{digest(*inputs)}"
    if final.is_dir():
        return final
    with open(cache / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if final.is_dir():
            return final
        partial = cache / f"{name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        build(partial)
        partial.rename(final)
    return final


def command(args, tries=1, **options):
    """Runs a set-up command; its output is shown only when it fails. Registries time out now and then: `tries`."""
    for attempt in range(tries):
        done = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL, **options)
        if done.returncode == 0:
            return done.stdout
    sys.stderr.write(done.stdout)
    raise SystemExit(f"failed with exit code {done.returncode}: {' '.join(map(str, args))[:300]}")


def kafka_jars() -> list[Path]:
    """The jars of Apache Kafka 4.3.1, as compat-tests/kafka/pom.xml names them."""
    pom = COMPAT / "kafka" / "pom.xml"

    def fetch(folder):
        command(["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DincludeScope=runtime",
                 f"-DoutputDirectory={folder}"], tries=3)

    jars = sorted(ensure("kafka", [pom], fetch).glob("*.jar"))
    assert any(jar.name.startswith("kafka-clients-") for jar in jars), "no kafka-clients jar was fetched"
    return jars


def classpath(*first) -> str:
    return ":".join(str(p) for p in [*first, *kafka_jars()])


def java_classes(name: str, sources: list[Path]) -> Path:
    """Compiles Java sources against Kafka's jars."""
    def compile_to(folder):
        command(["javac", "-nowarn", "-proc:none", "-cp", classpath(), "-d", folder, *sources])

    return ensure(name, [COMPAT / "kafka" / "pom.xml", *sources], compile_to)
