"""Stage 4, the UNet, with the text encoders: predicts the noise in stored latents.

    python train_unet.py --minutes 75      # resumes from its last checkpoint, run/unet.pt

128-pixel pictures first, then 256. The loss is weighted as velocity prediction is, since an unweighted
noise loss hardly sees the noisiest steps, where layout and shape are decided."""
import argparse
import math
import os
import time
import numpy as np
import torch
from captions import caption
from diffusion import ALPHAS, Networks, sample, save_grid
from latents import LATENT_STD, LatentSpace
from text import Words

PREVIEW = ["a red circle on a blue background", "a yellow star on a black background", "a green heart on white",
           "a big purple square on a yellow background", "a small orange triangle in the top left, gray background",
           "a red circle and a green star", "a blue moon above a yellow ring, black background", "white cat, pink background",
           "brown house, cyan background", "glowing cyan diamond, black background", "striped red cross, white background",
           "outline green flower, yellow background", "pink heart, blue background, gradient", "a yellow moon on the right on blue",
           "a black cat and a white cat on a green background", "low quality, blurry, red star, green background"]
WEIGHT_CAP = 100.0


def loss_weights():
    """Per timestep: 1 + 1/snr, as if velocity were predicted, up to WEIGHT_CAP."""
    snr = LATENT_STD ** 2 * ALPHAS / (1 - ALPHAS)
    return torch.clamp(1 + 1 / snr, max=WEIGHT_CAP)


class Data:
    """Stored latents and their scenes, shuffled anew every epoch."""

    def __init__(self, path, rng):
        d = torch.load(path, weights_only=False)
        self.latents, self.scenes, self.rng = d["latents"], d["scenes"], rng
        self.order, self.at = rng.permutation(len(self.scenes)), 0

    def next(self, n):
        if self.at + n > len(self.order):
            self.order, self.at = self.rng.permutation(len(self.scenes)), 0
        i = self.order[self.at:self.at + n]
        self.at += n
        return self.latents[torch.from_numpy(i)].float(), [self.scenes[k] for k in i]


def conditions(scenes, size, rng):
    """-> captions, keep (n,), SDXL's six size numbers (n, 6). A tenth has no caption, half of those no states either."""
    n = len(scenes)
    keep, texts, ids = np.ones(n, np.float32), [], np.empty((n, 6), np.float32)
    for i, s in enumerate(scenes):
        r = rng.random()
        texts.append("" if r < .10 else caption(s, rng))
        keep[i] = r >= .05
        ids[i] = s.get("cond", [size, size, 0, 0, size, size])
        if "cond" not in s and rng.random() < .15:     # clients often leave SDXL's 1024 in these fields
            ids[i, :2] = int(rng.choice([512, 768, 1024, 1024, 2048]))
            ids[i, 4:] = 1024 if rng.random() < .6 else size
    return texts, torch.from_numpy(keep), torch.from_numpy(ids)


def add_noise(x, offset):
    """-> noisy x, t, noise. Half of the offset noise hides the mean colour, which SDXL's schedule leaks even at t = 999."""
    n = len(x)
    t = torch.randint(0, 1000, (n,))
    noise = torch.randn_like(x) + offset * torch.randn(n, 4, 1, 1)
    a = ALPHAS[t].view(-1, 1, 1, 1)
    return a.sqrt() * x + (1 - a).sqrt() * noise, t, noise


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--minutes", type=float, default=75, help="of training in all, over every resumption")
    ap.add_argument("--lr", type=float, default=1e-3)
    ap.add_argument("--b128", type=int, default=32)
    ap.add_argument("--b256", type=int, default=10)
    ap.add_argument("--from256", type=float, default=.5, help="the part of the time after which 256 px pictures join")
    ap.add_argument("--mix", type=float, default=.8, help="their share of the steps from then on")
    ap.add_argument("--offset", type=float, default=.1)
    ap.add_argument("--preview", type=float, default=8, help="minutes between pictures")
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--run", default="run")
    ap.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    a = ap.parse_args()
    dev, path, total = a.device, f"{a.run}/unet.pt", a.minutes * 60
    torch.manual_seed(a.seed)
    words = Words(a.run)
    net = Networks(words.n).to(dev)
    st = torch.load(f"{a.run}/text.pt", map_location=dev)
    net.t1.load_state_dict(st["t1"])
    net.t2.load_state_dict(st["t2"])
    params = [p for p in net.parameters() if p.requires_grad]
    tables = (net.t1.tok, net.t2.tok)
    decay = [p for p in params if p.ndim >= 2 and not any(p is t for t in tables)]
    rest = [p for p in params if not any(p is q for q in decay)]
    opt = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}],
                            lr=a.lr, betas=(.9, .99), fused=True)
    ema = {k: v.detach().clone() for k, v in net.state_dict().items()}
    step, used = 0, 0.0
    if os.path.exists(path):
        st = torch.load(path, map_location=dev)
        net.load_state_dict(st["net"])
        opt.load_state_dict(st["opt"])
        ema, step, used = st["ema"], st["step"], st["used"]
    torch.manual_seed(a.seed * 1000003 + step)
    rng = np.random.default_rng([a.seed, step])
    data = {s: Data(f"{a.run}/latents_{s}.pt", rng) for s in (128, 256)}
    weights = loss_weights()
    shown = used

    def save():
        torch.save({"net": net.state_dict(), "ema": ema, "opt": opt.state_dict(), "step": step, "used": used}, path + ".part")
        os.replace(path + ".part", path)

    def preview():
        e = Networks(words.n).to(dev)
        e.load_state_dict(ema)
        space = LatentSpace(a.run, dev)
        for size in (128, 256):
            if size == 128 or used >= a.from256 * total:
                z = sample(e.eval(), words, PREVIEW, size)
                save_grid(f"{a.run}/preview_{step:06d}_{size}.png", torch.cat([space.decode(p) for p in z.split(4)]))
    seen, last, saved = [], time.time(), time.time()
    while used < total:
        u = used / total
        size = 256 if u >= a.from256 and rng.random() < a.mix else 128
        x, scenes = data[size].next(a.b256 if size == 256 else a.b128)
        texts, keep, ids = conditions(scenes, size, rng)
        i1, i2, end = (z.to(dev) for z in words.rows(texts, rng))
        noisy, t, noise = (z.to(dev) for z in add_noise(x, a.offset))
        lr = a.lr * min(1, (step + 1) / 200) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * min(1, u))))
        for g in opt.param_groups:
            g["lr"] = lr
        with torch.autocast(dev, torch.bfloat16):
            ctx, pooled = net.text(i1, i2, end)
            ctx, pooled = ctx * keep.to(dev)[:, None, None], pooled * keep.to(dev)[:, None]
            e = net.noise(noisy, t, ctx, pooled, ids.to(dev))
        each = ((e - noise) ** 2).mean((1, 2, 3))
        loss = (each * weights.to(dev)[t]).mean()
        loss.backward()
        for table in tables:
            table.grad[0] = 0                          # row 0 stands for every unknown word, and stays zero
        norm = torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        opt.zero_grad(set_to_none=True)
        step += 1
        with torch.no_grad():
            now = net.state_dict()
            torch._foreach_lerp_(list(ema.values()), [now[k] for k in ema], 1 - min(.9985, (1 + step) / (12 + step)))
        used, last = used + time.time() - last, time.time()
        seen.append((loss.item(), each.mean().item(), norm.item()))
        if step % 50 == 0:
            m = np.mean(seen, 0)
            print(f"{used:6.0f}s step {step} size {size} loss {m[0]:.4f} mse {m[1]:.4f} norm {m[2]:.2f} lr {lr:.5f}", flush=True)
            seen = []
        if used - shown > a.preview * 60 or used >= total:
            shown = used
            save()
            preview()
            last = time.time()
        elif time.time() - saved > 90:
            save()
            saved = last = time.time()


if __name__ == "__main__":
    main()
