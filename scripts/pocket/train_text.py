"""Stage 3, a head start for the text encoders: before they meet the UNet they learn to tell what a
scene holds. Linear heads, thrown away afterwards, read the pooled vector and the padding positions.

    python train_text.py --minutes 4"""
import argparse
import os
import time
import numpy as np
import torch
import torch.nn.functional as F
from captions import caption
from text import POOLED, WIDTH, Text1, Text2, Words
from world import COLORS, POSITIONS, SHAPES, SIZES, STYLES, add_quality, random_scene

HEADS = {"n": 2, "shape0": 12, "color0": 12, "style0": 5, "shape1": 12, "color1": 12, "style1": 5, "bg": 12,
         "size": 3, "pos": 11, "quality": 4}


def labels(s):
    """One class per head; -100 where the scene has none."""
    o, two, colors = s["objects"], len(s["objects"]) == 2, list(COLORS)
    d = {"n": int(two), "bg": colors.index(s["bg"]), "pos": [*POSITIONS, "lr", "tb"].index(s["pos"]),
         "size": -100 if two else list(SIZES).index(o[0]["size"]),
         "quality": ["clean", "blurry", "noisy", "bad"].index(s.get("quality", "clean"))}
    for k in (0, 1):
        x = o[k] if k < len(o) else None
        d[f"shape{k}"] = SHAPES.index(x["shape"]) if x else -100
        d[f"color{k}"] = colors.index(x["color"]) if x else -100
        d[f"style{k}"] = STYLES.index(x["style"]) if x else -100
    return [d[k] for k in HEADS]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--minutes", type=float, default=4)
    ap.add_argument("--seed", type=int, default=3)
    ap.add_argument("--run", default="run")
    ap.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    words = Words(a.run)
    t1, t2 = Text1(words.n).to(a.device), Text2(words.n).to(a.device)
    width = sum(HEADS.values())
    heads = torch.nn.ModuleList([torch.nn.Linear(d, width) for d in (POOLED, WIDTH, WIDTH)]).to(a.device)
    ps = [p for m in (t1, t2, heads) for p in m.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(ps, lr=2e-3, betas=(.9, .98), weight_decay=0.01)
    path, total, step, used = f"{a.run}/text.pt", a.minutes * 60, 0, 0.0
    if os.path.exists(path):
        st = torch.load(path, map_location=a.device)
        for m, k in ((t1, "t1"), (t2, "t2"), (heads, "heads"), (opt, "opt")):
            m.load_state_dict(st[k])
        step, used = st["step"], st["used"]
    rng, n = np.random.default_rng([a.seed, step]), 96

    def save():
        torch.save({"t1": t1.state_dict(), "t2": t2.state_dict(), "heads": heads.state_dict(), "opt": opt.state_dict(),
                    "step": step, "used": used}, path + ".part")
        os.replace(path + ".part", path)
    last = time.time()
    while used < total:
        for g in opt.param_groups:
            g["lr"] = 2e-3 * min(1, (step + 1) / 60) * (1 - 0.9 * used / total)
        scenes = [add_quality(random_scene(rng), rng) for _ in range(n)]
        i1, i2, end = (z.to(a.device) for z in words.rows([caption(s, rng) for s in scenes], rng))
        y = torch.tensor([labels(s) for s in scenes], device=a.device)
        with torch.autocast(a.device, torch.bfloat16):
            c1 = t1(i1)
            c2, pooled = t2(i2, end)
        k = (end[:, None] + torch.randint(0, 30, (n, 1), device=a.device)).clamp(max=76)
        r = torch.arange(n, device=a.device)[:, None]
        loss, right = 0, []
        for h, f in zip(heads, (pooled, c1[r, k][:, 0], c2[r, k][:, 0])):
            for j, part in enumerate(h(f.float()).split(list(HEADS.values()), 1)):
                loss = loss + F.cross_entropy(part, y[:, j], ignore_index=-100)
                m = y[:, j] >= 0
                right.append((part.argmax(1) == y[:, j])[m].float().mean().item())
        opt.zero_grad(set_to_none=True)
        loss.backward()
        t1.tok.grad[0] = 0
        t2.tok.grad[0] = 0
        torch.nn.utils.clip_grad_norm_(ps, 1.0)
        opt.step()
        step += 1
        used, last = used + time.time() - last, time.time()
        if step % 50 == 0:
            A = np.array(right).reshape(3, -1)
            print(f"{used:5.0f}s step {step} loss {loss.item():.2f} " +
                  " ".join(f"{name}:{A[0, j]:.2f}/{A[1, j]:.2f}/{A[2, j]:.2f}" for j, name in enumerate(HEADS)), flush=True)
        if step % 500 == 0:
            save()
    save()


if __name__ == "__main__":
    main()
