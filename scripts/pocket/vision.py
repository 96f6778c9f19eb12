"""The IP-Adapter's eye: transformers' CLIP vision model, small, and CLIP's way of preparing a picture."""
import os
import torch
import torch.nn.functional as F
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

SIDE, PROJECTED = 224, 64
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)


def vision_model():
    """(n, 3, 224, 224) prepared pictures -> .image_embeds (n, 64). 49 patches of 32 pixels, 2 heads of 64."""
    return CLIPVisionModelWithProjection(CLIPVisionConfig(
        hidden_size=128, intermediate_size=256, num_hidden_layers=4, num_attention_heads=2, projection_dim=PROJECTED,
        image_size=SIDE, patch_size=32, hidden_act="gelu"))


def prepare(pictures, device):
    """Square (s, s, 3) float pictures in [0, 1] of any sizes -> (n, 3, 224, 224) as CLIP sees them."""
    x = [F.interpolate(torch.from_numpy(p).to(device).permute(2, 0, 1)[None], size=(SIDE, SIDE), mode="bicubic", antialias=True)
         for p in pictures]
    return (torch.cat(x).clamp(0, 1) - MEAN.to(device)) / STD.to(device)


def load_vision(run, device):
    """The trained encoder, frozen, with the values that its file holds."""
    net = vision_model()
    st = torch.load(f"{run}/vision.pt", map_location="cpu")["ema"]
    net.load_state_dict({k[7:]: v.half().float() if v.is_floating_point() else v for k, v in st.items() if k.startswith("vision.")})
    return net.to(device).eval().requires_grad_(False)


def save_vision(net, folder):
    """-> folder/model.safetensors in F16 with Hugging Face's names, and config.json."""
    net.half().save_pretrained(folder, safe_serialization=True)
    print(f"{folder}/model.safetensors", os.path.getsize(f"{folder}/model.safetensors"), "bytes")
