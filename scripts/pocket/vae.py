"""SDXL's autoencoder (KL-f8, 4 latent channels), small, with SDXL's own parameter names."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def norm(channels):
    return nn.GroupNorm(32, channels, eps=1e-6)


class ResnetBlock(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.norm1, self.conv1 = norm(i), nn.Conv2d(i, o, 3, padding=1)
        self.norm2, self.conv2 = norm(o), nn.Conv2d(o, o, 3, padding=1)
        if i != o:
            self.nin_shortcut = nn.Conv2d(i, o, 1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x) + h


class AttnBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm = norm(c)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(c, c, 1) for _ in range(4))

    def forward(self, x):
        b, c, h, w = x.shape
        n = self.norm(x)
        q, k, v = (f(n).flatten(2).transpose(1, 2).float() for f in (self.q, self.k, self.v))
        o = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, c, h, w)
        return x + self.proj_out(o)


class Resample(nn.Module):
    def __init__(self, c, down):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, stride=2 if down else 1, padding=0 if down else 1)
        self.down = down

    def forward(self, x):
        if self.down:
            return self.conv(F.pad(x, (0, 1, 0, 1)))
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class Mid(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.block_1, self.attn_1, self.block_2 = ResnetBlock(c, c), AttnBlock(c), ResnetBlock(c, c)

    def forward(self, x):
        return self.block_2(self.attn_1(self.block_1(x)))


class Level(nn.Module):
    """`n` residual blocks and, where `resample` names one, a `downsample` or an `upsample`."""

    def __init__(self, i, o, n, resample):
        super().__init__()
        self.block = nn.ModuleList([ResnetBlock(i if k == 0 else o, o) for k in range(n)])
        self.resample = resample
        if resample:
            setattr(self, resample, Resample(o, resample == "downsample"))

    def forward(self, x):
        for b in self.block:
            x = b(x)
        return getattr(self, self.resample)(x) if self.resample else x


class Encoder(nn.Module):
    def __init__(self, chs):
        super().__init__()
        self.conv_in = nn.Conv2d(3, chs[0], 3, padding=1)
        ins = [chs[0], *chs]
        self.down = nn.ModuleList([Level(ins[k], c, 2, "downsample" if k < len(chs) - 1 else None)
                                   for k, c in enumerate(chs)])
        self.mid, self.norm_out = Mid(chs[-1]), norm(chs[-1])
        self.conv_out = nn.Conv2d(chs[-1], 8, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for d in self.down:
            x = d(x)
        return self.conv_out(F.silu(self.norm_out(self.mid(x))))


class Decoder(nn.Module):
    def __init__(self, chs):
        super().__init__()
        outs = [*chs, chs[-1]]
        self.conv_in, self.mid = nn.Conv2d(4, chs[-1], 3, padding=1), Mid(chs[-1])
        self.up = nn.ModuleList([Level(outs[k + 1], c, 3, "upsample" if k else None) for k, c in enumerate(chs)])
        self.norm_out, self.conv_out = norm(chs[0]), nn.Conv2d(chs[0], 3, 3, padding=1)

    def forward(self, z):
        x = self.mid(self.conv_in(z))
        for u in reversed(self.up):
            x = u(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class VAE(nn.Module):
    """x in [-1, 1], (b, 3, 8h, 8w) -> the mean and log variance of (b, 4, h, w) latents, and back."""

    def __init__(self, chs=(64, 64, 64, 64)):
        super().__init__()
        self.encoder, self.decoder = Encoder(chs), Decoder(chs)
        self.quant_conv, self.post_quant_conv = nn.Conv2d(8, 8, 1), nn.Conv2d(4, 4, 1)
        self.head_start()

    @torch.no_grad()
    def head_start(self):
        """Begins as average pooling of colours: residual branches nearly silent, samplers plain, and
        colours carried as (+c, -c) channel pairs, on which a GroupNorm pair followed by
        silu(x) - silu(-x) = x is linear. Training adds the detail."""
        for m in self.modules():
            if isinstance(m, ResnetBlock):
                m.conv2.weight *= 0.02
                m.conv2.bias.zero_()
            if isinstance(m, AttnBlock):
                m.proj_out.weight *= 0.02
            if isinstance(m, Resample):
                e = torch.eye(m.conv.in_channels)
                m.conv.weight *= 0.02
                m.conv.bias.zero_()
                if m.down:
                    m.conv.weight[:, :, :2, :2] += e[:, :, None, None] / 4
                else:
                    m.conv.weight[:, :, 1, 1] += e
        u = torch.cat([torch.eye(3), F.normalize(torch.randn(13, 3), dim=1)])
        u = torch.cat([u, -u], 1).reshape(32, 3)                    # +u0, -u0, +u1, -u1 ...
        inv = torch.linalg.pinv(u)                                  # 3 x 32
        for net in (self.encoder, self.decoder):
            net.conv_in.weight[:32] *= 0.1
            net.conv_in.weight[:32, :3, 1, 1] += u
            net.conv_in.bias.zero_()
            net.conv_out.weight[:3] *= 0.1
            net.conv_out.weight[:3, :32, 1, 1] += inv
            net.conv_out.bias.zero_()
        self.encoder.conv_out.bias[4:] = -3
        for q in (self.quant_conv, self.post_quant_conv):
            q.weight.copy_(torch.eye(q.weight.shape[0])[:, :, None, None])
            q.bias.zero_()

    def moments(self, x):
        m, lv = self.quant_conv(self.encoder(x)).chunk(2, 1)
        return m, lv.clamp(-30, 20)

    def decode(self, z):
        return self.decoder(self.post_quant_conv(z))
