"""Adapters, stage 4, a ControlNet for canny edges: the outline keeps its place, words give the colours.

    python train_controlnet.py --minutes 10      # -> models/controlnet/pocket-canny/

Edges are cv2.Canny's, white on black, at the picture's size: of the picture itself or of the things' bare
silhouettes, of the colours or of the grey picture, with several thresholds."""
import argparse
import cv2
import numpy as np
import torch
from adapters import GENERIC, MODELS, Clean, arguments, frozen, noise_loss, train
from controlnet import ControlNet, save_controlnet, with_float8
from train_unet import conditions
from world import pick, render


def silhouette(scene):
    """The same shapes, flat and white on black."""
    objects = [{**o, "style": "flat", "rgb": (255, 255, 255), "color": "white"} for o in scene["objects"]]
    return {**scene, "objects": objects, "bg_rgb": (0, 0, 0)}


def edges(scene, size, rng):
    """-> (size, size) bytes, 0 or 255"""
    if rng.random() < .5:
        scene = silhouette(scene)
    x = (render(scene, size) * 255 + .5).astype(np.uint8)
    if rng.random() < .5:
        x = cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)
    low = pick(rng, [30, 50, 100])
    return cv2.Canny(x, low, 2 * low)


def control_pictures(lines, device):
    """-> (n, 3, size, size) in [0, 1]"""
    return (torch.from_numpy(np.stack(lines)).to(device).float() / 255)[:, None].expand(-1, 3, -1, -1)


def main():
    ap = arguments(argparse.ArgumentParser(), minutes=10)
    ap.add_argument("--b128", type=int, default=16)
    ap.add_argument("--b256", type=int, default=6)
    ap.add_argument("--mix", type=float, default=.5, help="the share of steps at 256 pixels")
    ap.add_argument("--out", default=f"{MODELS}/controlnet/pocket-canny")
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    net, words = frozen(a.run, a.device)
    control = ControlNet().copy(net.unet).to(a.device)
    data = {s: Clean(f"{a.run}/latents_{s}.pt") for s in (128, 256)}

    def loss(rng):
        size = 256 if rng.random() < a.mix else 128
        x, scenes = data[size].draw(rng, a.b256 if size == 256 else a.b128)
        texts, keep, ids = conditions(scenes, size, rng)
        texts = [t if rng.random() < .7 else pick(rng, ["", *GENERIC]) for t in texts]
        picture = control_pictures([edges(s, size, rng) for s in scenes], a.device)

        def predict(*args):
            return net.unet(*args, control=torch.func.functional_call(control, with_float8(control), (*args, picture)))
        return noise_loss(net, words, x, (texts, keep, ids), rng, predict)
    train(control, loss, a, "controlnet", lr=6e-4)
    save_controlnet(control.cpu(), a.out)


if __name__ == "__main__":
    main()
