"""Stage 1, the autoencoder: encoder and decoder together, as a KL autoencoder.

    python train_vae.py --minutes 25       # resumes from its last checkpoint, run/vae.pt

Small pictures first (cheap steps), then 128, then 256 pixels, since a group norm sees the whole picture."""
import argparse
import math
import os
import time
import numpy as np
import torch
import torch.nn.functional as F
from vae import VAE
from world import SHAPES, STYLES, add_quality, random_scene, render


def wild_scene(rng):
    """Arbitrary colours, sizes and counts: teaches the autoencoder more than the world needs."""
    objs = [{"shape": SHAPES[int(rng.integers(len(SHAPES)))], "color": "any",
             "rgb": rng.integers(0, 256, 3).tolist(), "r": float(rng.uniform(.12, .9)),
             "x": float(rng.uniform(-.9, .9)), "y": float(rng.uniform(-.9, .9)),
             "rot": float(rng.uniform(-3, 3)), "style": STYLES[int(rng.integers(5))]}
            for _ in range(int(rng.integers(1, 6)))]
    return {"bg_rgb": rng.integers(0, 256, 3).tolist(), "objects": objs, "seed": int(rng.integers(1 << 30))}


def batch(rng, n, size, wild=.25):
    """-> (n, 3, size, size) in [-1, 1]"""
    scenes = [add_quality(wild_scene(rng) if rng.random() < wild else random_scene(rng), rng) for _ in range(n)]
    return torch.from_numpy(np.stack([render(s, size) for s in scenes])).permute(0, 3, 1, 2).contiguous() * 2 - 1


def edges(x):
    return x[:, :, 1:] - x[:, :, :-1], x[:, :, :, 1:] - x[:, :, :, :-1]


def loss_of(vae, x, kl):
    m, lv = vae.moments(x)
    m, lv = m.float(), lv.float()
    d = vae.decode(m + (lv / 2).exp() * torch.randn_like(m)).float() - x
    ex, ey = edges(d)
    prior = 0.5 * (m * m + lv.exp() - 1 - lv).mean()
    mse = (d * d).mean()
    return d.abs().mean() + mse + ex.abs().mean() + ey.abs().mean() + kl * prior, mse.item(), m.std().item(), (lv / 2).exp().mean().item()


def psnr(mse):
    return 10 * math.log10(4 / mse)


@torch.no_grad()
def report(vae, dev, out):
    from PIL import Image
    rng = np.random.default_rng(99)
    for size in (128, 256):
        x = batch(rng, 8, size, wild=0).to(dev)
        y = vae.decode(vae.moments(x)[0])
        print(size, "psnr %.2f" % psnr(F.mse_loss(y, x).item()), flush=True)
        g = torch.cat([torch.cat(list(x), 2), torch.cat(list(y.clamp(-1, 1)), 2)], 1).permute(1, 2, 0)
        Image.fromarray(((g.cpu().numpy() + 1) * 127.5).astype(np.uint8)).save(f"{out}/vae_{size}.png")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--minutes", type=float, default=25, help="of training in all, over every resumption")
    ap.add_argument("--lr", type=float, default=1e-3)
    ap.add_argument("--kl", type=float, default=5e-4)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--run", default="run", help="the folder of checkpoints")
    ap.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    a = ap.parse_args()
    os.makedirs(a.run, exist_ok=True)
    path, total = f"{a.run}/vae.pt", a.minutes * 60
    torch.manual_seed(a.seed)
    vae = VAE().to(a.device)
    opt = torch.optim.AdamW(vae.parameters(), lr=a.lr, betas=(.9, .98), weight_decay=1e-4)
    ema = {k: v.detach().clone() for k, v in vae.state_dict().items()}
    step, used = 0, 0.0
    if os.path.exists(path):
        st = torch.load(path, map_location=a.device)
        vae.load_state_dict(st["net"])
        opt.load_state_dict(st["opt"])
        ema, step, used = st["ema"], st["step"], st["used"]
    rng = np.random.default_rng([a.seed, step])

    def save():
        torch.save({"net": vae.state_dict(), "ema": ema, "opt": opt.state_dict(), "step": step, "used": used}, path + ".part")
        os.replace(path + ".part", path)
    seen = []
    last = saved = time.time()
    while used < total:
        u = used / total
        size, n = (64, 12) if u < .35 else (128, 4) if u < .75 or rng.random() < .5 else (256, 1)
        for g in opt.param_groups:
            g["lr"] = a.lr * min(1, (step + 1) / 50) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * u)))
        x = batch(rng, n, size).to(a.device)
        with torch.autocast(a.device, torch.bfloat16):
            loss, *numbers = loss_of(vae, x, a.kl)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        opt.step()
        opt.zero_grad(set_to_none=True)
        step += 1
        with torch.no_grad():
            now = vae.state_dict()
            torch._foreach_lerp_(list(ema.values()), [now[k] for k in ema], 1 - min(.995, (1 + step) / (10 + step)))
        used, last = used + time.time() - last, time.time()
        seen.append(numbers)
        if step % 50 == 0:
            mse, std, sigma = np.mean(seen, 0)
            print(f"{used:5.0f}s step {step} size {size} psnr {psnr(mse):.2f} latent std {std:.2f} sigma {sigma:.3f}", flush=True)
            seen = []
        if time.time() - saved > 60:
            save()
            saved = last = time.time()
    save()
    vae.load_state_dict(ema)
    report(vae.eval(), a.device, a.run)


if __name__ == "__main__":
    main()
