"""The 422 list of api.md §1, to the letter; and every body FastAPI's answer was recorded for."""

import json
import pathlib

from case import Table, post, post_json

T = Table("fields")
CASES = T.cases
RECORDED = pathlib.Path(__file__).parents[2] / "Tests/APITests/Fixtures/fastapi_422.json"

INT = "Input should be a valid integer"
NUMBER = "Input should be a valid number"


def exactly(*issues):
    def check(response):
        value = response.json
        if value.get("code") != "validation_error":
            return f"code is {value.get('code')!r}"
        if value["detail"] != list(issues):
            return f"expected {json.dumps(issues, ensure_ascii=False)[:600]}"
        if any("url" in issue for issue in value["detail"]):
            return "has a url"
    return check


def issue(type, loc, msg, input, ctx=None):
    value = {"type": type, "loc": ["body", *loc], "msg": msg, "input": input}
    return {**value, "ctx": ctx} if ctx else value


def one(name, field, value, type, msg, ctx=None, level="P"):
    T.add(level, name, post_json({"prompt": "a", field: value}), {422}, fate="kept", check=exactly(issue(type, [field], msg, value, ctx)))


def ge(bound):
    return "greater_than_equal", f"Input should be greater than or equal to {bound}", {"ge": bound}


def le(bound):
    return "less_than_equal", f"Input should be less than or equal to {bound}", {"le": bound}


T.add("P", "no-body", post(b""), {422}, fate="kept", check=exactly(issue("missing", [], "Field required", None)))
T.add("P", "null", post(b"null"), {422}, fate="kept", check=exactly(issue("missing", [], "Field required", None)))
T.add("P", "absent", post(b"{}"), {422}, fate="kept", check=exactly(issue("missing", ["prompt"], "Field required", {})))
for name, value in (("list", []), ("text", "x"), ("number", 1), ("true", True), ("float", 1.5)):
    T.add("P", f"not-an-object-{name}", post_json(value), {422}, fate="kept", check=exactly(
        issue("model_attributes_type", [], "Input should be a valid dictionary or object to extract fields from", value)))
for name, body, position, words in [
    ("unclosed", b'{"prompt": "a"', 14, "Expecting ',' delimiter"), ("no-value", b'{"prompt": }', 11, "Expecting value"),
    ("blank", b" ", 1, "Expecting value"), ("extra", b'{"prompt": "a"} x', 16, "Extra data"), ("bare-key", b"{a: 1}", 1, "Expecting property name enclosed in double quotes"),
]:
    T.add("P", f"broken-{name}", post(body), {422}, fate="kept", check=exactly(
        issue("json_invalid", [position], "JSON decode error", {}, {"error": words})))
for name, body in (("invalid-utf8", b'{"prompt":"\xff"}'), ("invalid-utf8-in-key", b'{"\xc3\x28":1}'), ("truncated-utf8", b'{"prompt":"\xe2\x82')):
    def is_json_invalid(response):
        first = response.json["detail"][0]
        if first["type"] != "json_invalid" or first["loc"][0] != "body" or not isinstance(first["loc"][1], int) or first["input"] != {}:
            return "not json_invalid at a position"
    T.add("P", f"{name}-is-422", post(body), {422}, fate="kept", check=is_json_invalid)

for field, low, high in [("width", 64, 2048), ("height", 64, 2048), ("steps", 1, 150)]:
    one(f"{field}-text", field, "many", "int_parsing", f"{INT}, unable to parse string as an integer")
    one(f"{field}-empty-text", field, "", "int_parsing", f"{INT}, unable to parse string as an integer")
    one(f"{field}-2.5", field, 2.5, "int_from_float", f"{INT}, got a number with a fractional part")
    one(f"{field}-list", field, [], "int_type", INT)
    one(f"{field}-object", field, {}, "int_type", INT)
    for value in sorted({low - 1, 0, -1, -(2**53) - 1, -(2**63)}):
        one(f"{field}-{value}", field, value, *ge(low))
    for value in (high + 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**30):
        one(f"{field}-{value}", field, value, *le(high))
for value in (65, 71, 100, 513, 2047):
    one(f"width-{value}-not-eighths", "width", value, "value_error", "Value error, width should be a multiple of 8", {"error": {}})
    one(f"height-{value}-not-eighths", "height", value, "value_error", "Value error, height should be a multiple of 8", {"error": {}})
for value in (-2, -(2**63)):
    one(f"seed-{value}", "seed", value, *ge(-1))
for value in (2**63, 2**64, 10**40):
    one(f"seed-{value}", "seed", value, *le(2**63 - 1))
for field, low, high in [("cfg_scale", 0, 30), ("ip_adapter_scale", 0, 2), ("lora_scale", -4, 4), ("strength", 0, 1), ("cfg_rescale", 0, 1)]:
    one(f"{field}-text", field, "much", "float_parsing", f"{NUMBER}, unable to parse string as a number")
    one(f"{field}-list", field, [], "float_type", NUMBER)
    for value in (low - 0.001, low - 1000, -1e300):
        type, msg, _ = ge(low)
        one(f"{field}-{value}", field, value, type, msg, {"ge": float(low)})
    for value in (high + 0.001, high + 1000, 1e300):
        type, msg, _ = le(high)
        one(f"{field}-{value}", field, value, type, msg, {"le": float(high)})
for field in ("prompt", "negative_prompt"):
    T.add("P", f"{field}-10001", post_json({"prompt": "a", field: "é" * 10001}), {422}, fate="kept", check=exactly(
        issue("string_too_long", [field], "String should have at most 10000 characters", "é" * 10001, {"max_length": 10000})))
    for name, value in (("number", 5), ("list", ["a"]), ("true", True), ("object", {"a": 1})):
        T.add("P", f"{field}-{name}", post_json({"prompt": "a", field: value}), {422}, fate="kept", check=exactly(
            issue("string_type", [field], "Input should be a valid string", value)))
T.add("P", "prompt-null", post_json({"prompt": None}), {422}, fate="kept", check=exactly(issue("string_type", ["prompt"], "Input should be a valid string", None)))
for key in ("lora_nmae", "Prompt", "prompt ", "", "guidance_scale", "num_inference_steps", "é", "__class__", "a" * 300):
    one(f"unknown-{key[:30] or 'empty'}", key, 1, "extra_forbidden", "Extra inputs are not permitted")
one("unknown-null", "lora_nmae", None, "extra_forbidden", "Extra inputs are not permitted")
one("style-unknown", "prompt_style", "midjourney", "literal_error", "Input should be 'a1111', 'comfy' or 'diffusers'", {"expected": "'a1111', 'comfy' or 'diffusers'"})
one("composite-text", "composite", "perhaps", "bool_parsing", "Input should be a valid boolean, unable to interpret input")
one("references-5", "reference_images", ["a"] * 5, "too_long", "List should have at most 4 items after validation, not 5", {"field_type": "List", "max_length": 4, "actual_length": 5})
one("loras-9", "loras", [{"name": "a"}] * 9, "too_long", "List should have at most 8 items after validation, not 9", {"field_type": "List", "max_length": 8, "actual_length": 9})
T.add("P", "all-at-once", post_json({"width": 1, "steps": "x", "seed": 1.5, "nope": 1}), {422}, fate="kept", check=exactly(
    issue("missing", ["prompt"], "Field required", {"width": 1, "steps": "x", "seed": 1.5, "nope": 1}),
    issue("greater_than_equal", ["width"], "Input should be greater than or equal to 64", 1, {"ge": 64}),
    issue("int_parsing", ["steps"], f"{INT}, unable to parse string as an integer", "x"),
    issue("int_from_float", ["seed"], f"{INT}, got a number with a fractional part", 1.5),
    issue("extra_forbidden", ["nope"], "Extra inputs are not permitted", 1)))

# At the bounds a body is right, so that it is the model that is missing.
for name, fields in [
    ("low", {"width": 64, "height": 64, "steps": 1, "cfg_scale": 0, "seed": 0}), ("high", {"width": 2048, "height": 64, "steps": 150, "cfg_scale": 30, "seed": 2**63 - 1}),
    ("tall", {"height": 2048, "width": 64}), ("text-numbers", {"width": "512", "height": "512", "steps": "20", "cfg_scale": "7.5", "seed": "1"}), ("whole-floats", {"width": 512.0, "steps": 20.0}),
    ("nulls", {"width": None, "height": None, "steps": None, "cfg_scale": None, "seed": None, "negative_prompt": None, "scheduler": None, "reference_image": None, "image": None, "mask": None}),
    ("seed-minus-1", {"seed": -1}), ("seed-2-53", {"seed": 2**53 + 1}), ("negative-empty", {"negative_prompt": ""}), ("lists-empty", {"loras": [], "reference_images": []}),
    ("lora-scale-low", {"lora_scale": -4}), ("lora-scale-high", {"lora_scale": 4}), ("modifiers", {"strength": 1, "ip_adapter_scale": 2, "composite": False}),
    ("scheduler-diffusers", {"scheduler": "EulerAncestralDiscreteScheduler"}), ("scheduler-a1111", {"scheduler": "DPM++ 2M Karras"}), ("n-1", {"n": 1}), ("png", {"output_format": "png"}),
]:
    T.add("P", f"right-{name}", post_json({"prompt": "a", "model": "no-such-model-7f3a", **fields}), {404}, fate="kept",
          check=lambda r: None if r.json["code"] == "model_not_found" else "not model_not_found")
one("scheduler-unknown", "scheduler", "euler_z", "value_error", "", {"error": {}})
T.cases[-1].check = lambda r: None if [d["type"] for d in r.json["detail"]] == ["value_error"] else "not one value_error"

if RECORDED.exists():
    for index, row in enumerate(json.loads(RECORDED.read_text())):
        if row["status"] == 422:
            T.add("P", f"recorded-{index}", post(row["body"].encode("utf-8", "surrogatepass")), {422}, fate="kept", check=exactly(*row["detail"]))
