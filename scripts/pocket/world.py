"""The pocket world: little pictures of coloured shapes.

A *scene* is a plain dict (JSON-able).  `render(scene, size)` draws it with signed
distance functions, so every edge is anti-aliased at any resolution; `captions.caption`
says what is in it.
"""
import math
import numpy as np

COLORS = {                       # name -> sRGB
    "red": (218, 36, 40), "orange": (247, 138, 24), "yellow": (252, 222, 50),
    "green": (44, 166, 66), "cyan": (64, 208, 222), "blue": (36, 76, 214),
    "purple": (124, 48, 176), "pink": (252, 140, 186), "brown": (122, 74, 36),
    "white": (246, 246, 246), "gray": (132, 132, 136), "black": (22, 22, 26),
}
COLOR_WORDS = {
    "red": ["red", "red", "red", "crimson", "scarlet"], "orange": ["orange"],
    "yellow": ["yellow", "yellow", "yellow", "golden"], "green": ["green"],
    "cyan": ["cyan", "cyan", "turquoise", "aqua"], "blue": ["blue"],
    "purple": ["purple", "purple", "violet"], "pink": ["pink"], "brown": ["brown"],
    "white": ["white"], "gray": ["gray", "grey"], "black": ["black"],
}
SHAPES = ["circle", "square", "triangle", "star", "heart", "ring", "cross", "moon",
          "diamond", "flower", "house", "cat"]
SHAPE_WORDS = {
    "circle": ["circle", "circle", "circle", "disc", "ball", "dot"],
    "square": ["square", "square", "square", "box"], "triangle": ["triangle"],
    "star": ["star"], "heart": ["heart"], "ring": ["ring", "ring", "donut"],
    "cross": ["cross", "cross", "plus sign"], "moon": ["moon", "moon", "crescent", "crescent moon"],
    "diamond": ["diamond", "diamond", "rhombus"], "flower": ["flower", "flower", "blossom"],
    "house": ["house", "house", "home"], "cat": ["cat", "cat", "kitty", "cat face"],
}
STYLES = ["flat", "outline", "striped", "glowing", "gradient"]
SIZES = {"small": (0.27, 0.35), "medium": (0.42, 0.54), "big": (0.64, 0.78)}
POSITIONS = {"center": (0, 0), "left": (-.52, 0), "right": (.52, 0), "top": (0, -.52),
             "bottom": (0, .52), "top left": (-.5, -.5), "top right": (.5, -.5),
             "bottom left": (-.5, .5), "bottom right": (.5, .5)}


def held_out(shape, fg, bg):
    """Triples (about 10 %) that are never drawn for training as single objects."""
    h = (SHAPES.index(shape) * 131 + list(COLORS).index(fg) * 37 + list(COLORS).index(bg) * 17 + 5) % 10
    return h == 3


# ------------------------------------------------------------------ drawing
def _sdf(shape, x, y):
    """Signed distance (negative inside) to a shape of radius about 1; y points down."""
    r = np.sqrt(x * x + y * y)
    if shape == "circle":
        return r - 0.9
    if shape == "square":
        return np.maximum(abs(x), abs(y)) - 0.8
    if shape == "diamond":
        return (abs(x) / 0.72 + abs(y) / 1.0 - 1) * 0.58
    if shape == "triangle":
        yy = y - 0.2
        return np.maximum(yy, abs(x) * 0.866 - yy * 0.5 - 0.5 * 0) - 0.5
    if shape == "ring":
        return abs(r - 0.66) - 0.24
    if shape == "cross":
        ax, ay = abs(x), abs(y)
        return np.minimum(np.maximum(ax - 0.9, ay - 0.3), np.maximum(ax - 0.3, ay - 0.9))
    if shape == "moon":
        return np.maximum(r - 0.92, 0.78 - np.sqrt((x - 0.48) ** 2 + (y + 0.12) ** 2))
    if shape == "star":
        k = 2 * math.pi / 5
        a = np.arctan2(x, -y)                       # 0 = up
        a = abs((a + k / 2) % k - k / 2)            # fold onto one half-spike
        px, py = r * np.sin(a), r * np.cos(a)
        ro, ri = 1.0, 0.42                          # line from the tip to the notch
        nx, ny = ri * math.sin(k / 2), ri * math.cos(k / 2)
        ex, ey = nx - 0.0, ny - ro
        L = math.hypot(ex, ey)
        return (px * -ey + (py - ro) * ex) / L
    if shape == "heart":
        s = 0.86                                    # a tilted square plus two discs
        yy = y - 0.12
        u, v = (x + yy) / math.sqrt(2), (x - yy) / math.sqrt(2)
        sq = np.maximum(abs(u), abs(v)) - s / 2 * 1.15
        h = s / 2 * 1.15
        c = h / math.sqrt(2)
        d = np.minimum(np.sqrt((x - c) ** 2 + (yy + c) ** 2), np.sqrt((x + c) ** 2 + (yy + c) ** 2)) - h
        return np.minimum(sq, d)
    if shape == "flower":
        a = np.arctan2(x, -y)
        return np.maximum((r - (0.68 + 0.26 * np.cos(5 * a))) * 0.75, 0.2 - r)
    if shape == "house":
        body = np.maximum(abs(x) - 0.62, abs(y - 0.4) - 0.46)
        roof = np.maximum(y - 0.02, abs(x) * 0.68 - y * 0.73 - 0.64)
        door = np.maximum(abs(x) - 0.17, abs(y - 0.65) - 0.27)
        return np.maximum(np.minimum(body, roof), -door)
    if shape == "cat":
        ax = abs(x)
        head = np.sqrt((x / 1.08) ** 2 + ((y - 0.2) / 0.92) ** 2) * 0.98 - 0.72
        # ears: triangle with the tip at (0.62, -0.9)
        ear = np.maximum(np.maximum(-(y + 0.92) * 0.35 + (ax - 0.62) * 0.94 - 0.04,
                                    -(y + 0.92) * 0.55 - (ax - 0.62) * 0.83 - 0.04), y - 0.1)
        eyes = np.sqrt((ax - 0.32) ** 2 + (y - 0.12) ** 2) - 0.14
        nose = np.maximum(abs(x) - 0.12 + (y - 0.48) * 0.8, abs(y - 0.5) - 0.09)
        return np.maximum(np.maximum(np.minimum(head, ear), -eyes), -nose)
    raise ValueError(shape)


_GRID = {}


def _grid(size):
    if size not in _GRID:
        c = ((np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1)
        _GRID[size] = np.meshgrid(c, c)
    return _GRID[size]


def _blur(img, sigma):
    k = int(3 * sigma + 1)
    w = np.exp(-0.5 * (np.arange(-k, k + 1) / sigma) ** 2).astype(np.float32)
    w /= w.sum()
    p = np.pad(img, ((k, k), (0, 0), (0, 0)), "edge")
    img = sum(w[i] * p[i:i + img.shape[0]] for i in range(2 * k + 1))
    p = np.pad(img, ((0, 0), (k, k), (0, 0)), "edge")
    return sum(w[i] * p[:, i:i + img.shape[1]] for i in range(2 * k + 1))


def render(scene, size):
    """-> float32 HWC in [0, 1]."""
    gx, gy = _grid(size)
    sx, sy = scene.get("shift", (0, 0))             # the view's offset (crop conditioning)
    img = np.empty((size, size, 3), np.float32)
    img[:] = np.asarray(scene["bg_rgb"], np.float32) / 255
    for o in scene["objects"]:
        r, rot = o["r"], o["rot"]
        x, y = (gx + sx - o["x"]) / r, (gy + sy - o["y"]) / r
        if rot:
            c, s = math.cos(rot), math.sin(rot)
            x, y = c * x + s * y, -s * x + c * y
        d = _sdf(o["shape"], x, y)
        px = 2 / (size * r)                          # one pixel in shape units
        col = np.asarray(o["rgb"], np.float32) / 255
        light = 1.0 if o["color"] == "black" else 0.0
        style = o["style"]
        if style == "outline":
            w = max(0.085, 1.1 * px)
            d = abs(d + w) - w
        a = np.clip(0.5 - d / px, 0, 1)[..., None]
        if style == "striped":
            t = (x + y) * 0.7071 / 0.40
            band = np.clip((abs((t % 1) - 0.5) - 0.25) * 0.40 / px + 0.5, 0, 1)[..., None]
            alt = col + 0.36 if light else col * 0.52
            src = col * (1 - band) + alt * band
        elif style == "gradient":
            t = np.clip((y + 1) / 2, 0, 1)[..., None]
            hi = col + (1 - col) * 0.45
            lo = col + 0.25 if light else col * 0.62
            src = hi * (1 - t) + lo * t if not light else (col + 0.3) * (1 - t) + col * t
        else:
            src = col
        if style == "glowing":
            far = np.maximum(d, np.sqrt(x * x + y * y) - 1.0)
            g = (0.75 * np.exp(-np.maximum(far, 0) / 0.24))[..., None]
            img = img * (1 - g) + col * g
            src = col + (1 - col) * 0.4 if not light else col
        img = img * (1 - a) + src * a
    q = scene.get("quality", "clean")
    if q != "clean":
        rng = np.random.default_rng(scene["seed"])
        if q in ("blurry", "bad"):
            img = _blur(img, size / 128 * scene.get("sigma", 3.0))
        if q in ("noisy", "bad"):
            n = rng.normal(0, scene.get("noise", 0.1), (size // 2, size // 2, 3)).astype(np.float32)
            img = img + n.repeat(2, 0).repeat(2, 1)
        if q == "bad":
            img = img * 0.6 + img.mean() * 0.4
    return np.clip(img, 0, 1)


# ------------------------------------------------------------------ scenes
def _jit(rgb, rng, s=7):
    return tuple(int(v) for v in np.clip(np.asarray(rgb) + rng.integers(-s, s + 1, 3), 0, 255))


def pick(rng, seq):
    return seq[int(rng.integers(len(seq)))]


def random_scene(rng, holdout=False, two=None, jitter=True):
    """holdout=False avoids the held-out triples, holdout=True draws only them."""
    names = list(COLORS)
    if two is None:
        two = rng.random() < 0.22
    seed = int(rng.integers(1 << 30))
    j = (lambda c: _jit(COLORS[c], rng)) if jitter else (lambda c: COLORS[c])

    def obj(color, shape, size, x, y, rng_r=None):
        r = rng.uniform(*(rng_r or SIZES[size]))
        style = STYLES[int(rng.choice(5, p=[.44, .14, .14, .14, .14]))]
        jx, jy = rng.uniform(-.06, .06, 2)
        return {"shape": shape, "color": color, "rgb": j(color), "size": size, "r": float(r),
                "x": float(x + jx), "y": float(y + jy), "style": style,
                "rot": float(rng.normal(0, 0.05))}

    bg = pick(rng, names)
    if two:
        rel = pick(rng, ["lr", "lr", "tb"])
        cs = [c for c in names if c != bg]
        objs = []
        for k in range(2):
            p = (-.48 if k == 0 else .48)
            x, y = (p, 0) if rel == "lr" else (0, p)
            objs.append(obj(pick(rng, cs), pick(rng, SHAPES), "medium", x, y, (.33, .43)))
        if rng.random() < .5:
            objs[1]["style"] = objs[0]["style"]
        return {"bg": bg, "bg_rgb": j(bg), "objects": objs, "rel": rel, "pos": rel, "seed": seed}
    while True:
        shape, fg, bg = pick(rng, SHAPES), pick(rng, names), pick(rng, names)
        if fg != bg and held_out(shape, fg, bg) == holdout:
            break
    size = pick(rng, ["small", "medium", "medium", "big"])
    pos = "center" if rng.random() < .5 else pick(rng, list(POSITIONS))
    x, y = POSITIONS[pos]
    o = obj(fg, shape, size, x, y)
    if pos != "center":
        o["r"] = min(o["r"], .46 if size != "big" else .56)
        if size == "big":
            o["x"] *= .75
            o["y"] *= .75
    return {"bg": bg, "bg_rgb": j(bg), "objects": [o], "rel": "", "pos": pos, "seed": seed}


def add_quality(scene, rng):
    u = rng.random()
    if u < .10:
        q = pick(rng, ["blurry", "blurry", "noisy", "bad"])
        scene["quality"] = q
        scene["sigma"] = float(rng.uniform(2.2, 4.5))
        scene["noise"] = float(rng.uniform(.07, .16))
    return scene
