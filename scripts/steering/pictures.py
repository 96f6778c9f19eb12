"""Pictures that are sent, and what is measured in those that come back."""

import base64
import io
import pathlib
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "pocket"))
from world import COLORS, SHAPES, STYLES, render, silhouette  # noqa: E402


def scene(shape, color, background, style="flat", radius=0.5):
    thing = {"shape": shape, "color": color, "rgb": COLORS[color], "r": radius, "x": 0.0, "y": 0.0, "rot": 0.0, "style": style}
    return {"bg": background, "bg_rgb": COLORS[background], "objects": [thing], "seed": 1}


def coded(pixels):
    """Floats from 0 to 1 as a PNG in base64."""
    out = io.BytesIO()
    Image.fromarray((np.asarray(pixels) * 255 + 0.5).astype(np.uint8)).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def decoded(text):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"), np.float32) / 255


def some_scene(noise, size):
    color, background = noise.sample(sorted(COLORS), 2)
    return render(scene(noise.choice(SHAPES), color, background, noise.choice(STYLES)), size)


def some_mask(noise, size, soft=False):
    """A block around the middle, which no resizing cuts off."""
    mask = np.zeros((size, size), np.float32)
    top, bottom, left, right = (noise.randrange(size // 2 - 4) for _ in range(4))
    mask[top:size - bottom, left:size - right] = 1
    return mask * np.linspace(0.2, 1, size) if soft else mask


def thing(picture):
    """Where a picture is nearer to its thing than to its background, the colour of its border."""
    border = np.concatenate([side.reshape(-1, 3) for side in (picture[:6], picture[-6:], picture[:, :6], picture[:, -6:])])
    far = np.linalg.norm(picture - np.median(border, 0), axis=2)
    return far > 0.5 * np.quantile(far, 0.98)


def color(pixels):
    mean = np.median(pixels, 0) * 255
    return min(COLORS, key=lambda name: np.linalg.norm(mean - COLORS[name]))


def roughness(picture):
    """The median over 16-pixel blocks of the grey levels' deviation."""
    gray = picture.mean(2)
    return float(np.median(gray.reshape(gray.shape[0] // 16, 16, gray.shape[1] // 16, 16).std((1, 3))))
