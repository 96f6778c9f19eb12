"""SDXL's two text encoders, small, with their own parameter names, and the words they know."""
import json
import os
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from captions import caption
from world import add_quality, random_scene

BOS, EOS, PAD2 = 49406, 49407, 0
WIDTH, LAYERS, POOLED = 64, 3, 64


# ------------------------------------------------------------------ encoder 1, CLIP-L's layout
class ClipAttention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(d, d) for _ in range(4))

    def forward(self, x):
        q, k, v = (heads(f(x)) for f in (self.q_proj, self.k_proj, self.v_proj))
        return self.out_proj(unheads(F.scaled_dot_product_attention(q, k, v, is_causal=True)))


class ClipMLP(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        h = self.fc1(x)
        return self.fc2(h * torch.sigmoid(1.702 * h))


class ClipLayer(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.layer_norm1, self.self_attn = nn.LayerNorm(d), ClipAttention(d)
        self.layer_norm2, self.mlp = nn.LayerNorm(d), ClipMLP(d)

    def forward(self, x):
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class Text1(nn.Module):
    """(b, 77) compact ids -> (b, 77, WIDTH). SDXL reads the last-but-one layer, so the last one is left
    as the identity: its output projections stay zero."""

    def __init__(self, vocab, d=WIDTH, layers=LAYERS):
        super().__init__()
        self.tok = nn.Parameter(torch.randn(vocab, d) * 0.3)
        self.pos = nn.Parameter(torch.randn(77, d) * 0.1)
        self.layers = nn.ModuleList([ClipLayer(d) for _ in range(layers)])
        self.final_layer_norm = nn.LayerNorm(d)
        last = self.layers[-1]
        for m in (last.self_attn.out_proj, last.mlp.fc2):
            nn.init.zeros_(m.weight)
            nn.init.zeros_(m.bias)
        for p in [*last.parameters(), *self.final_layer_norm.parameters()]:
            p.requires_grad_(False)
        with torch.no_grad():
            self.tok[0] = 0

    def forward(self, ids):
        x = F.embedding(ids, float8(self.tok)) + self.pos
        for l in self.layers[:-1]:
            x = l(x)
        return x


# ------------------------------------------------------------------ encoder 2, open_clip's layout
class OpenClipAttention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.randn(3 * d, d) * d ** -0.5)
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * d))
        self.out_proj = nn.Linear(d, d)

    def forward(self, x):
        q, k, v = (heads(t) for t in F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1))
        return self.out_proj(unheads(F.scaled_dot_product_attention(q, k, v, is_causal=True)))


class OpenClipMLP(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.c_fc, self.c_proj = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x)))


class OpenClipLayer(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.ln_1, self.attn, self.ln_2, self.mlp = nn.LayerNorm(d), OpenClipAttention(d), nn.LayerNorm(d), OpenClipMLP(d)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Text2(nn.Module):
    """(b, 77) compact ids -> the last-but-one layer's (b, 77, WIDTH) and the pooled, projected (b, POOLED)."""

    def __init__(self, vocab, d=WIDTH, layers=LAYERS, proj=POOLED):
        super().__init__()
        self.tok = nn.Parameter(torch.randn(vocab, d) * 0.3)
        self.pos = nn.Parameter(torch.randn(77, d) * 0.1)
        self.resblocks = nn.ModuleList([OpenClipLayer(d) for _ in range(layers)])
        self.ln_final = nn.LayerNorm(d)
        self.text_projection = nn.Parameter(torch.randn(d, proj) * d ** -0.5)
        with torch.no_grad():
            self.tok[0] = 0

    def forward(self, ids, eos):
        x = F.embedding(ids, float8(self.tok)) + self.pos
        for l in self.resblocks[:-1]:
            x = l(x)
        last = self.resblocks[-1](x)[torch.arange(len(x), device=x.device), eos]
        return x, self.ln_final(last) @ self.text_projection


def heads(x):
    b, n, d = x.shape
    return x.view(b, n, d // 64, 64).transpose(1, 2).float()


def unheads(x):
    b, h, n, d = x.shape
    return x.transpose(1, 2).reshape(b, n, h * d)


def float8(w):
    """The value that the file will hold, rounded to F8_E4M3; gradients pass straight through."""
    return w + (w.to(torch.float8_e4m3fn).to(w.dtype) - w).detach()


# ------------------------------------------------------------------ words
def clip_vocabulary(merges, run):
    """CLIP's vocab.json follows from its merges: 256 byte symbols, the same at a word's end, one token
    a merge, and the two marks."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode
    symbols = list(bytes_to_unicode().values())
    lines = open(merges, encoding="utf-8").read().split("\n")
    tokens = symbols + [s + "</w>" for s in symbols]
    tokens += ["".join(l.split()) for l in lines if len(l.split()) == 2 and not l.startswith("#version")]
    path = f"{run}/vocab.json"
    json.dump({t: i for i, t in enumerate([*tokens, "<|startoftext|>", "<|endoftext|>"])}, open(path, "w"))
    return path


class Words:
    """CLIP's byte-pair tokens, and a compact table of the ids that the world's captions use. Row 0
    of the table is the zero row that every other id has in the exported file."""

    def __init__(self, run="run"):
        from transformers import CLIPTokenizer
        merges = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../models/tokenizer/merges.txt")
        self.bpe = CLIPTokenizer(clip_vocabulary(merges, run), merges)
        self.cache, path = {}, f"{run}/vocabulary.json"
        if os.path.exists(path):
            self.ids = json.load(open(path))
        else:
            rng, ids = np.random.default_rng(7), {BOS, EOS, PAD2}
            for _ in range(30000):
                ids.update(self.encode(caption(add_quality(random_scene(rng), rng), rng)))
            self.ids = sorted(ids)
            json.dump(self.ids, open(path, "w"))
        self.row = {t: i + 1 for i, t in enumerate(self.ids)}
        self.n = len(self.ids) + 1

    def encode(self, text):
        out = []
        for w in text.lower().replace(",", " ,").replace(".", " .").split():
            if w not in self.cache:
                self.cache[w] = self.bpe(w, add_special_tokens=False).input_ids
            out += self.cache[w]
        return out

    def rows(self, texts, rng=None):
        """-> compact (n, 77) ids for either encoder, and the end token's position. With an rng, some
        captions get unknown words, which the model learns to ignore."""
        a = np.full((len(texts), 77), self.row[EOS], np.int64)
        b = np.full((len(texts), 77), self.row[PAD2], np.int64)
        end = np.empty(len(texts), np.int64)
        for i, t in enumerate(texts):
            ids = [self.row.get(x, 0) for x in self.encode(t)]
            if rng is not None and ids and rng.random() < .12:
                for _ in range(int(rng.integers(1, 5))):
                    ids.insert(int(rng.integers(len(ids) + 1)), 0)
            r = [self.row[BOS], *ids[:75], self.row[EOS]]
            a[i, :len(r)], b[i, :len(r)] = r, r
            end[i] = len(r) - 1
        return torch.from_numpy(a), torch.from_numpy(b), torch.from_numpy(end)
