"""What schemathesis cannot know of Darkroom; see scripts/check-openapi."""

import jsonschema_rs
import schemathesis

# Real bodies ask for small pictures: a drawn size is as good a test at a 16th of the time.
SMALL = {"width": (64, 2048, 64), "height": (64, 2048, 64), "steps": (1, 150, 2)}

# Names that are looked up, and values that go with some others only: a drawn one is refused for what no schema says,
# and the rest of its body with it. Without them the rest is what decides.
NAMES = {"model", "scheduler", "vae", "size", "lora_name", "ip_adapter"}
PAIRED = {"eta", "cfg_start", "cfg_end", "ip_adapter_start", "ip_adapter_end"}


@schemathesis.hook
def before_call(context, case, kwargs):
    if not isinstance(case.body, dict):
        return
    for name, (least, most, small) in SMALL.items():
        value = case.body.get(name)
        if type(value) is int and least <= value <= most and value % (8 if name != "steps" else 1) == 0:
            case.body[name] = small
    for name in NAMES & case.body.keys():
        if isinstance(case.body[name], str) and len(case.body[name]) <= 200:
            del case.body[name]
    for name in PAIRED & case.body.keys():
        if type(case.body[name]) in (int, float) and 0 <= case.body[name] <= 1:
            del case.body[name]


def lax(value, schema):
    """What pydantic's lax mode, which the server follows, makes of a value; itself where it makes nothing of it."""
    kinds = types(schema)
    if isinstance(value, dict):
        for inner in [schema, *schema.get("anyOf", [])]:
            if "properties" in inner:
                return {name: lax(part, inner["properties"].get(name, {})) for name, part in value.items()}
    if isinstance(value, list):
        for inner in [schema, *schema.get("anyOf", [])]:
            if "items" in inner:
                return [lax(part, inner["items"]) for part in value]
    if "integer" in kinds or "number" in kinds:
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, str):
            try:
                number = float(value.replace("_", ""))
            except ValueError:
                return value
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if "boolean" in kinds:
        words = {"1": True, "t": True, "true": True, "y": True, "yes": True, "on": True}
        words |= {"0": False, "f": False, "false": False, "n": False, "no": False, "off": False}
        if isinstance(value, str):
            return words.get(value.lower(), value)
        if isinstance(value, (int, float)) and value in (0, 1):
            return bool(value)
    return value


def types(schema):
    kinds = schema.get("type", [])
    if "enum" in schema:
        kinds = ["boolean" if isinstance(choice, bool) else "integer" for choice in schema["enum"]
                 if isinstance(choice, (bool, int))]
    return [kinds] if isinstance(kinds, str) else kinds


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """A body with "512" for 512 breaks the schema and is rightly taken."""
    if type(failure).__name__ != "AcceptedNegativeData" or not isinstance(case.body, dict):
        return True
    schemas = [body.definition["schema"] for body in case.operation.body if body.media_type == case.media_type]
    schema = schemas[0] if schemas else case.operation.body[0].definition["schema"]
    body = case.body
    if case.media_type == "multipart/form-data":
        # All is text there, and an empty part is an absent one; so is a list without elements.
        body = {name: value for name, value in body.items() if value not in ("", None, [])}
        body = {name: value if isinstance(value, (str, dict, list)) else str(value) for name, value in body.items()}
    properties = schema["properties"]
    meant = {name: lax(value, properties.get(name, {})) for name, value in body.items()}
    return not jsonschema_rs.is_valid(schema, meant)
