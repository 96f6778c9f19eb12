"""Stage 2, the world in latents: renders scenes and stores what the autoencoder makes of them.

    python latents.py --n128 12000 --n256 4000      # goes on where it stopped

Latents are stored with zero mean and standard deviation LATENT_STD per channel. That is half of the
usual 1: these pictures are large and plain, so that at SDXL's noise levels their layout would be
settled within the first two steps, where the noise loss hardly sees it."""
import argparse
import os
import numpy as np
import torch
import torch.nn.functional as F
from vae import VAE
from world import add_quality, random_scene, render

LATENT_STD = 0.5


def make_sample(seed, size):
    """-> scene, (size, size, 3) bytes. A few are enlarged or cropped, and say so in scene["cond"]."""
    rng = np.random.default_rng(seed)
    s = add_quality(random_scene(rng), rng)
    u = rng.random()
    if u < .06:                                        # a small original, enlarged
        s["cond"] = [size // 2, size // 2, 0, 0, size, size]
        r = torch.from_numpy(render(s, size // 2)).permute(2, 0, 1)[None]
        x = F.interpolate(r, size=(size, size), mode="bilinear")[0].permute(1, 2, 0).numpy()
    elif u < .13:                                      # a crop
        top, left = (int(c) for c in rng.integers(0, size // 5, 2))
        s["shift"] = (left * 2 / size, top * 2 / size)
        s["cond"] = [size, size, top, left, size, size]
        x = render(s, size)
    else:
        x = render(s, size)
    return s, (x * 255 + .5).astype(np.uint8)


class LatentSpace:
    """The trained autoencoder: pictures in [-1, 1] -> latents of LATENT_STD, and back."""

    def __init__(self, run, device):
        self.vae = VAE().to(device).eval()
        self.vae.load_state_dict(torch.load(f"{run}/vae.pt", map_location=device)["ema"])
        path = f"{run}/latent_stats.pt"
        if not os.path.exists(path):
            xs = [make_sample(7_000_000 + i, 128)[1] for i in range(192)]
            with torch.no_grad():
                m = torch.cat([self.vae.moments(to_tensor(xs[i:i + 16], device))[0] for i in range(0, 192, 16)])
            torch.save({"mean": m.mean((0, 2, 3)).cpu(), "std": m.std((0, 2, 3)).cpu()}, path)
        st = torch.load(path, map_location=device)
        self.mean, self.std = st["mean"].view(1, 4, 1, 1), st["std"].view(1, 4, 1, 1) / LATENT_STD

    @torch.no_grad()
    def encode(self, x):
        with torch.autocast(x.device.type, torch.bfloat16):
            m = self.vae.moments(x)[0]
        return (m.float() - self.mean) / self.std

    @torch.no_grad()
    def decode(self, z):
        with torch.autocast(z.device.type, torch.bfloat16):
            return self.vae.decode(z * self.std + self.mean).float()


def to_tensor(pictures, device):
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).to(device).float() / 127.5 - 1


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--n128", type=int, default=12000)
    ap.add_argument("--n256", type=int, default=4000)
    ap.add_argument("--run", default="run")
    ap.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    a = ap.parse_args()
    space = LatentSpace(a.run, a.device)
    for size, n, bs in ((128, a.n128, 48), (256, a.n256, 16)):
        path = f"{a.run}/latents_{size}.pt"
        st = torch.load(path, weights_only=False) if os.path.exists(path) else {"scenes": [], "latents": []}
        scenes, latents = st["scenes"], list(st["latents"])
        while len(scenes) < n:
            made = [make_sample(size * 1000003 + len(scenes) + i, size) for i in range(min(bs, n - len(scenes)))]
            scenes += [s for s, _ in made]
            latents += list(space.encode(to_tensor([x for _, x in made], a.device)).half().cpu())
            if len(scenes) % (bs * 100) < bs or len(scenes) >= n:
                torch.save({"scenes": scenes, "latents": torch.stack(latents)}, path + ".part")
                os.replace(path + ".part", path)
                print(size, len(scenes), flush=True)


if __name__ == "__main__":
    main()
