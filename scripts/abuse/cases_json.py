"""JSON as text: grammar, encodings, depth, size, doubled keys, numbers, names of models and LoRAs."""

import json

from case import BASE, BODY, DRAWN, INVALID, MODEL, UNKNOWN, Table, post

T = Table("json")
CASES = T.cases


def text(data):
    return post(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))


def with_field(name, literal, model=False):
    """The usual body with one field given as JSON text, as its last."""
    fields = {k: v for k, v in {**BASE, **({"model": MODEL} if model else {})}.items() if k != name}
    return text(json.dumps(fields)[:-1] + f', "{name}": {literal}}}')


def replaced(name, literal):
    """The same, in the field's own place."""
    return text(json.dumps(BASE).replace(f'"{name}": {json.dumps(BASE[name])}', f'"{name}": {literal}'))


T.rows("P", INVALID, "either", [(name, text(data)) for name, data in [
    ("empty-object", "{}"), ("array-root", "[]"), ("string-root", '"x"'), ("true-root", "true"), ("false-root", "false"), ("null-root", "null"),
    ("number-root", "1"), ("array-of-the-body", b"[" + BODY + b"]"), ("body-as-text", json.dumps(BODY.decode())), ("blanks", "   \r\n\t "),
    ("truncated", BODY[:-1]), ("trailing-garbage", BODY + b"x"), ("two-documents", BODY * 2), ("trailing-comma", '{"prompt":"a",}'),
    ("leading-comma", '{,"prompt":"a"}'), ("double-comma", '{"prompt":"a",,"seed":1}'), ("comments", '{/*c*/"prompt":"a"}'), ("line-comment", '{"prompt":"a"//c\n}'),
    ("hash-comment", '{"prompt":"a"#c\n}'), ("single-quotes", "{'prompt':'a'}"), ("bare-key", '{prompt:"a"}'), ("number-key", '{1:"a"}'), ("semicolon", '{"prompt":"a";"seed":1}'),
    ("equals", '{"prompt"="a"}'), ("no-colon", '{"prompt" "a"}'), ("missing-value", '{"prompt":}'), ("python-none", '{"prompt":"a","seed":None}'),
    ("javascript-undefined", '{"prompt":"a","seed":undefined}'), ("uppercase-true", '{"prompt":"a","composite":TRUE}'), ("closing-bracket-wrong", '{"prompt":"a"]'),
    ("unclosed-array", '{"prompt":"a","loras":[}'), ("form-encoded", "prompt=a&seed=1"), ("yaml", "prompt: a\nseed: 1\n"), ("xml", "<prompt>a</prompt>"),
    ("nul-bytes", bytes(100)), ("nul-after", BODY + b"\x00"), ("vertical-tab-as-blank", b"\x0b" + BODY), ("form-feed-as-blank", b"\x0c" + BODY),
    ("nbsp-as-blank", "\u00a0" + BODY.decode()), ("bad-escape", r'{"prompt":"\x41"}'), ("escape-a", r'{"prompt":"\a"}'), ("escape-quote-single", r'{"prompt":"\'"}'),
    ("escape-at-end", '{"prompt":"\\'), ("escape-u-short", r'{"prompt":"\u12"}'), ("escape-u-not-hex", r'{"prompt":"\u12g4"}'), ("escape-u-sign", r'{"prompt":"\u+123"}'),
    ("raw-newline-in-string", '{"prompt":"a\nb"}'), ("raw-tab-in-string", '{"prompt":"a\tb"}'), ("raw-nul-in-string", '{"prompt":"a\x00b"}'), ("raw-escape-in-string", '{"prompt":"a\x1bb"}'),
    ("unterminated-string", '{"prompt":"' + "a" * 1000), ("array-of-arrays-key", '{["prompt"]:"a"}'), ("unclosed-object-in-array", '{"prompt":"a","loras":[{'),
]])
T.rows("M", INVALID, "either", [(name, text(data)) for name, data in [
    ("overlong-utf8", b'{"prompt":"\xc0\xaf"}'), ("overlong-3", b'{"prompt":"\xe0\x80\xaf"}'), ("overlong-4", b'{"prompt":"\xf0\x80\x80\xaf"}'),
    ("raw-surrogate-utf8", b'{"prompt":"\xed\xa0\x80"}'), ("utf8-truncated-sequence", b'{"prompt":"\xe2\x82"}'), ("utf8-lone-continuation", b'{"prompt":"\x80"}'),
    ("utf8-above-10ffff", b'{"prompt":"\xf4\x90\x80\x80"}'), ("utf8-fe-ff", b'{"prompt":"\xfe\xff"}'), ("latin1", '{"prompt":"café"}'.encode("latin-1")),
    ("utf8-bad-in-key", b'{"prompt":"a","\xff":1}'), ("utf8-bad-after-end", BODY + b"\xff"), ("utf16-le", BODY.decode().encode("utf-16-le")),
    ("utf16-be", BODY.decode().encode("utf-16-be")), ("utf16-bom", BODY.decode().encode("utf-16")), ("utf32", BODY.decode().encode("utf-32")),
    ("gzip", b"\x1f\x8b\x08\x00" + bytes(40)), ("cesu8-pair", b'{"prompt":"\xed\xa0\xbd\xed\xb8\x80"}'),
]])
T.rows("M", INVALID, "either", [(name, text(data)) for name, data in [
    ("deep-object-50k", '{"a":' * 50000 + "1" + "}" * 50000), ("deep-inside-known-field", '{"prompt":"a","loras":' + "[" * 20000 + "]" * 20000 + "}"),
    ("deep-1m-brackets", "[" * 1000000), ("deep-1m-braces", '{"a":' * 200000), ("deep-65", '{"prompt":"a","control":' + "[" * 65 + "]" * 65 + "}"),
    ("deep-mixed", '{"prompt":"a","control":' + '[{"a":' * 5000 + "1" + "}]" * 5000 + "}"), ("wide-array-100k", '{"prompt":"a","loras":[' + "1," * 100000 + "1]}"),
    ("wide-object-100k", '{"prompt":"a"' + "".join(f',"k{i}":1' for i in range(100000)) + "}"), ("same-key-100k", '{"prompt":"a"' + ',"seed":1' * 100000 + "}"),
    ("key-1m", '{"prompt":"a","' + "k" * 1000000 + '":1}'), ("blanks-1m", "{" + " " * 1000000 + "}"), ("escapes-1m", '{"prompt":"' + "\\u0061" * 170000 + '"}'),
]])
T.rows("S", INVALID, "either", [(name, text(data)) for name, data in [
    ("duplicate-keys-rejected", BODY[:-1] + b', "prompt": "again"}'), ("duplicate-keys-same-value", '{"prompt":"a","prompt":"a"}'),
    ("duplicate-keys-spelt-differently", r'{"prompt":"a","\u0070rompt":"b"}'), ("duplicate-unknown-keys", '{"prompt":"a","x":1,"x":2}'),
    ("duplicate-keys-nested", '{"prompt":"a","control":{"model":"a","model":"b"}}'), ("empty-key", '{"prompt":"a","":1}'), ("key-proto", '{"prompt":"a","__proto__":{"x":1}}'),
]])
T.add("S", "utf8-bom", text(b"\xef\xbb\xbf" + BODY), UNKNOWN)
T.rows("M", UNKNOWN, "either", [(name, text(data)) for name, data in [
    ("lone-surrogate-escape", '{"prompt":"\\ud800","model":"%s"}' % MODEL), ("lone-low-surrogate-escape", '{"prompt":"\\udc00","model":"%s"}' % MODEL),
    ("swapped-surrogates", '{"prompt":"\\ude00\\ud83d","model":"%s"}' % MODEL), ("surrogate-then-text", '{"prompt":"\\ud83dx","model":"%s"}' % MODEL),
    ("prompt-nul-escape", with_field("prompt", '"a\\u0000b"', True).split(b"\r\n\r\n", 1)[1]),
]])
T.rows("P", {404}, "kept", [(name, text(data)) for name, data in [
    ("surrogate-pair-escape", '{"prompt":"\\ud83d\\ude00","model":"%s"}' % MODEL), ("all-escapes", r'{"prompt":"\"\\\/\b\f\n\r\t\u00e9","model":"%s"}' % MODEL),
    ("blanks-everywhere", '\r\n\t { "prompt"\n:\t"a" ,\r"model" : "%s" } \n' % MODEL), ("emoji", '{"prompt":"🎨 café Ω","model":"%s"}' % MODEL),
    ("escaped-key", r'{"\u0070rompt":"a","model":"%s"}' % MODEL), ("noncharacters", '{"prompt":"\uffff\ufdd0","model":"%s"}' % MODEL),
    ("combining", '{"prompt":"e\u0301\u200d\u202e","model":"%s"}' % MODEL), ("empty-prompt", '{"prompt":"","model":"%s"}' % MODEL), ("whole-body", BODY),
    ("big-exponent-small-value", '{"prompt":"a","cfg_scale":5000e-3,"model":"%s"}' % MODEL), ("prompt-10000", '{"prompt":"%s","model":"%s"}' % ("é" * 10000, MODEL)),
]])
T.add("P", "unknown-field-rejected-or-ignored", text(BODY[:-1] + b', "unknown_fld": 1}'), UNKNOWN)
T.rows("P", INVALID, "either", [
    ("prompt-number", replaced("prompt", "5")), ("prompt-array", replaced("prompt", '["a"]')), ("prompt-object", replaced("prompt", '{"a": 1}')),
    ("prompt-null", replaced("prompt", "null")), ("prompt-bool", replaced("prompt", "true")), ("number-hex", with_field("seed", "0x1")),
    ("number-lone-minus", with_field("seed", "-")), ("number-plus", with_field("seed", "+1")), ("number-leading-zero", with_field("seed", "01")),
    ("number-trailing-point", with_field("seed", "1.")), ("number-leading-point", with_field("cfg_scale", ".5")), ("number-empty-exponent", with_field("seed", "1e")),
    ("number-two-points", with_field("cfg_scale", "1.2.3")), ("number-underscore", with_field("seed", "1_0")), ("number-two-minus", with_field("seed", "--1")),
    ("number-space-inside", with_field("seed", "1 0")), ("number-octal", with_field("seed", "0o7")), ("number-fullwidth", with_field("seed", "１")),
])
T.add("M", "prompt-1mib", replaced("prompt", json.dumps("a " * 524288)), {400, 413, 422})
T.add("M", "prompt-10001", replaced("prompt", json.dumps("é" * 10001)), INVALID)
T.add("S", "width-odd", with_field("width", "513"), DRAWN)
T.add("M", "width-null-ok", with_field("width", "null"), DRAWN)
T.add("M", "height-null-ok", with_field("height", "null"), DRAWN)
for name in ("width", "height"):
    T.rows("M", INVALID, "either", [(f"{name}-{what}", with_field(name, literal)) for what, literal in [
        ("zero", "0"), ("negative", "-64"), ("huge", "1000000"), ("i32-overflow", "2147483648"), ("u64-overflow", "18446744073709551616"),
        ("1e308", "1e308"), ("1e999", "1e999"), ("minus-1e999", "-1e999"), ("fraction", "64.5"), ("nan", "NaN"), ("tiny", "1e-300"), ("text", '"wide"'), ("array", "[64]"), ("object", "{}"),
    ]])
    T.add("S", f"{name}-bool", with_field(name, "true"), INVALID)
T.add("M", "area-wraps-i32", with_field("width", "65536").replace(b'"height": 64', b'"height": 65536'), INVALID)
T.rows("M", INVALID, "either", [(f"steps-{what}", replaced("steps", literal)) for what, literal in [
    ("zero", "0"), ("negative", "-1"), ("million", "1000000"), ("fraction", "1.5"), ("1e400", "1e400"), ("nan", "NaN"), ("i64-wrap", "18446744073709551617"),
]])
for name in ("guidance_scale", "cfg_scale", "ip_adapter_scale", "strength"):
    T.rows("M", INVALID, "either", [(f"{name.replace('_scale', '')}-{what}", with_field(name, literal)) for what, literal in [
        ("nan", "NaN"), ("inf", "Infinity"), ("-inf", "-Infinity"), ("1e999", "1e999"), ("-1e999", "-1e999"), ("array", "[1]"),
    ]])
T.add("S", "guidance-string", with_field("guidance_scale", '"x"'), INVALID)
T.add("M", "seed-negative", replaced("seed", "-1"), DRAWN)
T.add("M", "seed-u64max", replaced("seed", "18446744073709551615"), DRAWN)
T.rows("M", INVALID, "either", [(f"seed-{what}", replaced("seed", literal)) for what, literal in [
    ("beyond-u64", "18446744073709551616"), ("1e30", "1e30"), ("5000-digits", "9" * 5000), ("minus-2", "-2"), ("minus-5000-digits", "-" + "9" * 5000), ("2-63", "9223372036854775808"),
    ("fraction", "0.5"), ("object", "{}"), ("1e400", "1e400"), ("100k-digits", "1" * 100000),
]])
T.add("M", "n-huge", with_field("n", "1000000000"), {400, 413, 422})
T.add("M", "n-zero", with_field("n", "0"), {400, 413, 422})
T.add("M", "batch-of-2-63", with_field("n", "9223372036854775808"), {400, 413, 422})

NAMES = [
    ("dotdot", "../../../../etc/passwd"), ("absolute", "/etc/passwd"), ("backslash", "..\\..\\..\\boot.ini"), ("inner-dotdot", "a/../b"), ("percent", "%2e%2e%2fetc%2fpasswd"),
    ("nul", "a\0b.safetensors"), ("10k", "m" * 10000), ("empty", ""), ("dot", "."), ("newline-log-injection", "x\n2026-11-21 INFO logged in as root"),
    ("ansi", "\x1b[31mred\x1b[0m"), ("url", "http://127.0.0.1:1/model.safetensors"), ("file-url", "file:///etc/passwd"), ("hf-repo", "stabilityai/sdxl"),
    ("proc-self-mem", "/proc/self/mem"), ("dev-zero", "/dev/zero"), ("tilde", "~/.ssh/id_rsa"), ("shell", "$(id)`id`;id|id"), ("windows-device", "CON"), ("star", "*"), ("utf8", "模型"),
    ("rtl", "a\u202eb"), ("wide-dots", "．．／etc"), ("html", "<script>alert(1)</script>"), ("format", "%s%n%d"), ("spaces", "   "),
]


def echoes_safely(response):
    """A name comes back escaped, as JSON is, or not at all."""
    return "a raw control byte" if any(b < 0x20 for b in response.body) else None


for what, name in NAMES:
    T.add("X", f"model-{what}", text(json.dumps({**BASE, "model": name})), UNKNOWN, check=echoes_safely)
    T.add("X", f"lora-{what}", text(json.dumps({**BASE, "model": MODEL, "lora_name": name})), UNKNOWN, check=echoes_safely)
T.add("P", "lora-unknown", text(json.dumps({**BASE, "model": MODEL, "lora_name": "no-such-lora"})), UNKNOWN)
T.rows("P", UNKNOWN, "either", [(f"{field}-type-{what}", text(json.dumps({**BASE, field: value}))) for field in ("model", "lora_name", "scheduler", "vae")
       for what, value in (("number", 5), ("array", ["a"]), ("object", {"a": 1}))])
T.add("M", "lora-scale-1e300", text(json.dumps({**BASE, "model": MODEL, "lora_scale": 1e300})), UNKNOWN)
T.add("S", "lora-duplicated-200x", text(json.dumps({**BASE, "model": MODEL, "loras": [{"name": "a", "scale": 1.0}] * 200})), UNKNOWN)
T.add("P", "content-type-charset-ok", post(type=b"application/json; charset=utf-8"), UNKNOWN)
T.add("P", "content-type-xml-415", post(b"<a/>", type=b"application/xml"), {400, 415, 422})
T.add("P", "prompt-surrogates-in-echo", text('{"prompt":5,"model":"\\ud800"}'), INVALID)
