"""Does the file draw what it is asked for? Prompts of combinations never trained on, 256 x 256, Euler
ancestral, 20 steps; the judge has seen renders only.

    python score.py --file ../../models/pocket.safetensors        # with diffusers
    python score.py --url http://localhost:8000                   # through the server"""
import argparse
import base64
import io
import json
import os
import sys
import urllib.request
import numpy as np
import torch
from PIL import Image
from judge import HEADS, load_judge, truth, verdicts
from world import random_scene, render

TARGETS = {"background": .95, "color": .90, "shape": .75, "style": .60, "place": .70}


def held_out_prompts(n, seed):
    """-> (prompt, scene) of held-out shape and colours; sentences and, every third, tags."""
    rng, out = np.random.default_rng(seed), []
    while len(out) < n:
        s = random_scene(rng, two=False, holdout=True)
        o = s["objects"][0]
        size = "" if o["size"] == "medium" else o["size"]
        if len(out) % 3 == 2:
            style = "" if o["style"] == "flat" else o["style"]
            tags = [f"{o['color']} {o['shape']}", f"{s['bg']} background", style, size, s["pos"] if s["pos"] != "center" else ""]
            prompt = ", ".join(t for t in tags if t)
        else:
            style = {"flat": "", "outline": "outlined"}.get(o["style"], o["style"])
            noun = " ".join(w for w in (size, style, o["color"], o["shape"]) if w)
            where = {"center": "", "left": " on the left", "right": " on the right", "top": " at the top",
                     "bottom": " at the bottom"}.get(s["pos"], f" in the {s['pos']}")
            prompt = ("an " if noun[0] in "aeiou" else "a ") + noun + where + f" on a {s['bg']} background"
        out.append((prompt, s))
    return out


def from_server(url, model):
    def pictures(prompts, a, negative=""):
        out = []
        for k, p in enumerate(prompts):
            body = {"prompt": p, "negative_prompt": negative, "model": model, "width": a.size, "height": a.size, "seed": a.seed + k,
                    "steps": a.steps, "cfg_scale": a.cfg, "scheduler": "euler_a"}
            ask = urllib.request.Request(url + "/generate", json.dumps(body).encode(), {"Content-Type": "application/json"})
            reply = json.load(urllib.request.urlopen(ask))
            png = base64.b64decode(reply["images"][0]["image_base64"] if "images" in reply else reply["image_base64"])
            out.append(np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.float32) / 255)
        return out
    return pictures


def from_file(path):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fixtures"))
    import singlefile
    pipe = singlefile.pipeline(path)
    pipe.scheduler = singlefile.scheduler("euler_a")

    def pictures(prompts, a, negative=""):
        out = []
        for i in range(0, len(prompts), 8):
            part = list(prompts[i:i + 8])
            seeds = [torch.Generator().manual_seed(a.seed + i + k) for k in range(len(part))]
            with torch.autocast("cpu", torch.bfloat16, enabled=a.bf16):
                out += list(pipe(part, negative_prompt=[negative] * len(part), height=a.size, width=a.size, guidance_scale=a.cfg,
                                 num_inference_steps=a.steps, generator=seeds, output_type="np").images)
        return out
    return pictures


def sharpness(picture):
    """Mean strength of the strongest tenth of the brightness steps between neighbours."""
    g = picture.mean(2)
    d = np.sort(np.concatenate([abs(np.diff(g, axis=0)).ravel(), abs(np.diff(g, axis=1)).ravel()]))
    return float(d[-len(d) // 50:].mean())


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--file", default="../../models/pocket.safetensors")
    ap.add_argument("--url")
    ap.add_argument("--model", default="pocket")
    ap.add_argument("--size", type=int, default=256)
    ap.add_argument("--n", type=int, default=240)
    ap.add_argument("--steps", type=int, default=20)
    ap.add_argument("--cfg", type=float, default=4.5)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--prompts-seed", type=int, default=5)
    ap.add_argument("--bf16", action="store_true")
    ap.add_argument("--run", default="run")
    a = ap.parse_args()
    make, judge = from_server(a.url, a.model) if a.url else from_file(a.file), load_judge(a.run)
    asked = held_out_prompts(a.n, a.prompts_seed)
    y = torch.tensor([truth(s) for _, s in asked])
    right = (verdicts(judge, make([p for p, _ in asked], a)) == y).float()
    drawn = (verdicts(judge, [render(s, a.size) for _, s in asked]) == y).float()
    result = {"n": a.n, "size": a.size, "steps": a.steps, "cfg": a.cfg, "seed": a.seed}
    result |= {k: round(right[:, i].mean().item(), 4) for i, k in enumerate(HEADS)}
    result["all five"] = round(right.prod(1).mean().item(), 4)
    result["on renders"] = {k: round(drawn[:, i].mean().item(), 4) for i, k in enumerate(HEADS)}
    result["by shape"] = {s: round(right[y[:, 0] == i, 0].mean().item(), 2) for i, s in enumerate(HEADS["shape"]) if (y[:, 0] == i).any()}
    result["by style"] = {s: round(right[y[:, 3] == i, 3].mean().item(), 2) for i, s in enumerate(HEADS["style"]) if (y[:, 3] == i).any()}
    some = [p for p, _ in asked[:16]]
    plain, sharp = ([sharpness(p) for p in make(some, a, negative)] for negative in ("", "blurry, noisy"))
    result["sharpness"] = {"plain": round(float(np.mean(plain)), 4), "negative 'blurry, noisy'": round(float(np.mean(sharp)), 4),
                           "sharper": sum(s > p for s, p in zip(sharp, plain)), "of": len(some)}
    empty = make([""] * 4, a)
    result["empty prompt"] = [round(float(e.std((0, 1)).max()), 3) for e in empty]
    print(json.dumps(result, indent=1))
    missed = [k for k, v in TARGETS.items() if result[k] < v]
    sys.exit(f"below target: {missed}" if missed else 0)


if __name__ == "__main__":
    main()
