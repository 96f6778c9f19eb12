#!/usr/bin/env python3
"""Writes a random checkpoint of SDXL's own layout and sizes: 2,515 tensors, 6.9 GB of float16. Needs PyTorch alone.

    full_checkpoint.py OUT [--preset full|tiny] [--seed 0] [--threads N]

Every value is normal, and depends on the seed and its tensor's name alone. Layers keep the spread of what passes
through them, so the result is finite in float16. The denoiser is made to behave like one: half of the first
convolution's channels carry +x and -x in pairs, which the last skip connection hands to the output; since
silu(x) - silu(-x) = x, the answer is mostly x divided by its spread.
"""
import argparse
import hashlib
import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor

import torch

UNET = "model.diffusion_model."
VAE = "first_stage_model."
TEXT1 = "conditioner.embedders.0.transformer.text_model."
TEXT2 = "conditioner.embedders.1.model."
WORDS, POSITIONS = 49408, 77
PRESETS = {  # UNet channels and transformer depth, VAE channels, (width, layers) of both text encoders
    "tiny": ((64, 128, 192), (0, 1, 2), (32, 64, 96, 96), (64, 3), (128, 3)),
    "full": ((320, 640, 1280), (0, 2, 10), (128, 256, 512, 512), (768, 12), (1280, 32)),
}


class Layout(dict):
    """Name -> (shape, mean, standard deviation), in the file's order."""

    def __init__(self, preset):
        channels, depth, stages, one, two = PRESETS[preset]
        self.text_1(*one)
        self.text_2(*two)
        self.vae(stages)
        self.unet(channels, depth, context=one[0] + two[0], pooled=two[0])

    def weights(self, name, *shape, gain=1.0):
        self[name] = shape, 0.0, gain / math.sqrt(math.prod(shape[1:]))

    def layer(self, name, *shape, gain=1.0):
        self.weights(name + ".weight", *shape, gain=gain)
        self[name + ".bias"] = shape[:1], 0.0, 0.05

    def norm(self, name, width):
        self[name + ".weight"] = (width,), 1.0, 0.1
        self[name + ".bias"] = (width,), 0.0, 0.05

    def text_1(self, width, layers):
        self[TEXT1 + "embeddings.position_ids"] = (1, POSITIONS), 0.0, 0.0
        self[TEXT1 + "embeddings.token_embedding.weight"] = (WORDS, width), 0.0, 0.6
        self[TEXT1 + "embeddings.position_embedding.weight"] = (POSITIONS, width), 0.0, 0.25
        for n in range(layers):
            block = f"{TEXT1}encoder.layers.{n}."
            for part, gain in (("q", 1.5), ("k", 1.5), ("v", 1.0), ("out", 1.0)):
                self.layer(f"{block}self_attn.{part}_proj", width, width, gain=gain)
            self.norm(block + "layer_norm1", width)
            self.layer(block + "mlp.fc1", 4 * width, width, gain=1.3)
            self.layer(block + "mlp.fc2", width, 4 * width, gain=2.0)
            self.norm(block + "layer_norm2", width)
        self.norm(TEXT1 + "final_layer_norm", width)

    def text_2(self, width, layers):
        self[TEXT2 + "positional_embedding"] = (POSITIONS, width), 0.0, 0.25
        self.weights(TEXT2 + "text_projection", width, width)
        self[TEXT2 + "logit_scale"] = (), 4.6, 0.0
        self[TEXT2 + "token_embedding.weight"] = (WORDS, width), 0.0, 0.6
        for n in range(layers):
            block = f"{TEXT2}transformer.resblocks.{n}."
            self.norm(block + "ln_1", width)
            self.weights(block + "attn.in_proj_weight", 3 * width, width, gain=1.3)
            self[block + "attn.in_proj_bias"] = (3 * width,), 0.0, 0.05
            self.layer(block + "attn.out_proj", width, width)
            self.norm(block + "ln_2", width)
            self.layer(block + "mlp.c_fc", 4 * width, width, gain=1.3)
            self.layer(block + "mlp.c_proj", width, 4 * width, gain=2.0)
        self.norm(TEXT2 + "ln_final", width)

    def vae(self, channels):
        ends = (channels[0], channels[-1])
        for side, inputs, (first, last), outputs, blocks, gain in (
            ("encoder", 3, ends, 8, 2, 1.0), ("decoder", 4, ends[::-1], 3, 3, 0.4),
        ):
            path = f"{VAE}{side}."
            self.layer(path + "conv_in", first, inputs, 3, 3)
            width, levels = first, range(len(channels))
            for level in levels if side == "encoder" else reversed(levels):
                stage = f"{path}{'down' if side == 'encoder' else 'up'}.{level}."
                for n in range(blocks):
                    self.vae_resnet(f"{stage}block.{n}.", width, channels[level])
                    width = channels[level]
                if side == "encoder" and level + 1 < len(channels):
                    self.layer(stage + "downsample.conv", width, width, 3, 3)
                if side == "decoder" and level > 0:
                    self.layer(stage + "upsample.conv", width, width, 3, 3)
            for n in (1, 2):
                self.vae_resnet(f"{path}mid.block_{n}.", channels[-1], channels[-1])
            self.norm(path + "mid.attn_1.norm", channels[-1])
            for part in ("q", "k", "v", "proj_out"):
                self.layer(f"{path}mid.attn_1.{part}", channels[-1], channels[-1], 1, 1)
            self.norm(path + "norm_out", last)
            self.layer(path + "conv_out", outputs, last, 3, 3, gain=gain)
        self.layer(VAE + "quant_conv", 8, 8, 1, 1)
        self.layer(VAE + "post_quant_conv", 4, 4, 1, 1)

    def vae_resnet(self, path, inputs, outputs):
        self.norm(path + "norm1", inputs)
        self.layer(path + "conv1", outputs, inputs, 3, 3)
        self.norm(path + "norm2", outputs)
        self.layer(path + "conv2", outputs, outputs, 3, 3, gain=0.7)
        if inputs != outputs:
            self.layer(path + "nin_shortcut", outputs, inputs, 1, 1)

    def unet(self, channels, depth, context, pooled):
        time_width = 4 * channels[0]
        for name, inputs in (("time_embed.0", channels[0]), ("time_embed.2", time_width),
                             ("label_emb.0.0", pooled + 6 * 256), ("label_emb.0.2", time_width)):
            self.layer(UNET + name, time_width, inputs)
        self.layer(UNET + "input_blocks.0.0", channels[0], 4, 3, 3)
        width, skips, n = channels[0], [channels[0]], 1
        for level, outputs in enumerate(channels):
            for _ in range(2):
                self.unet_block(f"{UNET}input_blocks.{n}.", width, outputs, time_width, depth[level], context)
                width, n = outputs, n + 1
                skips.append(width)
            if level + 1 < len(channels):
                self.layer(f"{UNET}input_blocks.{n}.0.op", width, width, 3, 3)
                skips.append(width)
                n += 1
        self.unet_block(UNET + "middle_block.", width, width, time_width, depth[-1], context)
        self.unet_resnet(UNET + "middle_block.2.", width, width, time_width)
        n = 0
        for level in reversed(range(len(channels))):
            for i in range(3):
                block = f"{UNET}output_blocks.{n}."
                self.unet_block(block, width + skips.pop(), channels[level], time_width, depth[level], context)
                width, n = channels[level], n + 1
                if level > 0 and i == 2:
                    self.layer(f"{block}{2 if depth[level] else 1}.conv", width, width, 3, 3)
        self.norm(UNET + "out.0", width)
        self.layer(UNET + "out.2", 4, width, 3, 3)

    def unet_block(self, path, inputs, outputs, time_width, depth, context):
        self.unet_resnet(path + "0.", inputs, outputs, time_width)
        if not depth:
            return
        self.norm(path + "1.norm", outputs)
        self.layer(path + "1.proj_in", outputs, outputs)
        for n in range(depth):
            block = f"{path}1.transformer_blocks.{n}."
            for attention, keys, gain in (("attn1", outputs, 0.7), ("attn2", context, 1.0)):
                self.weights(f"{block}{attention}.to_q.weight", outputs, outputs, gain=1.5)
                self.weights(f"{block}{attention}.to_k.weight", outputs, keys, gain=1.5)
                self.weights(f"{block}{attention}.to_v.weight", outputs, keys)
                self.layer(f"{block}{attention}.to_out.0", outputs, outputs, gain=gain)
            self.layer(block + "ff.net.0.proj", 8 * outputs, outputs)
            self.layer(block + "ff.net.2", outputs, 4 * outputs, gain=0.7)
            for norm in (1, 2, 3):
                self.norm(f"{block}norm{norm}", outputs)
        self.layer(path + "1.proj_out", outputs, outputs, gain=0.7)

    def unet_resnet(self, path, inputs, outputs, time_width):
        self.norm(path + "in_layers.0", inputs)
        self.layer(path + "in_layers.2", outputs, inputs, 3, 3)
        self.layer(path + "emb_layers.1", outputs, time_width)
        self.norm(path + "out_layers.0", outputs)
        self.layer(path + "out_layers.3", outputs, outputs, 3, 3, gain=0.7)
        if inputs != outputs:
            self.layer(path + "skip_connection", outputs, inputs, 1, 1)


def pairs(channels, latents=4):
    """The channels that carry the latents: (channel, latent, sign). A group of a norm holds one latent's."""
    for j in range(channels // 2):
        yield j, (j // (channels // 32)) % latents, 1 - 2 * (j % 2)


def behave(name, values):
    """What the module's description says of the denoiser; and latents of SDXL's spread from the encoder."""
    if name == UNET + "input_blocks.0.0.weight":
        values[:len(values) // 2] *= 0.1
        for j, latent, sign in pairs(len(values)):
            values[j, latent, 1, 1] += sign
    elif name == UNET + "output_blocks.8.0.skip_connection.weight":
        values[:len(values) // 2] *= 0.05
        for j, _, _ in pairs(len(values)):
            values[j, values.shape[1] - len(values) + j, 0, 0] += 1
    elif name == UNET + "output_blocks.8.0.out_layers.3.weight":
        values[:len(values) // 2] *= 0.1
    elif name == UNET + "out.2.weight":
        half = values.shape[1] // 2
        values[:, :half] *= 0.15
        values[:, half:] *= 0.5
        for j, latent, sign in pairs(values.shape[1]):
            values[latent, j, 1, 1] += sign * 0.9 * 2 * len(values) / half
    elif name == VAE + "quant_conv.weight":
        values[:4] *= 8
        values[4:] *= 0.3
    elif name == VAE + "quant_conv.bias":
        values[4:] -= 1


def tensor(name, shape, mean, deviation, seed):
    if name.endswith("position_ids"):
        return torch.arange(POSITIONS)[None]
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    generator = torch.Generator("cpu").manual_seed(int.from_bytes(digest[:4], "big"))
    values = torch.randn(shape, generator=generator).mul_(deviation).add_(mean)
    behave(name, values)
    return values.half()


def header(layout):
    """safetensors: the length of a JSON object, the object, then the tensors without gaps; and where each begins."""
    entries, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, (shape, _, _) in layout.items():
        kind, size = ("I64", 8) if name.endswith("position_ids") else ("F16", 2)
        end = offset + size * math.prod(shape)
        entries[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    begin = 8 + len(text)
    places = {name: begin + entries[name]["data_offsets"][0] for name in layout}
    return len(text).to_bytes(8, "little") + text, places


def write(path, preset="full", seed=0, threads=None):
    layout = Layout(preset)
    start, places = header(layout)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)

    def put(item):
        name, (shape, mean, deviation) = item
        data, offset = memoryview(tensor(name, shape, mean, deviation, seed).numpy()).cast("B"), places[name]
        while data:
            count = os.pwrite(descriptor, data, offset)
            data, offset = data[count:], offset + count

    try:
        os.pwrite(descriptor, start, 0)
        # One tensor a thread, so that a tensor's values do not depend on how many there are.
        with ThreadPoolExecutor(threads or os.cpu_count(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
            for _ in pool.map(put, layout.items()):
                pass
    finally:
        os.close(descriptor)
    return layout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--preset", choices=PRESETS, default="full", help="tiny: 70 MB, to try things with")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="default: one a core")
    options = parser.parse_args()
    begin = time.monotonic()
    layout = write(options.out, options.preset, options.seed, options.threads)
    print(f"{options.out}: {len(layout)} tensors, {os.path.getsize(options.out) / 1e6:.0f} MB, "
          f"{time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
