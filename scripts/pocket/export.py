"""Stage 5: writes the checkpoint in SDXL's single-file layout. Words, UNet matrices: F8_E4M3; the rest: F16.

    python export.py --file ../../models/pocket.safetensors"""
import argparse
import os
import torch
from text import WIDTH, Words
from unet import stored_as_float8

SCALE = 0.13025                                        # what SDXL multiplies the autoencoder's latents by
TEXT1, TEXT2 = "conditioner.embedders.0.transformer.text_model.", "conditioner.embedders.1.model."


def table(rows, ids):
    full = torch.zeros(49408, WIDTH)
    full[torch.tensor(ids)] = rows[1:].float()
    return full.to(torch.float8_e4m3fn)


def text_tensors(sd, ids):
    names = {"t1.tok": TEXT1 + "embeddings.token_embedding.weight", "t1.pos": TEXT1 + "embeddings.position_embedding.weight",
             "t2.tok": TEXT2 + "token_embedding.weight", "t2.pos": TEXT2 + "positional_embedding"}
    out = {TEXT2 + "logit_scale": torch.tensor(4.6052)}
    for k, v in sd.items():
        if k in names:
            out[names[k]] = table(v, ids) if k.endswith("tok") else v
        elif k.startswith("t1.layers."):
            out[TEXT1 + "encoder." + k[3:]] = v
        elif k.startswith("t1."):
            out[TEXT1 + k[3:]] = v
        elif k.startswith("t2.resblocks."):
            out[TEXT2 + "transformer." + k[3:]] = v
        elif k.startswith("t2."):
            out[TEXT2 + k[3:]] = v
    return out


def vae_tensors(sd, mean, std):
    """The constant SCALE becomes the right one: the posterior's mean times SCALE is the UNet's latent,
    (m - mean) / std of the autoencoder as it was trained."""
    sd = {k: v.float().clone() for k, v in sd.items()}
    q, p, k = "quant_conv.", "post_quant_conv.", 1 / (SCALE * std)
    sd[p + "bias"] += (sd[p + "weight"][:, :, 0, 0] * mean).sum(1)
    sd[p + "weight"] *= (SCALE * std).view(1, 4, 1, 1)
    sd[q + "weight"][:4] *= k.view(4, 1, 1, 1)
    sd[q + "bias"][:4] = (sd[q + "bias"][:4] - mean) * k
    sd[q + "bias"][4:] += 2 * k.log()
    return {"first_stage_model." + n: v for n, v in sd.items()}


def stored(name, v):
    unet = "model.diffusion_model."
    if v.dtype == torch.float8_e4m3fn:
        return v
    if name.startswith(unet) and stored_as_float8(name[len(unet):], v):
        return v.to(torch.float8_e4m3fn)
    return v.half()


def main():
    from safetensors.torch import save_file
    from latents import LATENT_STD
    ap = argparse.ArgumentParser()
    ap.add_argument("--run", default="run")
    ap.add_argument("--file", default="pocket.safetensors")
    a = ap.parse_args()
    net = torch.load(f"{a.run}/unet.pt", map_location="cpu")["ema"]
    vae, st = torch.load(f"{a.run}/vae.pt", map_location="cpu")["ema"], torch.load(f"{a.run}/latent_stats.pt")
    out = vae_tensors(vae, st["mean"], st["std"] / LATENT_STD) | text_tensors(net, Words(a.run).ids)
    out |= {"model.diffusion_model." + k[5:]: v for k, v in net.items() if k.startswith("unet.")}
    out = {k: stored(k, v).contiguous() for k, v in out.items()}
    wrong = [k for k, v in out.items() if not torch.isfinite(v.float()).all()]
    if wrong:
        raise SystemExit(f"not finite: {wrong}")
    save_file(out, a.file + ".part", metadata={"format": "pt", "modelspec.architecture": "stable-diffusion-xl-v1-base",
                                               "modelspec.title": "pocket", "modelspec.prediction_type": "epsilon"})
    os.replace(a.file + ".part", a.file)
    print(a.file, os.path.getsize(a.file), "bytes", len(out), "tensors")


if __name__ == "__main__":
    main()
