"""Requests at random: right ones, and what makes them wrong."""

import base64

import numpy as np
from pictures import COLORS, SHAPES, coded, render, scene, some_mask, some_scene

REFUSED = {status for status in range(400, 504) if status != 500}


def loras(body, noise):
    if noise.random() < 0.3:
        body["prompt"] += f" <lora:crayon:{noise.uniform(-1, 1.5):.2f}>"
    elif noise.random() < 0.5:
        body |= {"lora_name": "crayon", "lora_scale": noise.uniform(-1, 1.5)}
    else:
        body["loras"] = [{"name": "crayon", "scale": noise.choice([0, 0.5, 1])}]


def references(body, noise):
    pictures = [coded(some_scene(noise, noise.choice([64, 200, 300]))) for _ in range(noise.randrange(1, 4))]
    if len(pictures) == 1:
        body["reference_image"] = pictures[0]
    else:
        body["reference_images"] = [{"image": each, "weight": noise.uniform(0.2, 2)} for each in pictures]
        if noise.random() < 0.3:
            body["reference_images"][0]["mask"] = coded(some_mask(noise, 64))
        else:
            body["reference_combination"] = noise.choice(["concatenate", "average"])
    body |= {"ip_adapter_scale": noise.uniform(0, 1.5), "ip_adapter_start": noise.choice([0, 0.3]), "ip_adapter_end": noise.choice([0.7, 1]),
             "ip_adapter_blocks": noise.choice(["all", "style", "composition", "style_and_composition"])}


def start(body, noise):
    size = noise.choice([48, 64, 100, 128])
    body |= {"image": coded(some_scene(noise, size)), "strength": noise.choice([0.5, 0.75, 1]), "resize_mode": noise.choice(["stretch", "crop", "pad"])}
    if noise.random() < 0.6:
        mode = noise.choice(["binary", "soft"])
        body |= {"mask": coded(some_mask(noise, size, mode == "soft")), "mask_mode": mode, "mask_blur": noise.choice([0, 4, 16]),
                 "composite": noise.random() < 0.7}


def control(body, noise):
    one = {"model": "pocket-canny", "type": noise.choice(["canny", "raw"]), "image": coded(some_scene(noise, noise.choice([64, 90]))),
           "scale": noise.uniform(0, 1.5), "start": noise.choice([0, 0.2]), "end": noise.choice([0.6, 1])}
    body["control"] = one if noise.random() < 0.7 else [one, {**one, "scale": 0.3}]


def embeddings(body, noise):
    body[noise.choice(["prompt", "negative_prompt"])] = "a glint square"


def second_pass(body, noise):
    body["hires"] = {"scale": noise.choice([1, 1.5, 2]), "strength": 0.5, "upscaler": noise.choice(["latent", "picture"]), "steps": 4}


def guidance(body, noise):
    if noise.random() < 0.5:
        body |= {"pag_scale": noise.uniform(0.5, 5), "pag_adaptive_scale": noise.choice([0, 0.2])}
    if noise.random() < 0.5:
        body["freeu"] = {"s1": 0.9, "s2": 0.2, "b1": 1.3, "b2": 1.4}
    body["cfg_rescale"] = noise.choice([0, 0.7])


def batch(body, noise):
    body["n"] = noise.randrange(2, 4)


FEATURES = [embeddings, loras, references, start, control, second_pass, guidance, batch]


def right(noise):
    body = {"prompt": f"a {noise.choice(sorted(COLORS))} {noise.choice(SHAPES)}", "negative_prompt": "", "seed": noise.randrange(2**31),
            "width": noise.choice([64, 96, 128]), "height": noise.choice([64, 72, 128]), "steps": noise.randrange(3, 6),
            "cfg_scale": noise.choice([1, 4.5, 7]), "scheduler": noise.choice(["euler", "euler_a", "dpmpp_2m", "ddim", "heun", "unipc"])}
    # In their own order: embeddings sets a prompt that loras adds to.
    for feature in sorted(noise.sample(FEATURES, noise.randrange(1, 5)), key=FEATURES.index):
        feature(body, noise)
    masks = any(type(each) is dict and "mask" in each for each in body.get("reference_images", []))
    if body.get("mask") and body["composite"] and not masks and not {"control", "hires"} & set(body) and noise.random() < 0.5:
        body |= {"inpaint_masked_only": True, "inpaint_padding": noise.choice([0, 8, 32])}
    return body


PICTURE = coded(render(scene("circle", "red", "white"), 64))
MASK = coded(np.ones((64, 64), np.float32))
# What is changed in a right request, and how it is refused.
WRONG = {
    "an unknown LoRA": ({"loras": [{"name": "none"}]}, {404}),
    "an unknown LoRA in the prompt": ({"prompt": "a <lora:none:1>", "prompt_style": "a1111"}, {404}),
    "a LoRA twice": ({"loras": [{"name": "crayon"}, {"name": "crayon"}]}, {422}),
    "a LoRA's scale": ({"loras": [{"name": "crayon", "scale": 5}]}, {422}),
    "a LoRA that is cut short": ({"loras": [{"name": "cut"}]}, REFUSED),
    "a LoRA of other shapes": ({"loras": [{"name": "turned"}]}, REFUSED),
    "a LoRA of other names": ({"loras": [{"name": "renamed"}]}, REFUSED),
    "an embedding of other widths": ({"prompt": "a narrow circle"}, REFUSED),
    "an IP-Adapter of other shapes": ({"reference_image": PICTURE, "reference_images": [], "ip_adapter": "turned"}, REFUSED),
    "an unknown IP-Adapter": ({"reference_image": PICTURE, "reference_images": [], "ip_adapter": "none"}, {404}),
    "five references": ({"reference_images": [PICTURE] * 5}, {422}),
    "the mean of references with a mask": ({"reference_image": None, "reference_images": [{"image": PICTURE, "mask": MASK}, PICTURE], "reference_combination": "average"}, {422}),
    "a reference that is no picture": ({"reference_image": base64.b64encode(b"no picture").decode()}, {422}),
    "a ControlNet of other shapes": ({"control": {"model": "turned", "image": PICTURE}}, REFUSED),
    "an unknown ControlNet": ({"control": {"model": "none", "image": PICTURE}}, {404}),
    "control without a picture": ({"control": {"model": "pocket-canny"}}, {422}),
    "depth without a model for it": ({"control": {"model": "pocket-canny", "type": "depth", "image": PICTURE}}, {422}),
    "a mask without a picture": ({"image": None, "mask": MASK}, {422}),
    "a masked area without a mask": ({"image": PICTURE, "mask": None, "inpaint_masked_only": True}, {422}),
    "no step left": ({"image": PICTURE, "strength": 0.01}, {422}),
    "half of FreeU": ({"freeu": {"s1": 1, "b1": 1}}, {422}),
    "too much PAG": ({"pag_scale": 31}, {422}),
    "a smaller second pass": ({"hires": {"width": 64, "height": 64}, "width": 128, "height": 128}, {422}),
    "eleven pictures": ({"n": 11}, {422}),
    "an unknown field in an object": ({"freeu": {"s1": 1, "s2": 1, "b1": 1, "b2": 1, "b3": 1}}, {422}),
}
