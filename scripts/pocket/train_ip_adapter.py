"""Adapters, stage 2, the IP-Adapter (vit-h layout): four tokens of a reference picture's embedding, and keys and
values for them beside the text's in every cross-attention of the frozen UNet.

    python train_ip_adapter.py --minutes 8      # -> models/ip-adapter/ip-adapter_sdxl_vit-h.safetensors

The reference shows what the target shows, elsewhere and in another size. Most captions say nothing, so that the
reference decides; some name only a shape, another than the reference's, so that words still count."""
import argparse
import torch
import torch.nn as nn
from adapters import GENERIC, MODELS, Clean, arguments, frozen, noise_loss, save_half, train
from text import attend, heads, unheads
from train_unet import conditions
from unet import CONTEXT, TransformerBlock
from vision import PROJECTED, load_vision, prepare
from world import POSITIONS, SHAPE_WORDS, SHAPES, SIZES, pick, render

TOKENS = 4


class WithImage(nn.Module):
    """A cross-attention that also attends to the image's tokens, with the same queries and a softmax of their own."""

    def __init__(self, attention, pair, image):
        super().__init__()
        self.attention, self.pair, self.image = attention, pair, image

    def forward(self, x, ctx):
        a, q = self.attention, heads(self.attention.to_q(x))
        o = attend(q, heads(a.to_k(ctx)), heads(a.to_v(ctx)))
        tokens = self.image["tokens"]
        k, v = heads(self.pair["to_k_ip"](tokens)), heads(self.pair["to_v_ip"](tokens))
        return a.to_out[0](unheads(o + self.image["scale"] * attend(q, k, v)))


class Adapter(nn.Module):
    """Its parameters carry the file's names. Putting it on a UNet replaces the cross-attentions there; `image`
    holds the tokens of the current pictures."""

    def __init__(self, unet):
        super().__init__()
        self.image = {"tokens": None, "scale": 1.0}
        self.image_proj = nn.ModuleDict({"proj": nn.Linear(PROJECTED, TOKENS * CONTEXT), "norm": nn.LayerNorm(CONTEXT)})
        self.ip_adapter = nn.ModuleDict()
        blocks = [m for part in (unet.input_blocks, unet.output_blocks, unet.middle_block)      # diffusers' order
                  for m in part.modules() if isinstance(m, TransformerBlock)]
        for i, b in enumerate(blocks):
            d = b.attn2.to_k.out_features
            pair = nn.ModuleDict({n: nn.Linear(CONTEXT, d, bias=False) for n in ("to_k_ip", "to_v_ip")})
            nn.init.zeros_(pair["to_v_ip"].weight)
            self.ip_adapter[str(2 * i + 1)] = pair
            b.attn2 = WithImage(b.attn2, pair, self.image)

    def look(self, embeds):
        """(n, 64) image embeddings, zeros for none"""
        self.image["tokens"] = self.image_proj["norm"](self.image_proj["proj"](embeds).view(-1, TOKENS, CONTEXT))


def elsewhere(scene, rng, shape=None):
    """The same things in another place and size; or one of them with another shape."""
    objects = [dict(o) for o in scene["objects"]]
    if len(objects) == 1:
        x, y = POSITIONS["center" if rng.random() < .5 else pick(rng, list(POSITIONS))]
        r = rng.uniform(*SIZES[pick(rng, ["small", "medium", "medium", "big"])])
        objects[0].update(x=.9 * x, y=.9 * y, r=min(r, .48) if x or y else r, shape=shape or objects[0]["shape"])
    for o in objects:
        o.update(x=o["x"] + rng.uniform(-.06, .06), y=o["y"] + rng.uniform(-.06, .06), rot=float(rng.normal(0, .05)))
    return {**scene, "objects": objects}


def main():
    ap = arguments(argparse.ArgumentParser(), minutes=8)
    ap.add_argument("--b128", type=int, default=24)
    ap.add_argument("--b256", type=int, default=8)
    ap.add_argument("--mix", type=float, default=.5, help="the share of steps at 256 pixels")
    ap.add_argument("--out", default=f"{MODELS}/ip-adapter/ip-adapter_sdxl_vit-h.safetensors")
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    net, words = frozen(a.run, a.device)
    vision, adapter = load_vision(a.run, a.device), Adapter(net.unet).to(a.device)
    data = {s: Clean(f"{a.run}/latents_{s}.pt") for s in (128, 256)}

    def loss(rng):
        size = 256 if rng.random() < a.mix else 128
        x, scenes = data[size].draw(rng, a.b256 if size == 256 else a.b128)
        texts, keep, ids = conditions(scenes, size, rng)
        seen = []
        for i, s in enumerate(scenes):
            u, shape = rng.random(), None
            if u < .50:
                texts[i] = ""
            elif u < .70:
                texts[i] = pick(rng, GENERIC)
            elif u < .85 and len(s["objects"]) == 1:
                shape, texts[i] = pick(rng, SHAPES), "a " + pick(rng, SHAPE_WORDS[s["objects"][0]["shape"]])
            seen.append(render(elsewhere(s, rng, shape), 128))
        with torch.no_grad():
            embeds = vision(pixel_values=prepare(seen, a.device)).image_embeds.float()
        adapter.look(embeds * (torch.rand(len(embeds), 1) >= .10).to(a.device))
        return noise_loss(net, words, x, (texts, keep, ids), rng)
    train(adapter, loss, a, "ip_adapter", lr=2e-3, muon_lr=8e-3)
    save_half(a.out, adapter.state_dict())


if __name__ == "__main__":
    main()
