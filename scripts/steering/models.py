"""The models folder of the check: a copy of models/ with an embedding, and adapters that are damaged."""

import json
import pathlib
import shutil

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def tensors(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8:8 + length]), data[8 + length:]


def save(path, header, data):
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def turned(path, out):
    """The same file, with the two sides of every matrix exchanged: another model's shapes."""
    header, data = tensors(path)
    for name, entry in header.items():
        if name != "__metadata__" and len(entry["shape"]) == 2:
            entry["shape"].reverse()
    save(out, header, data)


def embedding(path, sides):
    header, data = {}, b""
    for name, side in zip(("clip_l", "clip_g"), sides):
        values = np.random.default_rng(side).normal(0, 0.3, (2, side)).astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": [2, side], "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    save(path, header, data)


def prepare(models):
    """A copy of models/ with what is not there, and what should not be."""
    shutil.copytree(ROOT / "models", models)
    header, _ = tensors(models / "pocket.safetensors")
    sides = [header[f"conditioner.embedders.{name}token_embedding.weight"]["shape"][1]
             for name in ("0.transformer.text_model.embeddings.", "1.model.")]
    embedding(models / "embeddings/glint.safetensors", sides)
    embedding(models / "embeddings/narrow.safetensors", [side - 1 for side in sides])
    crayon = models / "loras/crayon.safetensors"
    (models / "loras/cut.safetensors").write_bytes(crayon.read_bytes()[:-100])
    turned(crayon, models / "loras/turned.safetensors")
    header, data = tensors(crayon)
    save(models / "loras/renamed.safetensors",
         {name if name == "__metadata__" else "not_" + name: entry for name, entry in header.items()}, data)
    adapter = models / "ip-adapter/ip-adapter_sdxl_vit-h.safetensors"
    turned(adapter, models / "ip-adapter/turned.safetensors")
    network = models / "controlnet/pocket-canny"
    shutil.copytree(network, models / "controlnet/turned")
    for weights in network.glob("*.safetensors"):
        turned(weights, models / "controlnet/turned" / weights.name)
