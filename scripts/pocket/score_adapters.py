"""Do the adapters' files do what they are for? With diffusers, 256 x 256, Euler ancestral, 20 steps.

    python score_adapters.py --models ../../models --run run      # needs run/judge.pt

IP-Adapter: do background and object have the reference's colours, at scale 1, under a prompt that says nothing?
LoRA: how rough are plain areas at 1.0 and at 0, and are the bytes at 0 those without it?
ControlNet: how far does the thing drawn cover the shape whose edges were given (intersection over union)?"""
import argparse
import json
import os
import sys
import cv2
import numpy as np
import torch
from PIL import Image
from crayon import crayon
from judge import HEADS, load_judge, truth, verdicts
from world import random_scene, render, silhouette

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fixtures"))
BATCH = 8


def scenes(n, seed, **fixed):
    """Held-out single things."""
    rng, out = np.random.default_rng(seed), []
    for _ in range(n):
        s = random_scene(rng, two=False, holdout=True)
        s["objects"][0].update(fixed)
        out.append(s)
    return out


def image(picture):
    return Image.fromarray((picture * 255 + .5).astype(np.uint8))


def draw(pipe, prompts, a, each=lambda i, n: {}, batch=BATCH):
    """-> pictures; each(i, n) gives further arguments for the prompts from i to i + n."""
    out = []
    for i in range(0, len(prompts), batch):
        part = prompts[i:i + batch]
        seeds = [torch.Generator().manual_seed(a.seed + i + k) for k in range(len(part))]
        with torch.autocast("cpu", torch.bfloat16, enabled=a.bf16):
            out += list(pipe(part, negative_prompt=[""] * len(part), height=a.size, width=a.size, guidance_scale=a.cfg,
                             num_inference_steps=a.steps, generator=seeds, output_type="np", **each(i, len(part))).images)
    return out


def described(s):
    o = s["objects"][0]
    return f"a {o['color']} {o['shape']} on a {s['bg']} background"


def ip_adapter(pipe, a):
    from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection
    folder = f"{a.models}/ip-adapter"
    eye = CLIPVisionModelWithProjection.from_pretrained(f"{folder}/image_encoder", torch_dtype=torch.float32).eval()
    pipe.load_ip_adapter(folder, subfolder="", weight_name="ip-adapter_sdxl_vit-h.safetensors", image_encoder_folder=None)
    pipe.set_ip_adapter_scale(1.0)
    seen = scenes(a.n, 21)
    with torch.no_grad():
        x = CLIPImageProcessor()(images=[image(render(s, a.size)) for s in seen], return_tensors="pt").pixel_values
        embeds = eye(pixel_values=x).image_embeds[:, None]

    def each(i, n):
        e = embeds[i:i + n]
        return {"ip_adapter_image_embeds": [torch.cat([torch.zeros_like(e), e])]}
    # One at a time: to diffusers, the references of a batch are all references of each of its pictures.
    right = verdicts(load_judge(a.run), draw(pipe, ["a picture"] * a.n, a, each, batch=1)) == torch.tensor([truth(s) for s in seen])
    pipe.unload_ip_adapter()
    r = dict(zip(HEADS, right.T))
    result = {k: round(v.float().mean().item(), 4) for k, v in r.items() if k != "place"}
    return result | {"colours": round((result["background"] + result["color"]) / 2, 4),
                     "both colours": round((r["background"] & r["color"]).float().mean().item(), 4)}


def roughness(picture):
    """The median over 16-pixel blocks of the grey levels' deviation."""
    g = picture.mean(2)
    h, w = (d // 16 for d in g.shape)
    return float(np.median(g[:h * 16, :w * 16].reshape(h, 16, w, 16).std((1, 3))))


def lora(pipe, a):
    seen = scenes(a.n // 3, 22, style="flat")
    prompts = [described(s) for s in seen]
    without = draw(pipe, prompts, a)
    pipe.load_lora_weights(f"{a.models}/loras", weight_name="crayon.safetensors", adapter_name="crayon")
    pictures = {}
    for scale in (0.0, 1.0):
        pipe.set_adapters(["crayon"], [scale])
        pictures[scale] = draw(pipe, prompts, a)
    pipe.unload_lora_weights()
    same = all((np.asarray(image(p)) == np.asarray(image(q))).all() for p, q in zip(without, pictures[0.0]))
    mean = lambda ps: round(float(np.mean([roughness(p) for p in ps])), 4)
    return {"without": mean(without), "at 0": mean(pictures[0.0]), "at 1": mean(pictures[1.0]), "same bytes at 0": same,
            "renders": mean([render(s, a.size) for s in seen]), "crayon renders": mean([crayon(s, a.size) for s in seen])}


def thing(picture):
    """Where a picture is nearer to its thing than to its background, the colour of its border."""
    border = np.concatenate([picture[:6].reshape(-1, 3), picture[-6:].reshape(-1, 3), picture[:, :6].reshape(-1, 3),
                             picture[:, -6:].reshape(-1, 3)])
    far = np.linalg.norm(picture - np.median(border, 0), axis=2)
    return far > .5 * np.quantile(far, .98)


def controlnet(pipe, a):
    from diffusers import ControlNetModel, StableDiffusionXLControlNetPipeline
    net = ControlNetModel.from_pretrained(f"{a.models}/controlnet/pocket-canny", torch_dtype=torch.float32).eval()
    controlled = StableDiffusionXLControlNetPipeline(**pipe.components, controlnet=net, add_watermarker=False)
    controlled.set_progress_bar_config(disable=True)
    seen = scenes(a.n, 23, style="flat")
    shapes = [render(silhouette(s), a.size) for s in seen]
    lines = [Image.fromarray(cv2.Canny(np.asarray(image(x).convert("L")), 100, 200)).convert("RGB") for x in shapes]
    prompts = [described(s) for s in seen]

    def iou(pictures):
        both = [(thing(p), x.mean(2) > .5) for p, x in zip(pictures, shapes)]
        return [float((m & t).sum() / (m | t).sum()) for m, t in both]
    right = iou(draw(controlled, prompts, a, lambda i, n: {"image": lines[i:i + n]}))
    return {"iou": round(float(np.mean(right)), 4), "worst tenth": round(float(np.quantile(right, .1)), 4),
            "share of 0.7": round(float(np.mean(np.array(right) >= .7)), 4),
            "on renders": round(float(np.mean(iou([render(s, a.size) for s in seen]))), 4),
            "without control": round(float(np.mean(iou(draw(pipe, prompts[:BATCH], a)))), 4)}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--models", default="../../models")
    ap.add_argument("--file", default="pocket.safetensors", help="the base model, in that folder")
    ap.add_argument("--only", default="ip_adapter,lora,controlnet")
    ap.add_argument("--run", default="run")
    ap.add_argument("--size", type=int, default=256)
    ap.add_argument("--n", type=int, default=48)
    ap.add_argument("--steps", type=int, default=20)
    ap.add_argument("--cfg", type=float, default=4.5)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--bf16", action="store_true")
    a = ap.parse_args()
    import singlefile
    pipe = singlefile.pipeline(os.path.join(a.models, a.file))
    pipe.scheduler = singlefile.scheduler("euler_a")
    r = {}
    for kind in (ip_adapter, lora, controlnet):
        if kind.__name__ in a.only.split(","):
            r[kind.__name__] = kind(pipe, a)
            print(json.dumps({kind.__name__: r[kind.__name__]}), flush=True)
    goals = {"ip_adapter": lambda v: v["colours"] >= .8, "controlnet": lambda v: v["iou"] >= .7,
             "lora": lambda v: v["same bytes at 0"] and v["at 1"] > .03 + 2 * v["at 0"]}
    missed = [k for k, v in r.items() if not goals[k](v)]
    sys.exit(f"below target: {missed}" if missed else 0)


if __name__ == "__main__":
    main()
