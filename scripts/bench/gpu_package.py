"""Darkroom in one archive for a machine with PyTorch and no Swift: built here, unpacked there."""
import json
import lzma
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = ("darkroom", "darkroom-engine")
VOCABULARY = os.path.join(ROOT, "models", "tokenizer", "merges.txt")
# What every Linux machine that runs PyTorch has.
COMMON = re.compile(r"(ld-linux-.*|lib(c|m|rt|dl|pthread|stdc\+\+|gcc_s))\.so\b.*")


class Failure(Exception):
    """Something that is not as it must be, in one line."""


@dataclass
class Installation:
    """What to start: `engine` finds its libraries itself, `darkroom` with `environment`."""
    darkroom: str
    engine: str
    tokenizer: str
    environment: dict = field(default_factory=lambda: dict(os.environ))
    about: dict = field(default_factory=dict)


def release_build():
    """This checkout's own build, against the libtorch it was built with."""
    folder = os.path.join(ROOT, ".build", "release")
    programs = [os.path.join(folder, name) for name in PROGRAMS]
    for path in [*programs, VOCABULARY]:
        if not os.path.isfile(path):
            raise Failure(f"there is no {os.path.relpath(path, ROOT)}; run scripts/quickstart --once first")
    return Installation(*programs, os.path.dirname(VOCABULARY))


# Building -----------------------------------------------------------------------------------------------------

def output(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, **options)
    if done.returncode:
        raise Failure(f"{os.path.basename(command[0])} failed: {shlex.join(command)}")
    return done.stdout


def torch_folder(given):
    """The libtorch to build against: --libtorch, LIBTORCH, or that of python3's PyTorch."""
    folder = given or os.environ.get("LIBTORCH")
    if not folder:
        found = subprocess.run([sys.executable, "-c", "import torch; print(torch.__path__[0])"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        folder = found.stdout.strip()
    if not folder or not os.path.isfile(os.path.join(folder, "lib", "libtorch_cpu.so")):
        raise Failure("a libtorch of the GPU machine's version is needed to build: pip install torch==VERSION in a "
                      "virtual environment, and --libtorch its site-packages/torch")
    return os.path.abspath(folder)


def torch_version(folder):
    for name, pattern in (("version.py", r"__version__ = '(.+?)'"), ("build-version", r"(\S+)")):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            found = re.search(pattern, open(path).read())
            if found:
                return found[1]
    raise Failure(f"{folder} does not tell its version")


def needed(path):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "-d", path))


def libraries(programs, libtorch):
    """The shared libraries, by name, that are neither libtorch's nor everywhere."""
    found, places = {}, {}
    queue = list(programs)
    for program in programs:
        places.update(re.findall(r"(\S+) => (/\S+)", output("ldd", program)))
    while queue:
        for name in needed(queue.pop()):
            if name in found or COMMON.fullmatch(name) or os.path.exists(os.path.join(libtorch, "lib", name)):
                continue
            if name not in places:
                raise Failure(f"the library {name} is not on this machine")
            found[name] = places[name]
            queue.append(places[name])
    return found


def build(archive, libtorch):
    """Builds against `libtorch` into .build-gpu, and writes the archive. Returns what it is made from."""
    if not shutil.which("swift"):
        raise Failure("swift is not on the PATH; build where it is, and carry the archive")
    if not os.path.isfile(VOCABULARY):
        raise Failure("the vocabulary is missing; run scripts/fetch-vocabulary")
    about = dict(torch=torch_version(libtorch), commit=output("git", "describe", "--always", "--dirty").strip())
    command = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--scratch-path", ".build-gpu"]
    environment = dict(os.environ, LIBTORCH=libtorch)
    for name in PROGRAMS:
        print(f"gpu-check: building {name} against torch {about['torch']}", flush=True)
        if subprocess.run([*command, "--product", name], cwd=ROOT, env=environment).returncode:
            raise Failure(f"{name} does not build against {libtorch}")
    folder = output(*command, "--show-bin-path", env=environment).strip()
    programs = [os.path.join(folder, name) for name in PROGRAMS]
    with tempfile.TemporaryDirectory() as work:
        pack(archive, programs, libraries(programs, libtorch), about, work)
    return about


def pack(archive, programs, libraries, about, work):
    files = {os.path.join("lib", name): path for name, path in libraries.items()}
    files["tokenizer/merges.txt"] = VOCABULARY
    for program in programs:
        name = os.path.basename(program)
        files[f"bin/{name}"] = os.path.join(work, name)
        output("strip", "-o", files[f"bin/{name}"], program)
    files["build.json"] = os.path.join(work, "build.json")
    with open(files["build.json"], "w") as out:
        json.dump(about, out)
    os.makedirs(os.path.dirname(archive), exist_ok=True)
    # Both programs hold Swift's library; a dictionary longer than one of them stores it once.
    filters = [dict(id=lzma.FILTER_LZMA2, preset=1, dict_size=1 << 27)]
    with lzma.open(archive, "wb", format=lzma.FORMAT_XZ, filters=filters) as out, \
            tarfile.open(fileobj=out, mode="w|") as tar:
        for name, path in sorted(files.items()):
            tar.add(os.path.realpath(path), name)
    tracked = output("git", "ls-files", "-z").rstrip("\0").split("\0")
    total = sum(os.path.getsize(os.path.join(ROOT, name)) for name in tracked if os.path.isfile(os.path.join(ROOT, name)))
    size = os.path.getsize(archive)
    print(f"gpu-check: {os.path.relpath(archive, ROOT)} has {size / 1e6:.1f} MB; with the tracked files "
          f"{(size + total) / 1e6:.1f} MB travel")


# There --------------------------------------------------------------------------------------------------------

def unpack(archive, folder, torch):
    """Makes the archive ready in `folder` beside PyTorch: `torch` has its `version` and its `lib` folder."""
    if not os.path.isfile(archive):
        raise Failure(f"there is no {archive}; make it with scripts/gpu-check build where Swift is, and carry it here")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    about = json.load(open(os.path.join(folder, "build.json")))
    if about["torch"].split(".")[:2] != torch["version"].split(".")[:2]:
        raise Failure(f"the archive was built against torch {about['torch']}, and this machine has "
                      f"{torch['version']}; build it against {torch['version'].split('+')[0]}")
    ours = os.path.join(folder, "lib")
    others = os.environ.get("LD_LIBRARY_PATH")
    engine = os.path.join(folder, "engine")
    # A CPU-only libtorch has no libtorch_cuda to link; CUDA's kernels register themselves when it is loaded.
    cuda = [path for path in (os.path.join(torch["lib"], name) for name in ("libc10_cuda.so", "libtorch_cuda.so"))
            if os.path.exists(path)]
    with open(engine, "w") as out:
        out.write("#!/bin/sh\n")
        paths = ":".join(filter(None, (torch["lib"], ours, others)))
        out.write(f"export LD_LIBRARY_PATH={shlex.quote(paths)}\n")
        if cuda:
            out.write(f"export LD_PRELOAD={shlex.quote(' '.join(cuda))}\n")
        out.write(f'exec {shlex.quote(os.path.join(folder, "bin", "darkroom-engine"))} "$@"\n')
    os.chmod(engine, 0o755)
    environment = dict(os.environ, LD_LIBRARY_PATH=":".join(filter(None, (ours, others))))
    return Installation(os.path.join(folder, "bin", "darkroom"), engine, os.path.join(folder, "tokenizer"),
                        environment, about)
