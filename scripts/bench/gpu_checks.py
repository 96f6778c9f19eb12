"""What scripts/gpu-check looks at, each through the programs as they are shipped."""
import base64
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

import png
from darkroom_server import Server, ServerError, write_model
from gpu_memory import Hog, PeakMemory
from gpu_package import ROOT, Failure, Installation

ANSWERS = os.path.join(ROOT, "Tests", "Fixtures", "pocket")
POCKET = os.path.join(ROOT, "models", "pocket")
PEER = os.path.join(ROOT, "scripts", "bench", "diffusers_peer.py")
# One process each, so that each has a peak of memory of its own.
STAGES = (("load", "text", "step"), ("decode",), ("encode",))
# Below SDXL's weights alone, and more than the embedded model takes.
SHORTAGE = 2 << 30


@dataclass
class Plan:
    installation: Installation
    folder: str
    device: str
    formats: tuple        # (dtype, lowest decibels), ...; the last one is for what follows
    vae_dtype: str
    largest: int          # pixels of the recorded pictures that are made
    checkpoint: str       # the second model
    size: tuple
    steps: int
    rounds: int
    failures: list = field(default_factory=list)
    results: dict = field(default_factory=dict)

    @property
    def on_gpu(self):
        return self.device != "cpu"

    def check(self, name, body):
        """Runs one check; prints what came of it, and remembers it. A failure does not keep the others from running."""
        begin = time.monotonic()
        try:
            said, result = body()
        except (Failure, ServerError, OSError, LookupError, ValueError, subprocess.SubprocessError) as error:
            self.failures.append(f"{name}: {error}")
            said, result = f"FAILED: {error}", dict(failed=str(error))
        self.results[name] = result | dict(seconds=round(time.monotonic() - begin, 1))
        print(f"{name:20s} {said}", flush=True)


def models_folder(plan):
    """The embedded model, and the second one as `second`."""
    os.makedirs(plan.folder, exist_ok=True)
    shutil.copy(POCKET + ".toml", plan.folder)
    os.symlink(POCKET + ".safetensors", os.path.join(plan.folder, "pocket.safetensors"))
    os.symlink(plan.installation.tokenizer, os.path.join(plan.folder, "tokenizer"))
    write_model(plan.folder, "second", plan.checkpoint)


def serve(plan, dtype):
    here = plan.installation
    return Server(here.darkroom, ["--models", plan.folder, "--device", plan.device, "--dtype", dtype, "--engine",
                                  here.engine], here.environment)


def picture(plan, server, dtype, **request):
    """The PNG's bytes and the reply, which must say that it was made as asked."""
    reply = server.generate(**request)
    used = reply["parameters"]
    if not used["device"].startswith(plan.device) or used["dtype"] != dtype:
        raise Failure(f"made on {used['device']} in {used['dtype']} instead of {plan.device} in {dtype}")
    return base64.b64decode(reply["image"]), reply


def recorded(plan):
    """The requests whose answers were recorded, small enough for the plan; the fields that are sent."""
    answers = json.load(open(os.path.join(ANSWERS, "requests.json")))
    with open(POCKET + ".safetensors", "rb") as file:
        if hashlib.sha256(file.read()).hexdigest() != answers["checkpoint_sha256"]:
            raise Failure("models/pocket.safetensors is not the file that the answers were recorded with")
    for request in answers["requests"]:
        if request["width"] * request["height"] <= plan.largest:
            yield request["id"], {k: v for k, v in request.items() if k != "id" and v is not None} | {"model": "pocket"}


def parity(plan, server, dtype, lowest):
    """Pictures against the recorded answers of diffusers in float32; the first one twice."""
    figures, first = {}, None
    for name, request in recorded(plan):
        data, _ = picture(plan, server, dtype, **request)
        first = first or (request, data)
        width, height, pixels = png.read(data)
        with open(os.path.join(ANSWERS, name + ".png"), "rb") as file:
            wanted = png.read(file.read())
        if (width, height) != wanted[:2]:
            raise Failure(f"{name} is {width} x {height}")
        figures[name] = png.psnr(pixels, wanted[2])
    worst = min(figures, key=figures.get)
    if not figures[worst] >= lowest:
        raise Failure(f"{worst} is {figures[worst]:.1f} dB from diffusers', and {lowest} are asked for")
    same(plan, server, dtype, *first, "the second time")
    return (f"{len(figures)} pictures, {figures[worst]:.1f} dB and more (bar {lowest}); same bytes twice",
            dict(decibels={name: round(value, 2) for name, value in figures.items()}, bar=lowest))


def same(plan, server, dtype, request, data, when):
    if picture(plan, server, dtype, **request)[0] != data:
        raise Failure(f"the same request gave other bytes {when}")


def shortage(plan, server, dtype):
    """With the GPU's memory taken, the second model is refused as such, and the first goes on."""
    request = next(recorded(plan))[1]
    data, _ = picture(plan, server, dtype, **request)
    with Hog(leave=SHORTAGE):
        try:
            server.generate(**second(plan, seed=1))
        except ServerError as error:
            if error.code != "out_of_memory":
                raise Failure(f"{error.code} instead of out_of_memory: {error}") from None
        else:
            raise Failure(f"a model of {os.path.getsize(plan.checkpoint) / 1e9:.1f} GB fitted into "
                          f"{SHORTAGE / 1e9:.1f} GB")
        same(plan, server, dtype, request, data, "after running out of memory")
    return "refused with out_of_memory; the server went on", {}


def second(plan, seed):
    width, height = plan.size
    return dict(model="second", prompt="1girl, solo, silver hair, night sky", negative_prompt="lowres", seed=seed,
                width=width, height=height, steps=plan.steps, cfg_scale=5, scheduler="euler")


def swap(plan, server, dtype):
    """The second model twice, and the first again: pictures that are pictures, the same bytes, and the times."""
    first = next(recorded(plan))[1]
    before, _ = picture(plan, server, dtype, **first)
    cold_data, cold = picture(plan, server, dtype, **second(plan, seed=1))
    begin = time.monotonic()
    data, warm = picture(plan, server, dtype, **second(plan, seed=1))
    seconds = time.monotonic() - begin
    if data != cold_data:
        raise Failure("the same request gave other bytes the second time")
    width, height, pixels = png.read(data)
    if (width, height) != tuple(plan.size) or png.spread(pixels) < 2:
        raise Failure(f"{width} x {height} with a spread of {png.spread(pixels):.1f} is not the picture asked for")
    same(plan, server, dtype, first, before, "after a swap of models and back")
    health = server.ask("/health")
    if plan.on_gpu and not health["cuda_available"]:
        raise Failure("/health says that there is no GPU")
    return (f"{width} x {height}, {plan.steps} steps: {seconds:.2f} s, with the load before {cold['timings']['load']:.0f} "
            "ms; same bytes twice and after a swap",
            dict(size=[width, height], steps=plan.steps, request_seconds=seconds, timings=warm["timings"],
                 first_timings=cold["timings"], gpu_name=health["gpu_name"],
                 vram_allocated_gb=health["vram_allocated_gb"]))


def darkroom_stages(plan, stages, dtype):
    command = [plan.installation.engine, "bench", plan.checkpoint, "--models", plan.folder, "--device", plan.device,
               "--dtype", dtype, "--vae-dtype", plan.vae_dtype, "--size", "{}x{}".format(*plan.size), "--rounds",
               str(plan.rounds), "--loads", "2", "--stages", ",".join(stages)]
    with PeakMemory() as peak:
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"darkroom-engine bench: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    report = json.loads(done.stdout)
    if not report["device"].startswith(plan.device) or report["dtype"] != dtype:
        raise Failure(f"measured on {report['device']} in {report['dtype']}")
    return report["milliseconds"], peak.bytes if plan.on_gpu else report["peakBytes"]


def diffusers_stages(plan, stages, dtype):
    command = [sys.executable, PEER, plan.checkpoint, "--device", plan.device, "--dtype", dtype, "--vae-dtype",
               plan.vae_dtype]
    questions = "".join(json.dumps(dict(stage=stage, size=plan.size, rounds=plan.rounds)) + "\n" for stage in stages)
    with PeakMemory() as peak:
        done = subprocess.run(command, input=questions, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"diffusers: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    _, *replies = map(json.loads, done.stdout.splitlines())
    times = {stage: statistics.median(reply["milliseconds"]) for stage, reply in zip(stages, replies)}
    return times, peak.bytes if plan.on_gpu else replies[-1]["peak_bytes"]


def stages(plan, dtype, measure):
    """Medians in milliseconds, and the peak of memory of the process that did the stage."""
    milliseconds, peaks = {}, {}
    for group in STAGES:
        times, peak = measure(plan, group, dtype)
        milliseconds |= times
        peaks |= dict.fromkeys(group, peak)
    return ", ".join(f"{stage} {time:.1f} ms" for stage, time in milliseconds.items()), dict(
        milliseconds=milliseconds, peak_bytes=peaks)


def has_diffusers():
    wanted = "import diffusers, transformers, safetensors, torch"
    return subprocess.run([sys.executable, "-c", wanted], capture_output=True).returncode == 0


def run_all(plan):
    models_folder(plan)
    for dtype, lowest in plan.formats:
        try:
            server = serve(plan, dtype)
        except ServerError as error:
            plan.check(f"server {dtype}", lambda: fail(error))
            continue
        with server:
            plan.check(f"parity {dtype}", lambda: parity(plan, server, dtype, lowest))
            if dtype == plan.formats[-1][0]:
                if plan.on_gpu:
                    plan.check("out of memory", lambda: shortage(plan, server, dtype))
                plan.check("picture and swap", lambda: swap(plan, server, dtype))
    plan.check(f"darkroom {dtype}", lambda: stages(plan, dtype, darkroom_stages))
    if has_diffusers():
        plan.check(f"diffusers {dtype}", lambda: stages(plan, dtype, diffusers_stages))
    else:
        print(f"{'diffusers':20s} not measured: this Python has no diffusers and transformers")
    table(plan, dtype)


def fail(error):
    raise error


def table(plan, dtype):
    """The stages side by side."""
    ours, theirs = (plan.results.get(f"{side} {dtype}", {}) for side in ("darkroom", "diffusers"))
    if "milliseconds" not in ours:
        return
    print(f"\n{plan.size[0]} x {plan.size[1]}, {dtype}, VAE {plan.vae_dtype}"
          f"\n{'stage':10s}{'darkroom':>14s}{'diffusers':>14s}{'ratio':>8s}{'peak memory':>28s}")
    for stage, time in ours["milliseconds"].items():
        other = theirs.get("milliseconds", {}).get(stage)
        peaks = [side.get("peak_bytes", {}).get(stage) for side in (ours, theirs)]
        told = " / ".join(f"{peak / 1e9:.2f} GB" for peak in peaks if peak)
        print(f"{stage:10s}{time:11.2f} ms" + (f"{other:11.2f} ms{time / other:8.2f}" if other else " " * 22)
              + f"{told:>28s}")
