"""The contact sheet: 24 prompts as a running server draws them, each with its prompt beneath.

    python sheet.py --url http://localhost:8000 --out ../../docs/images/pocket-24.jpg"""
import argparse
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from score import from_server

PROMPTS = ["a red circle on a blue background", "a yellow star on a black background", "a green heart on a white background",
           "a big purple square on a yellow background", "a small orange triangle in the top left on a gray background",
           "a pink flower on a green background", "a white cat on a pink background", "a brown house on a cyan background",
           "a yellow moon on the right on a blue background", "a cyan ring on a purple background",
           "a black cross on an orange background", "a blue diamond at the bottom on a white background",
           "a glowing cyan diamond, black background", "a striped red cross on a white background",
           "an outlined green flower on a yellow background", "a pink heart, blue background, gradient",
           "a glowing orange moon on a black background", "a striped blue circle at the top on a yellow background",
           "a red circle and a green star on a white background", "a black cat next to a white cat on a green background",
           "a blue moon above a yellow ring, black background", "a small white star to the left of a red heart on a purple background",
           "a red star on a green background, blurry, low quality", ""]
COLUMNS, TEXT = 6, 34


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--url", default="http://localhost:8000")
    ap.add_argument("--model", default="pocket")
    ap.add_argument("--out", default="../../docs/images/pocket-24.jpg")
    ap.add_argument("--size", type=int, default=256)
    ap.add_argument("--steps", type=int, default=20)
    ap.add_argument("--cfg", type=float, default=4.5)
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    pictures = from_server(a.url, a.model)(PROMPTS, a)
    cell, font = a.size * 3 // 4, ImageFont.load_default(11)
    sheet = Image.new("RGB", (COLUMNS * cell, len(PROMPTS) // COLUMNS * (cell + TEXT)), "white")
    pen = ImageDraw.Draw(sheet)
    for k, (prompt, picture) in enumerate(zip(PROMPTS, pictures)):
        x, y = k % COLUMNS * cell, k // COLUMNS * (cell + TEXT)
        sheet.paste(Image.fromarray((picture * 255 + .5).astype(np.uint8)).resize((cell - 6, cell - 6), Image.LANCZOS), (x + 3, y + 3))
        words, lines = (prompt or "(an empty prompt)").split(), [""]
        for word in words:
            if pen.textlength(f"{lines[-1]} {word}", font) > cell - 6:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
        pen.multiline_text((x + 3, y + cell - 1), "\n".join(lines), "black", font, spacing=2)
    sheet.save(a.out, quality=90)


if __name__ == "__main__":
    main()
