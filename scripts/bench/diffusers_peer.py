"""One side of scripts/bench/pictures: reads requests as lines of JSON, makes each picture with diffusers, and
answers with the seconds it took."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures"))
import diffusers  # noqa: E402
import torch  # noqa: E402

import singlefile as sf  # noqa: E402

pipe = sf.pipeline(sys.argv[1])
print(json.dumps(dict(diffusers=diffusers.__version__, torch=torch.__version__)), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    begin = time.perf_counter()
    with torch.inference_mode():
        pipe.scheduler = sf.scheduler(request["scheduler"])
        pipe(prompt=request["prompt"], negative_prompt=request["negative_prompt"], width=request["width"],
             height=request["height"], num_inference_steps=request["steps"], guidance_scale=request["cfg_scale"],
             generator=torch.Generator("cpu").manual_seed(request["seed"]))
    print(json.dumps(dict(seconds=time.perf_counter() - begin)), flush=True)
