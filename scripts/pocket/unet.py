"""SDXL's UNet, small, with the original checkpoint's parameter names."""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F
from text import float8, heads, unheads

WIDTHS, DEPTHS, CONTEXT, POOLED = (64, 128, 128), (0, 1, 1), 128, 64


class ResBlock(nn.Module):
    def __init__(self, i, o, e):
        super().__init__()
        self.in_layers = nn.Sequential(nn.GroupNorm(32, i), nn.SiLU(), nn.Conv2d(i, o, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(e, o))
        self.out_layers = nn.Sequential(nn.GroupNorm(32, o), nn.SiLU(), nn.Identity(), nn.Conv2d(o, o, 3, padding=1))
        self.skip_connection = nn.Conv2d(i, o, 1) if i != o else nn.Identity()
        nn.init.zeros_(self.out_layers[3].weight)
        nn.init.zeros_(self.out_layers[3].bias)

    def forward(self, x, emb, ctx):
        h = self.in_layers(x) + self.emb_layers(emb)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class CrossAttention(nn.Module):
    def __init__(self, d, ctx):
        super().__init__()
        self.to_q, self.to_k, self.to_v = (nn.Linear(i, d, bias=False) for i in (d, ctx, ctx))
        self.to_out = nn.ModuleList([nn.Linear(d, d)])

    def forward(self, x, ctx=None):
        ctx = x if ctx is None else ctx
        q, k, v = (heads(t) for t in (self.to_q(x), self.to_k(ctx), self.to_v(ctx)))
        return self.to_out[0](unheads(F.scaled_dot_product_attention(q, k, v)))


class GEGLU(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.proj = nn.Linear(d, 8 * d)

    def forward(self, x):
        a, g = self.proj(x).chunk(2, -1)
        return a * F.gelu(g)


class FeedForward(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.net = nn.Sequential(GEGLU(d), nn.Identity(), nn.Linear(4 * d, d))

    def forward(self, x):
        return self.net(x)


class TransformerBlock(nn.Module):
    def __init__(self, d, ctx):
        super().__init__()
        self.attn1, self.attn2, self.ff = CrossAttention(d, d), CrossAttention(d, ctx), FeedForward(d)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(d), nn.LayerNorm(d), nn.LayerNorm(d)

    def forward(self, x, ctx):
        x = x + self.attn1(self.norm1(x))
        x = x + self.attn2(self.norm2(x), ctx)
        return x + self.ff(self.norm3(x))


class SpatialTransformer(nn.Module):
    def __init__(self, d, ctx, depth):
        super().__init__()
        self.norm = nn.GroupNorm(32, d, eps=1e-6)
        self.proj_in, self.proj_out = nn.Linear(d, d), nn.Linear(d, d)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(d, ctx) for _ in range(depth)])
        nn.init.zeros_(self.proj_out.weight)

    def forward(self, x, emb, ctx):
        b, c, h, w = x.shape
        t = self.proj_in(self.norm(x).permute(0, 2, 3, 1).reshape(b, h * w, c))
        for blk in self.transformer_blocks:
            t = blk(t, ctx)
        return x + self.proj_out(t).view(b, h, w, c).permute(0, 3, 1, 2)


class Downsample(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.op = nn.Conv2d(c, c, 3, stride=2, padding=1)

    def forward(self, x, emb, ctx):
        return self.op(x)


class Upsample(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x, emb, ctx):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class ConvIn(nn.Conv2d):
    def forward(self, x, emb, ctx):
        return super().forward(x)


def sinusoids(t, dim):
    half = dim // 2
    f = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32, device=t.device) / half)
    a = t.float()[..., None] * f
    return torch.cat([a.cos(), a.sin()], -1)


def down_path(chs, depth, ctx, e, first):
    """The input blocks and the widths they leave for the skips; a ControlNet has the same."""
    blocks, skips, i = [nn.ModuleList([first])], [chs[0]], chs[0]
    for l, c in enumerate(chs):
        for _ in range(2):
            b = [ResBlock(i, c, e)] + ([SpatialTransformer(c, ctx, depth[l])] if depth[l] else [])
            blocks.append(nn.ModuleList(b))
            skips.append(c)
            i = c
        if l < len(chs) - 1:
            blocks.append(nn.ModuleList([Downsample(c)]))
            skips.append(c)
    return nn.ModuleList(blocks), skips


def middle(c, depth, ctx, e):
    return nn.ModuleList([ResBlock(c, c, e), SpatialTransformer(c, ctx, depth), ResBlock(c, c, e)])


def embedders(c, pooled):
    e = 4 * c
    return (nn.Sequential(nn.Linear(c, e), nn.SiLU(), nn.Linear(e, e)),
            nn.Sequential(nn.Sequential(nn.Linear(6 * 256 + pooled, e), nn.SiLU(), nn.Linear(e, e))))


class UNet(nn.Module):
    """x (b, 4, h, w) noisy latents, t (b,), ctx (b, 77n, CONTEXT), pooled (b, POOLED), time_ids (b, 6)
    -> the noise, (b, 4, h, w). `control` adds a ControlNet's residuals to the skips and the middle."""

    def __init__(self, chs=WIDTHS, depth=DEPTHS, ctx=CONTEXT, pooled=POOLED):
        super().__init__()
        e = 4 * chs[0]
        self.time_embed, self.label_emb = embedders(chs[0], pooled)
        self.input_blocks, skips = down_path(chs, depth, ctx, e, ConvIn(4, chs[0], 3, padding=1))
        self.middle_block = middle(chs[-1], depth[-1], ctx, e)
        blocks, i = [], chs[-1]
        for l in reversed(range(len(chs))):
            for k in range(3):
                b = [ResBlock(i + skips.pop(), chs[l], e)]
                if depth[l]:
                    b.append(SpatialTransformer(chs[l], ctx, depth[l]))
                if k == 2 and l > 0:
                    b.append(Upsample(chs[l]))
                blocks.append(nn.ModuleList(b))
                i = chs[l]
        self.output_blocks = nn.ModuleList(blocks)
        self.out = nn.Sequential(nn.GroupNorm(32, i), nn.SiLU(), nn.Conv2d(i, 4, 3, padding=1))
        nn.init.zeros_(self.out[2].weight)
        nn.init.zeros_(self.out[2].bias)

    def embed(self, t, pooled, time_ids):
        e = self.time_embed(sinusoids(t, self.time_embed[0].in_features))
        return e + self.label_emb(torch.cat([pooled, sinusoids(time_ids, 256).flatten(1)], 1))

    def forward(self, x, t, ctx, pooled, time_ids, control=None):
        emb, skips, h = self.embed(t, pooled, time_ids), [], x
        for b in self.input_blocks:
            for m in b:
                h = m(h, emb, ctx)
            skips.append(h)
        for m in self.middle_block:
            h = m(h, emb, ctx)
        if control is not None:
            h = h + control[-1]
            skips = [s + c for s, c in zip(skips, control)]
        for b in self.output_blocks:
            h = torch.cat([h, skips.pop()], 1)
            for m in b:
                h = m(h, emb, ctx)
        # the noise is predicted to a fraction of a per cent at the noisiest steps: bfloat16 would not do
        with torch.autocast(x.device.type, enabled=False):
            return self.out(h.float())


def stored_as_float8(name, tensor):
    """The wide matrices of the UNet are stored as F8_E4M3; its first and last convolution, its time
    embedding, norms and biases are not."""
    return tensor.ndim >= 2 and not name.startswith(("input_blocks.0.", "out.", "time_embed."))


def with_float8(net):
    """The module's parameters as the file will hold them, for torch.func.functional_call."""
    return {k: float8(p) if stored_as_float8(k, p) else p for k, p in net.named_parameters()}
