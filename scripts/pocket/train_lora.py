"""Adapters, stage 3, a LoRA for one style, crayon, on the convolutions and the transformers' linears of the frozen UNet.

    python train_lora.py --minutes 6      # -> models/loras/crayon.safetensors, kohya's names

Draws its own pictures first (run/crayon_128.pt, run/crayon_256.pt)."""
import argparse
import json
import os
import numpy as np
import torch
import torch.nn as nn
from adapters import MODELS, arguments, frozen, noise_loss, save_half, train
from crayon import crayon
from latents import LatentSpace, to_tensor
from train_unet import conditions
from world import pick, random_scene

RANK, ALPHA, TRIGGER = 8, 8.0, "crayon"


class Lora(nn.Module):
    """A frozen linear or convolution plus up(down(x)) * alpha / rank."""

    def __init__(self, base, scale):
        super().__init__()
        self.base, self.scale = base, scale
        if isinstance(base, nn.Conv2d):
            self.lora_down = nn.Conv2d(base.in_channels, RANK, base.kernel_size, base.stride, base.padding, bias=False)
            self.lora_up = nn.Conv2d(RANK, base.out_channels, 1, bias=False)
        else:
            self.lora_down = nn.Linear(base.in_features, RANK, bias=False)
            self.lora_up = nn.Linear(RANK, base.out_features, bias=False)
        nn.init.zeros_(self.lora_up.weight)

    def forward(self, x):
        return self.base(x) + self.scale["strength"] * ALPHA / RANK * self.lora_up(self.lora_down(x))


class Loras(nn.Module):
    """Puts a Lora in the place of the linears and convolutions of a UNet's blocks: not of its first and last layer,
    nor of the embeddings of time.
    Its parameters carry the file's names, up to the first dot."""

    def __init__(self, unet):
        super().__init__()
        self.scale, self.modules_by_name = {"strength": 1.0}, nn.ModuleDict()
        blocks = ("input_blocks.", "middle_block.", "output_blocks.")
        for path, m in list(unet.named_modules()):
            if type(m) in (nn.Linear, nn.Conv2d) and path.startswith(blocks) and "emb_layers" not in path:
                parent, _, last = path.rpartition(".")
                lora = Lora(m, self.scale)
                setattr(unet.get_submodule(parent), last, lora)
                self.modules_by_name["lora_unet_" + path.replace(".", "_")] = nn.ModuleDict(
                    {"lora_down": lora.lora_down, "lora_up": lora.lora_up})

    def tensors(self):
        out = {k.removeprefix("modules_by_name."): v for k, v in self.state_dict().items()}
        return out | {k + ".alpha": torch.tensor(ALPHA) for k in self.modules_by_name}


def pictures(space, path, size, n, device):
    """-> the latents of n crayon pictures and their scenes, from the file or drawn now."""
    if os.path.exists(path):
        st = torch.load(path, weights_only=False)
        if len(st["scenes"]) >= n:
            return st["latents"].float(), st["scenes"]
    scenes, latents = [], []
    for i in range(n):
        scenes.append(random_scene(np.random.default_rng([5, size, i])))
        x = (crayon(scenes[-1], size) * 255 + .5).astype(np.uint8)
        latents.append(space.encode(to_tensor([x], device)).half().cpu())
    torch.save({"scenes": scenes, "latents": torch.cat(latents)}, path + ".part")
    os.replace(path + ".part", path)
    return torch.cat(latents).float(), scenes


def with_trigger(text, rng):
    if not text:
        return pick(rng, ["", "crayon", "a crayon drawing"])
    return pick(rng, [text, text, f"{text}, crayon", f"crayon drawing, {text}", f"{text}, in crayon"])


def metadata(n):
    """What kohya's trainer writes and user interfaces read."""
    return {"format": "pt", "modelspec.architecture": "stable-diffusion-xl-v1-base/lora", "modelspec.title": "crayon",
            "ss_base_model_version": "sdxl_base_v1-0", "ss_network_module": "networks.lora", "ss_network_dim": str(RANK),
            "ss_network_alpha": str(ALPHA), "ss_network_args": json.dumps({"conv_dim": RANK, "conv_alpha": ALPHA}),
            "ss_output_name": "crayon", "ss_num_train_images": str(n),
            "ss_tag_frequency": json.dumps({f"1_{TRIGGER}": {TRIGGER: n}})}


def main():
    ap = arguments(argparse.ArgumentParser(), minutes=6)
    ap.add_argument("--n128", type=int, default=640)
    ap.add_argument("--n256", type=int, default=320)
    ap.add_argument("--b128", type=int, default=16)
    ap.add_argument("--b256", type=int, default=6)
    ap.add_argument("--mix", type=float, default=.6, help="the share of steps at 256 pixels")
    ap.add_argument("--out", default=f"{MODELS}/loras/crayon.safetensors")
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    space = LatentSpace(a.run, a.device)
    data = {s: pictures(space, f"{a.run}/crayon_{s}.pt", s, n, a.device) for s, n in ((128, a.n128), (256, a.n256))}
    net, words = frozen(a.run, a.device)
    loras = Loras(net.unet).to(a.device)

    def loss(rng):
        size = 256 if rng.random() < a.mix else 128
        latents, scenes = data[size]
        i = rng.integers(len(scenes), size=a.b256 if size == 256 else a.b128)
        texts, keep, ids = conditions([scenes[k] for k in i], size, rng)
        texts = [with_trigger(t, rng) for t in texts]
        return noise_loss(net, words, latents[torch.from_numpy(i)], (texts, keep, ids), rng)
    train(loras, loss, a, "lora", lr=1e-3, muon_lr=6e-3)
    save_half(a.out, loras.tensors(), metadata(a.n128 + a.n256))


if __name__ == "__main__":
    main()
