"""The judge: a small classifier that has only ever seen rendered pictures.

    python judge.py --steps 4000          # -> run/judge.pt; resumes from its last checkpoint"""
import argparse
import math
import os
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from world import COLORS, POSITIONS, SHAPES, STYLES, random_scene, render

HEADS = {"shape": list(SHAPES), "color": list(COLORS), "background": list(COLORS), "style": list(STYLES), "place": list(POSITIONS)}
SIDE = 64


class Judge(nn.Module):
    """(n, 3, SIDE, SIDE) in [-1, 1] -> {head: logits}"""

    def __init__(self):
        super().__init__()
        c = lambda i, o, s: nn.Sequential(nn.Conv2d(i, o, 3, s, 1), nn.BatchNorm2d(o), nn.ReLU())
        self.f = nn.Sequential(c(5, 32, 1), c(32, 48, 2), c(48, 64, 1), c(64, 96, 2), c(96, 96, 1), c(96, 128, 2), c(128, 128, 1))
        self.h = nn.Linear(256, sum(len(v) for v in HEADS.values()))
        g = torch.linspace(-1, 1, SIDE)
        self.register_buffer("where", torch.stack(torch.meshgrid(g, g, indexing="ij"))[None])

    def forward(self, x):
        y = self.f(torch.cat([x, self.where.expand(len(x), -1, -1, -1)], 1))
        y = self.h(torch.cat([y.mean((2, 3)), y.amax((2, 3))], 1))
        return dict(zip(HEADS, y.split([len(v) for v in HEADS.values()], 1)))


def truth(scene):
    """The right class of every head, of a scene with one object."""
    o = scene["objects"][0]
    values = (o["shape"], o["color"], scene["bg"], o["style"], scene["pos"])
    return [names.index(v) for names, v in zip(HEADS.values(), values)]


def renders(rng, n):
    """Renders, some a little blurred or noisy, so that the judge does not lean on single pixels."""
    X, Y = [], []
    for _ in range(n):
        s = random_scene(rng, two=False, holdout=bool(rng.random() < .1))
        if rng.random() < .2:
            s |= {"quality": "blurry", "sigma": float(rng.uniform(.8, 2.0))}
        X.append(render(s, SIDE) + rng.normal(0, rng.uniform(0, .03), (SIDE, SIDE, 3)))
        Y.append(truth(s))
    return torch.from_numpy(np.stack(X)).permute(0, 3, 1, 2).float() * 2 - 1, torch.tensor(Y)


def load_judge(run):
    net = Judge()
    net.load_state_dict(torch.load(f"{run}/judge.pt", map_location="cpu")["net"])
    return net.eval()


@torch.no_grad()
def verdicts(judge, pictures):
    """(n, h, w, 3) in [0, 1] -> (n, heads) classes"""
    x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()
    return torch.stack([v.argmax(1) for v in judge(F.interpolate(x, size=(SIDE, SIDE), mode="area") * 2 - 1).values()], 1)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--steps", type=int, default=4000)
    ap.add_argument("--run", default="run")
    a = ap.parse_args()
    os.makedirs(a.run, exist_ok=True)
    path, step = f"{a.run}/judge.pt", 0
    torch.manual_seed(0)
    net = Judge()
    opt = torch.optim.AdamW(net.parameters(), 2e-3)
    if os.path.exists(path):
        st = torch.load(path)
        net.load_state_dict(st["net"])
        opt.load_state_dict(st["opt"])
        step = st["step"]
    rng = np.random.default_rng([11, step])
    while step < a.steps:
        for g in opt.param_groups:
            g["lr"] = 2e-3 * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * step / a.steps)))
        x, y = renders(rng, 48)
        with torch.autocast("cpu", torch.bfloat16):
            out = net(x)
        loss = sum(F.cross_entropy(o.float(), y[:, k]) for k, o in enumerate(out.values()))
        opt.zero_grad()
        loss.backward()
        opt.step()
        step += 1
        if step % 200 == 0 or step == a.steps:
            print(step, round(loss.item(), 3), flush=True)
            torch.save({"net": net.state_dict(), "opt": opt.state_dict(), "step": step}, path + ".part")
            os.replace(path + ".part", path)
    net.eval()
    with torch.no_grad():
        x, y = renders(np.random.default_rng(99), 600)
        right = {k: round((o.argmax(1) == y[:, i]).float().mean().item(), 4) for i, (k, o) in enumerate(net(x).items())}
    print("on fresh renders:", right)


if __name__ == "__main__":
    main()
