"""What the adapters' training shares: the frozen networks, clean scenes with their latents, one training loop.

An adapter meets the base model as its file holds it, F8_E4M3 matrices and all."""
import math
import os
import time
import numpy as np
import torch
from diffusion import Networks
from export import stored
from text import Words
from train_unet import add_noise, loss_weights

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../models")
GENERIC = ["a picture", "an image", "a drawing", "best quality", "masterpiece, best quality", "high quality, sharp"]


def arguments(parser, minutes):
    parser.add_argument("--minutes", type=float, default=minutes, help="of training in all, over every resumption")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", default="run", help="the folder of the base model's and the adapters' checkpoints")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser


def frozen(run, device):
    """-> the base networks with the values of the exported file, and their words."""
    words = Words(run)
    net = Networks(words.n)
    sd = torch.load(f"{run}/unet.pt", map_location="cpu")["ema"]
    unet = "model.diffusion_model."
    net.load_state_dict({k: v if k.endswith(".tok") else stored(k.replace("unet.", unet, 1), v).float()
                         for k, v in sd.items()})
    return net.to(device).eval().requires_grad_(False), words


class Clean:
    """Stored latents and the scenes they show, without the blurred, the noisy, the cropped and the enlarged."""

    def __init__(self, path):
        d = torch.load(path, weights_only=False)
        keep = [i for i, s in enumerate(d["scenes"]) if s.get("quality", "clean") == "clean" and "cond" not in s]
        self.latents, self.scenes = d["latents"][torch.tensor(keep)], [d["scenes"][i] for i in keep]

    def draw(self, rng, n):
        i = rng.integers(len(self.scenes), size=n)
        return self.latents[torch.from_numpy(i)].float(), [self.scenes[k] for k in i]


def noise_loss(net, words, x, conditions, rng, predict=None, offset=.1):
    """The base model's own loss on latents x (n, 4, h, w) with (texts, keep, ids) of train_unet.conditions;
    `predict` replaces the plain UNet call."""
    texts, keep, ids = conditions
    dev = next(net.parameters()).device
    noisy, t, noise = (z.to(dev) for z in add_noise(x, offset))
    with torch.no_grad():
        ctx, pooled = net.text(*(z.to(dev) for z in words.rows(texts, rng)))
        ctx, pooled = ctx * keep.to(dev)[:, None, None], pooled * keep.to(dev)[:, None]
    e = (predict or net.unet)(noisy, t, ctx, pooled, ids.to(dev))
    return (((e - noise) ** 2).mean((1, 2, 3)) * loss_weights().to(dev)[t]).mean()


def train(net, loss, a, name, lr):
    """Trains net's parameters on loss(rng) -> scalar, or (scalar, note), for a.minutes; leaves the moving average
    in net. Resumes from and writes run/name.pt."""
    path, total, step, used = f"{a.run}/{name}.pt", a.minutes * 60, 0, 0.0
    params = [p for p in net.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(params, lr=lr, betas=(.9, .99), weight_decay=0.01, fused=True)
    ema = {k: v.detach().clone() for k, v in net.state_dict().items()}
    if os.path.exists(path):
        st = torch.load(path, map_location=a.device)
        net.load_state_dict(st["net"])
        opt.load_state_dict(st["opt"])
        ema, step, used = st["ema"], st["step"], st["used"]
    torch.manual_seed(a.seed * 1000003 + step)
    rng, seen, last, saved = np.random.default_rng([a.seed, step]), [], time.time(), time.time()

    def save():
        torch.save({"net": net.state_dict(), "ema": ema, "opt": opt.state_dict(), "step": step, "used": used}, path + ".part")
        os.replace(path + ".part", path)
    while used < total:
        now = lr * min(1, (step + 1) / 60) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * min(1, used / total))))
        for g in opt.param_groups:
            g["lr"] = now
        with torch.autocast(torch.device(a.device).type, torch.bfloat16):
            value = loss(rng)
        value, note = value if isinstance(value, tuple) else (value, "")
        value.backward()
        norm = torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        opt.zero_grad(set_to_none=True)
        step += 1
        with torch.no_grad():
            current = net.state_dict()
            for k, v in ema.items():
                if v.is_floating_point():
                    v.lerp_(current[k], 1 - min(.998, (1 + step) / (12 + step)))
        used, last = used + time.time() - last, time.time()
        seen.append((value.item(), norm.item()))
        if step % 50 == 0 or used >= total:
            m = np.mean(seen, 0)
            print(f"{used:6.0f}s step {step} loss {m[0]:.4f} norm {m[1]:.2f} lr {now:.5f} {note}", flush=True)
            seen = []
        if time.time() - saved > 60 or used >= total:
            save()
            saved = last = time.time()
    net.load_state_dict(ema)
    return net


def save_half(path, tensors, metadata=None, eighths=()):
    """Writes a safetensors file, F16 and, for the names in `eighths`, F8_E4M3; says how large it is."""
    from safetensors.torch import save_file
    os.makedirs(os.path.dirname(path), exist_ok=True)
    out = {k: v.detach().cpu().to(torch.float8_e4m3fn if k in eighths else torch.float16).contiguous() for k, v in tensors.items()}
    wrong = [k for k, v in out.items() if not torch.isfinite(v.float()).all()]
    if wrong:
        raise SystemExit(f"not finite: {wrong}")
    save_file(out, path + ".part", metadata=metadata or {"format": "pt"})
    os.replace(path + ".part", path)
    print(path, os.path.getsize(path), "bytes", len(out), "tensors")
