"""Crayon drawings of the pocket world: wobbly outlines, hatched wax that breaks up on the grain, cream paper beneath.

`crayon(scene, size)` draws like `world.render`; the same scene and size give the same picture."""
import math
import numpy as np
import torch
import torch.nn.functional as F
from world import render

PAPER = np.float32([0.99, 0.96, 0.88])


def _field(rng, size, cell):
    """Smooth noise (size, size) of about unit deviation, with features of `cell` pixels."""
    n = max(2, math.ceil(size / cell) + 1)
    g = torch.from_numpy(rng.standard_normal((1, 1, n, n)).astype(np.float32))
    return F.interpolate(g, size=(size, size), mode="bicubic", align_corners=True)[0, 0].numpy() * 1.4


def _hatch(rng, size, period):
    """How hard the crayon presses, about 0 to 1: wobbly strokes in one direction."""
    turn = math.radians(rng.uniform(25, 65)) * (1 if rng.random() < .5 else -1)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    across = x * math.sin(turn) + y * math.cos(turn) + 0.16 * period * _field(rng, size, 2.5 * period)
    return 0.5 + 0.5 * np.cos(2 * math.pi * across / period) + 0.22 * _field(rng, size, 3 * period)


def crayon(scene, size):
    """-> float32 HWC in [0, 1]"""
    rng = np.random.default_rng([scene["seed"], size, 77])
    period = 10 + size / 32                                         # broad enough to pass through the autoencoder
    img = render({**scene, "quality": "clean"}, size)
    wobble = 0.8 + size / 256
    at = [np.clip(np.rint(c + wobble * _field(rng, size, 0.8 * period)), 0, size - 1).astype(int)
          for c in np.mgrid[:size, :size]]
    img = img[at[0], at[1]]
    bg = np.asarray(scene["bg_rgb"], np.float32) / 255
    press = np.where(abs(img - bg).max(-1) > .08, _hatch(rng, size, period), _hatch(rng, size, period))
    press = press + 0.16 * _field(rng, size, 2.2)                   # the paper's grain
    cover = 0.3 + 0.7 * np.clip((press + 0.1) / 0.6, 0, 1)[..., None]
    wax = img * 0.95 + 0.03 * _field(rng, size, 6)[..., None]
    paper = PAPER + 0.015 * _field(rng, size, 2)[..., None]
    return np.clip(paper * (1 - cover) + wax * cover, 0, 1).astype(np.float32)
