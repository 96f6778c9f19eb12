"""Adapters, stage 1, the image encoder: learns to tell what a picture of the world holds. Linear heads on
image_embeds, thrown away afterwards, read shapes, colours, styles, places and the colours' exact values.

    python train_vision.py --minutes 5      # -> models/ip-adapter/image_encoder/"""
import argparse
import numpy as np
import torch
import torch.nn.functional as F
from adapters import MODELS, arguments, train
from train_text import HEADS, labels
from vision import PROJECTED, prepare, save_vision, vision_model
from world import add_quality, random_scene, render


class Told(torch.nn.Module):
    """The encoder with its heads: one class per entry of HEADS, and six numbers for the colours."""

    def __init__(self):
        super().__init__()
        self.vision, self.heads = vision_model(), torch.nn.Linear(PROJECTED, sum(HEADS.values()) + 6)

    def forward(self, x):
        return self.heads(self.vision(pixel_values=x).image_embeds.float()).split([*HEADS.values(), 6], 1)


def colours(s):
    return np.float32([*s["objects"][0]["rgb"], *s["bg_rgb"]]) / 255


def main():
    ap = arguments(argparse.ArgumentParser(), minutes=5)
    ap.add_argument("--batch", type=int, default=48)
    ap.add_argument("--out", default=f"{MODELS}/ip-adapter/image_encoder")
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    net = Told().to(a.device)

    def loss(rng):
        scenes = [add_quality(random_scene(rng), rng) for _ in range(a.batch)]
        sizes = rng.choice([64, 128, 256], a.batch, p=[.4, .5, .1])
        x = prepare([render(s, int(k)) for s, k in zip(scenes, sizes)], a.device)
        y = torch.tensor([labels(s) for s in scenes], device=a.device)
        *told, rgb = net(x)
        value = 20 * F.mse_loss(rgb, torch.from_numpy(np.stack([colours(s) for s in scenes])).to(a.device))
        note = []
        for j, part in enumerate(told):
            m = y[:, j] >= 0
            if m.any():
                value = value + F.cross_entropy(part[m], y[m, j])
                note.append(f"{list(HEADS)[j]}:{(part.argmax(1) == y[:, j])[m].float().mean().item():.2f}")
        return value, " ".join(note)
    train(net, loss, a, "vision", lr=1.5e-3)
    save_vision(net.vision.cpu(), a.out)


if __name__ == "__main__":
    main()
