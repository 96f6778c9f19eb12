"""Adapters, stage 1, the image encoder: learns to tell what a picture of the world holds. Linear heads on
image_embeds, thrown away afterwards, read shapes, colours, styles, places, the colours' exact values and a coarse
silhouette. Another on the patches after the second layer reads each patch's own part of the silhouette: from
labels alone a small transformer learns colours at once and shapes hardly at all.

    python train_vision.py --minutes 5      # -> models/ip-adapter/image_encoder/"""
import argparse
import numpy as np
import torch
import torch.nn.functional as F
from adapters import MODELS, arguments, train
from train_text import HEADS, labels
from vision import PATCH, PROJECTED, SIDE, prepare, save_vision, vision_model
from world import add_quality, random_scene, render, silhouette


COARSE, FINE = 14, 8                                   # silhouettes: a picture's side, a patch's


class Told(torch.nn.Module):
    """The encoder with its heads: one class per entry of HEADS, six numbers for the colours, a coarse silhouette;
    and a fine one (n, 56, 56) put together from the patches."""

    def __init__(self):
        super().__init__()
        self.vision = vision_model()
        self.heads = torch.nn.Linear(PROJECTED, sum(HEADS.values()) + 6 + COARSE ** 2)
        self.patches = torch.nn.Linear(self.vision.config.hidden_size, FINE ** 2)

    def forward(self, x):
        seen = self.vision(pixel_values=x, output_hidden_states=True)
        told = self.heads(seen.image_embeds.float()).split([*HEADS.values(), 6, COARSE ** 2], 1)
        parts = self.patches(seen.hidden_states[2][:, 1:]).float()
        side = SIDE // PATCH
        fine = parts.view(-1, side, side, FINE, FINE).transpose(2, 3).reshape(-1, side * FINE, side * FINE)
        return told, fine


def silhouettes(scenes):
    """-> (n, 56, 56), 1 where there is a thing"""
    side = SIDE // PATCH * FINE
    return torch.from_numpy(np.stack([render(silhouette(s), side)[:, :, 0] for s in scenes]))


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
        (*told, rgb, coarse), fine = net(x)
        there = silhouettes(scenes).to(a.device)
        small = F.interpolate(there[:, None], size=(COARSE, COARSE), mode="area").flatten(1)
        value = 4 * F.binary_cross_entropy_with_logits(fine, there) + 4 * F.binary_cross_entropy_with_logits(coarse, small)
        value = value + 20 * F.mse_loss(rgb, torch.from_numpy(np.stack([colours(s) for s in scenes])).to(a.device))
        note = []
        for j, part in enumerate(told):
            m = y[:, j] >= 0
            if m.any():
                value = value + F.cross_entropy(part[m], y[m, j])
                note.append(f"{list(HEADS)[j]}:{(part.argmax(1) == y[:, j])[m].float().mean().item():.2f}")
        return value, " ".join(note)
    train(net, loss, a, "vision", lr=1.5e-3, muon_lr=2e-3)
    save_vision(net.vision.cpu(), a.out)


if __name__ == "__main__":
    main()
