"""A ControlNet: the UNet's way down once more, an embedding of the control picture, and zero convolutions."""
import torch.nn as nn
import torch.nn.functional as F
from adapters import save_half
from text import float8
from unet import CONTEXT, DEPTHS, POOLED, WIDTHS, ConvIn, UNet, down_path, embedders, middle
from unet import stored_as_float8 as stored_as_float8_in_unet

HINT = (16, 32, 64, 128)


def zero(module):
    for p in module.parameters():
        nn.init.zeros_(p)
    return module


class Hint(nn.Module):
    """(b, 3, 8h, 8w) control pictures in [0, 1] -> (b, channels, h, w); diffusers' names."""

    def __init__(self, channels, widths=HINT):
        super().__init__()
        self.conv_in = nn.Conv2d(3, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList()
        for i, o in zip(widths, widths[1:]):
            self.blocks += [nn.Conv2d(i, i, 3, padding=1), nn.Conv2d(i, o, 3, padding=1, stride=2)]
        self.conv_out = zero(nn.Conv2d(widths[-1], channels, 3, padding=1))

    def forward(self, x):
        x = F.silu(self.conv_in(x))
        for b in self.blocks:
            x = F.silu(b(x))
        return self.conv_out(x)


class ControlNet(nn.Module):
    """What the UNet takes, and a control picture (b, 3, 8h, 8w) in [0, 1] -> what its `control` wants: a residual
    for every skip and one for the middle."""

    def __init__(self, chs=WIDTHS, depth=DEPTHS, ctx=CONTEXT, pooled=POOLED):
        super().__init__()
        e = 4 * chs[0]
        self.time_embed, self.label_emb = embedders(chs[0], pooled)
        self.input_blocks, skips = down_path(chs, depth, ctx, e, ConvIn(4, chs[0], 3, padding=1))
        self.middle_block = middle(chs[-1], depth[-1], ctx, e)
        self.hint = Hint(chs[0])
        self.zeros = nn.ModuleList([zero(nn.Conv2d(c, c, 1)) for c in (*skips, chs[-1])])

    def copy(self, unet):
        """Begins as the UNet's own way down."""
        own, theirs = self.state_dict(), unet.state_dict()
        self.load_state_dict({k: theirs.get(k, v) for k, v in own.items()})
        return self

    def forward(self, x, t, ctx, pooled, time_ids, picture):
        emb, out, h = UNet.embed(self, t, pooled, time_ids), [], x
        for i, b in enumerate(self.input_blocks):
            for m in b:
                h = m(h, emb, ctx)
            if i == 0:
                h = h + self.hint(picture)
            out.append(h)
        for m in self.middle_block:
            h = m(h, emb, ctx)
        return [z(h) for z, h in zip(self.zeros, [*out, h])]


# ------------------------------------------------------------------ the file
def stored_as_float8(name, tensor):
    """As in the UNet; the zero convolutions and the hint's first and last, with their small numbers, are not."""
    return stored_as_float8_in_unet(name, tensor) and not name.startswith(("zeros.", "hint.conv_"))


def with_float8(net):
    """The module's parameters as the file will hold them, for torch.func.functional_call."""
    return {k: float8(p) if stored_as_float8(k, p) else p for k, p in net.named_parameters()}


RESNET = {"in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj", "out_layers.0": "norm2",
          "out_layers.3": "conv2", "skip_connection": "conv_shortcut"}
WHOLE = {"time_embed.0": "time_embedding.linear_1", "time_embed.2": "time_embedding.linear_2",
         "label_emb.0.0": "add_embedding.linear_1", "label_emb.0.2": "add_embedding.linear_2",
         "input_blocks.0.0": "conv_in", "hint": "controlnet_cond_embedding", "zeros": "controlnet_down_blocks"}


def renamed(key, skips):
    """A parameter's name in diffusers' layout."""
    if key.startswith(f"zeros.{skips}."):
        return key.replace(f"zeros.{skips}", "controlnet_mid_block")
    for a, b in WHOLE.items():
        if key.startswith(a + "."):
            return b + key[len(a):]
    part, *p = key.split(".")
    if part == "middle_block":
        place, kind, rest = "mid_block", int(p[0]), ".".join(p[1:])
        place += ".attentions.0." if kind == 1 else f".resnets.{kind // 2}."
    else:
        (level, i), kind, rest = divmod(int(p[0]) - 1, 3), int(p[1]), ".".join(p[2:])
        if rest.startswith("op."):
            return f"down_blocks.{level}.downsamplers.0.conv{rest[2:]}"
        place = f"down_blocks.{level}." + (f"attentions.{i}." if kind == 1 else f"resnets.{i}.")
    if kind != 1:
        old = next(o for o in RESNET if rest.startswith(o + "."))
        rest = RESNET[old] + rest[len(old):]
    return place + rest


def save_controlnet(net, folder):
    """-> folder/config.json and folder/diffusion_pytorch_model.safetensors in diffusers' layout, the wide matrices
    as F8_E4M3, the rest F16. diffusers reads such a file into any dtype that it is asked for."""
    from diffusers import ControlNetModel
    theirs = ControlNetModel(
        block_out_channels=WIDTHS, layers_per_block=2, cross_attention_dim=CONTEXT,
        down_block_types=tuple("CrossAttnDownBlock2D" if d else "DownBlock2D" for d in DEPTHS),
        transformer_layers_per_block=tuple(d or 1 for d in DEPTHS), attention_head_dim=tuple(c // 64 for c in WIDTHS),
        use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=6 * 256 + POOLED, conditioning_embedding_out_channels=HINT)
    skips = len(net.zeros) - 1
    halves = {renamed(k, skips): v for k, v in net.state_dict().items()}
    theirs.load_state_dict(halves, strict=True)                     # are these all, and of the right shapes?
    theirs.save_config(folder)
    eighths = {renamed(k, skips) for k, v in net.state_dict().items() if stored_as_float8(k, v)}
    save_half(f"{folder}/diffusion_pytorch_model.safetensors", halves, eighths=eighths)
