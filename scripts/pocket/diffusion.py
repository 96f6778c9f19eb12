"""SDXL's noise schedule, the three networks together, and the sampler that previews them."""
import numpy as np
import torch
from text import Text1, Text2
from unet import UNet, with_float8

BETAS = torch.linspace(0.00085 ** .5, 0.012 ** .5, 1000, dtype=torch.float64) ** 2
ALPHAS = torch.cumprod(1 - BETAS, 0).float()           # alpha bar of every timestep
SIGMAS = ((1 - ALPHAS) / ALPHAS).sqrt()


class Networks(torch.nn.Module):
    def __init__(self, vocab):
        super().__init__()
        self.unet, self.t1, self.t2 = UNet(), Text1(vocab), Text2(vocab)

    def text(self, i1, i2, end):
        """-> context (b, 77, 128), pooled (b, 64)"""
        states, pooled = self.t2(i2, end)
        return torch.cat([self.t1(i1), states], -1), pooled

    def noise(self, *args, **kw):
        """The UNet's answer with its weights as the file will hold them."""
        return torch.func.functional_call(self.unet, with_float8(self.unet), args, kw)


def leading(steps):
    """Timesteps with diffusers' leading spacing and offset 1, highest first."""
    return (torch.arange(steps) * (1000 // steps)).flip(0) + 1


@torch.no_grad()
def sample(net, words, prompts, size=128, steps=20, cfg=4.5, negative="", seed=0, eta=1.0, predict=None):
    """Euler ancestral (eta 1) or Euler (eta 0) -> latents. `predict` replaces the plain UNet call."""
    device = next(net.parameters()).device
    n = len(prompts)
    ctx, pooled = net.text(*(z.to(device) for z in words.rows([*prompts, *[negative] * n])))
    g = torch.Generator().manual_seed(seed)
    ts = leading(steps)
    s = torch.cat([SIGMAS[ts], torch.zeros(1)])
    x = (torch.randn(n, 4, size // 8, size // 8, generator=g) * (s[0] ** 2 + 1) ** .5).to(device)
    ids = torch.tensor([size, size, 0, 0, size, size], device=device).repeat(2 * n, 1)
    params, predict = with_float8(net.unet), predict or (lambda *args: torch.func.functional_call(net.unet, params, args))
    for k in range(steps):
        y = (x / (s[k] ** 2 + 1) ** .5).repeat(2, 1, 1, 1)
        with torch.autocast(device.type, torch.bfloat16):
            e = predict(y, ts[k].expand(2 * n).to(device), ctx, pooled, ids)
        e = e[n:] + cfg * (e[:n] - e[n:])
        up = eta * (s[k + 1] ** 2 * (s[k] ** 2 - s[k + 1] ** 2) / s[k] ** 2) ** .5
        x = x + e * ((s[k + 1] ** 2 - up ** 2) ** .5 - s[k])
        if up > 0:
            x = x + up * torch.randn(x.shape, generator=g).to(device)
    return x


def save_grid(path, x, columns=8):
    """x (n, 3, h, w) in [-1, 1]"""
    from PIL import Image
    y = ((x.clamp(-1, 1).permute(0, 2, 3, 1).cpu().numpy() + 1) * 127.5).astype(np.uint8)
    Image.fromarray(np.concatenate([np.concatenate(list(y[i:i + columns]), 1) for i in range(0, len(y), columns)])).save(path)
