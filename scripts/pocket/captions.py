"""What is in a scene, in words: a sentence or booru-like tags, now and then leaving things unsaid."""
from world import COLOR_WORDS, SHAPE_WORDS, pick


STYLE_WORDS = {"flat": ["flat", "solid", "plain", "simple"], "outline": ["outline", "outlined", "hollow"],
               "striped": ["striped", "stripes"], "glowing": ["glowing", "neon", "shining"],
               "gradient": ["gradient", "shaded"]}
STYLE_ADJ = {"flat": ["flat", "solid", "plain"], "outline": ["outlined", "hollow", "outline"],
             "striped": ["striped"], "glowing": ["glowing", "neon", "shining"],
             "gradient": ["gradient", "shaded"]}
SIZE_WORDS = {"small": ["small", "little", "tiny"], "big": ["big", "large", "huge"], "medium": []}
GOOD = ["masterpiece", "best quality", "high quality", "sharp", "highres"]
BAD = {"blurry": ["blurry", "blurry", "out of focus"], "noisy": ["noisy", "grainy"],
       "bad": ["blurry", "noisy", "ugly"]}
NATURAL_HEADS = ["", "", "", "", "a picture of ", "a drawing of ", "an image of ", "a photo of ", "there is ",
                 "an illustration of "]


def _an(s):
    return ("an " if s[0] in "aeiou" else "a ") + s


def _noun(o, rng, say_color=True, say_size=True, say_style=True):
    w = []
    if say_size and SIZE_WORDS[o["size"]]:
        w.append(pick(rng, SIZE_WORDS[o["size"]]))
    st = None
    if say_style:
        st = pick(rng, STYLE_ADJ[o["style"]])
    if st and rng.random() < .7:
        w.append(st)
    if say_color:
        w.append(pick(rng, COLOR_WORDS[o["color"]]))
    if st and st not in w and rng.random() < .5:
        w.append(st)
    w.append(pick(rng, SHAPE_WORDS[o["shape"]]))
    return " ".join(w)


def _where(pos, rng):
    if pos == "center":
        return pick(rng, [" in the center", " in the middle", " at the center"])
    if pos in ("left", "right"):
        return pick(rng, [f" on the {pos}", f" on the {pos} side", f" to the {pos}", f" at the {pos}"])
    if pos in ("top", "bottom"):
        return pick(rng, [f" at the {pos}", f" on the {pos}", f" near the {pos}"])
    return pick(rng, [f" in the {pos}", f" at the {pos}", f" in the {pos} corner"])


def caption(s, rng):
    """A caption of the scene; now and then it leaves things unsaid."""
    q = s.get("quality", "clean")
    tags = rng.random() < .42
    objs = s["objects"]
    say_c = rng.random() > .07
    say_bg = rng.random() > .15
    bgw = pick(rng, COLOR_WORDS[s["bg"]])
    qual = []
    if q == "clean":
        if rng.random() < .3:
            qual = list(rng.permutation(GOOD)[:int(rng.integers(1, 4))])
    else:
        qual = [pick(rng, BAD[q])]
        if rng.random() < .75:
            qual = [pick(rng, ["low quality", "low quality", "worst quality", "bad quality"])] + qual
        if rng.random() < .4:
            qual.append(pick(rng, BAD[q]))
        if rng.random() < .4:
            qual = qual[::-1]
    say_style = [o["style"] != "flat" and rng.random() < .9 or rng.random() < .25 for o in objs]
    if len(objs) == 2:
        same = objs[0]["style"] == objs[1]["style"] and rng.random() < .6
        n = [_noun(o, rng, True, False, say_style[i] and not same) for i, o in enumerate(objs)]
        sty = pick(rng, STYLE_WORDS[objs[0]["style"]]) if same and (say_style[0]) else None
        if tags:
            t = [n[0], n[1]]
            if s["rel"] == "tb":
                t = [f"{n[0]} above {n[1]}"] if rng.random() < .5 else [n[0] + " on top", n[1] + " below"]
            if rng.random() < .3:
                t.insert(0, "two objects")
            if sty:
                t.append(sty)
            if say_bg:
                t.append(f"{bgw} background")
            return ", ".join((qual + t) if rng.random() < .5 else (t + qual))
        a, b = _an(n[0]), _an(n[1])
        if s["rel"] == "lr":
            c = pick(rng, [f"{a} and {b}", f"{a} and {b}", f"{a} next to {b}", f"{a} to the left of {b}",
                            f"{b} to the right of {a}", f"{a} on the left and {b} on the right",
                            f"{a} beside {b}"])
        else:
            c = pick(rng, [f"{a} above {b}", f"{b} below {a}", f"{a} over {b}", f"{b} under {a}",
                            f"{a} on top and {b} on the bottom"])
        c = pick(rng, NATURAL_HEADS) + c
        if say_bg:
            c += pick(rng, [f" on a {bgw} background", f" on a {bgw} background", f" on {bgw}",
                             f", {bgw} background", f" in front of a {bgw} background"])
        if sty:
            c += ", " + sty
    else:
        o = objs[0]
        say_size = rng.random() < .85
        say_pos = rng.random() < (.9 if s["pos"] != "center" else .25)
        if tags:
            t = [(pick(rng, COLOR_WORDS[o["color"]]) + " " if say_c else "") + pick(rng, SHAPE_WORDS[o["shape"]])]
            rest = []
            if say_bg:
                rest.append(f"{bgw} background")
            if say_style[0]:
                rest.append(pick(rng, STYLE_WORDS[o["style"]]))
            if say_size and SIZE_WORDS[o["size"]]:
                rest.append(pick(rng, SIZE_WORDS[o["size"]]))
            if say_pos:
                rest.append(s["pos"])
            if rng.random() < .2:
                rest.append(pick(rng, ["solo", "simple background", "1 object"]))
            t += [rest[i] for i in rng.permutation(len(rest))]
            if rng.random() < .15:
                t = [t[i] for i in rng.permutation(len(t))]
            return ", ".join((qual + t) if rng.random() < .5 else (t + qual))
        c = pick(rng, NATURAL_HEADS) + _an(_noun(o, rng, say_c, say_size, say_style[0]))
        bgc = pick(rng, [f" on a {bgw} background", f" on a {bgw} background", f" on {bgw}",
                          f" against a {bgw} background", f", {bgw} background", f" with a {bgw} background",
                          f" in front of a {bgw} background"]) if say_bg else ""
        w = _where(s["pos"], rng) if say_pos else ""
        c += (w + bgc) if rng.random() < .6 else (bgc + w)
        if say_bg and rng.random() < .06:
            c = f"on a {bgw} background, " + _an(_noun(o, rng, say_c, say_size, say_style[0])) + w
    if qual:
        c = (", ".join(qual) + ", " + c) if rng.random() < .5 else (c + ", " + ", ".join(qual))
    if rng.random() < .12:
        c += "."
    return c
