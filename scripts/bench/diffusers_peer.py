"""The other side of scripts/bench/pictures and scripts/gpu-check: diffusers, with a checkpoint's weights.

    diffusers_peer.py CHECKPOINT [--device cpu] [--dtype float32] [--vae-dtype DTYPE]

Says its versions in a line of JSON, then answers each request of a line on standard input. `{"picture": {…}}` makes
a picture: `{"milliseconds": [whole call]}`. `{"stage": "step", "size": [width, height], "rounds": 3}` times a stage
as `darkroom-engine bench` does: one measurement that is not counted, then as many as asked for.
"""
import argparse
import json
import os
import resource
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures"))
import diffusers  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

import singlefile as sf  # noqa: E402

GUIDANCE = 5.0


class Peer:
    def __init__(self, options):
        self.path, self.device = options.checkpoint, options.device
        self.dtype = getattr(torch, options.dtype)
        self.vae_dtype = getattr(torch, options.vae_dtype or options.dtype)
        self.pipe = None
        self.networks = None

    def milliseconds(self, body):
        begin = time.perf_counter()
        body()
        if self.device != "cpu":
            torch.cuda.synchronize()
        return 1000 * (time.perf_counter() - begin)

    def load(self):
        one, two, unet, vae = sf.models(load_file(self.path), self.dtype, self.device)
        self.networks = one, two, unet, vae.to(self.vae_dtype)

    def stage(self, name, size, rounds):
        if name == "load":
            return [self.milliseconds(self.load)]
        if self.networks is None:
            self.load()
        body = getattr(self, name)(*size)
        return [self.milliseconds(body) for _ in range(rounds + 1)][1:]

    def picture(self, request):
        if self.pipe is None:
            self.pipe = sf.pipeline(self.path, self.dtype)
        self.pipe.scheduler = sf.scheduler(request["scheduler"])
        return [self.milliseconds(lambda: self.pipe(
            prompt=request["prompt"], negative_prompt=request["negative_prompt"], width=request["width"],
            height=request["height"], num_inference_steps=request["steps"], guidance_scale=request["cfg_scale"],
            generator=torch.Generator("cpu").manual_seed(request["seed"])))]

    def text(self, width, height):
        """Two prompts through both encoders, one row at a time, as `encode_prompt` does."""
        one, two = self.networks[:2]
        rows = [torch.tensor([[49406, *words, *[49407] * (76 - len(words))]], device=self.device)
                for words in ((272, 1611, 267, 7309), (3143, 2110, 267, 1868))]

        def body():
            for ids in rows:
                one(ids, output_hidden_states=True)
                two(ids, output_hidden_states=True)
        return body

    def step(self, width, height):
        """A guided step: both rows through the UNet at once, guidance, and the scheduler."""
        unet = self.networks[2]
        scheduler = sf.scheduler("euler")
        scheduler.set_timesteps(1000, device=self.device)
        new = lambda *shape: torch.randn(shape, device=self.device, dtype=self.dtype)
        pooled = unet.config.projection_class_embeddings_input_dim - 6 * 256
        state = [new(1, 4, height // 8, width // 8) * scheduler.init_noise_sigma, iter(scheduler.timesteps)]
        text = new(2, 77, unet.config.cross_attention_dim)
        added = dict(text_embeds=new(2, pooled), time_ids=torch.tensor(
            [[height, width, 0, 0, height, width]] * 2, device=self.device, dtype=self.dtype))

        def body():
            x, t = state[0], next(state[1])
            rows = scheduler.scale_model_input(torch.cat([x, x]), t)
            without, given = unet(rows, t, text, added_cond_kwargs=added, return_dict=False)[0].chunk(2)
            state[0] = scheduler.step(without + GUIDANCE * (given - without), t, x, return_dict=False)[0]
        return body

    def decode(self, width, height):
        latents = torch.randn(1, 4, height // 8, width // 8, device=self.device, dtype=self.vae_dtype) / sf.SCALING
        return lambda: self.networks[3].decode(latents, return_dict=False)[0].float().cpu()

    def encode(self, width, height):
        image = torch.zeros(1, 3, height, width, device=self.device, dtype=self.vae_dtype)
        return lambda: self.networks[3].encode(image, return_dict=False)[0].sample().cpu()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--vae-dtype")
    peer = Peer(parser.parse_args())
    print(json.dumps(dict(diffusers=diffusers.__version__, torch=torch.__version__)), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        with torch.inference_mode():
            times = peer.picture(request["picture"]) if "picture" in request else peer.stage(
                request["stage"], request["size"], request["rounds"])
        peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps(dict(milliseconds=times, peak_bytes=peak)), flush=True)


main()
