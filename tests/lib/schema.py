"""Is an object what a CRD lets through, and would nothing of it be dropped? Enough of structural schemas for that, without a server."""
import re
from pathlib import Path

import yaml

CRD = Path(__file__).resolve().parents[2] / "config" / "crd" / "ray.io_rayclusters.yaml"
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
BOUNDS = {"int32": 2 ** 31, "int64": 2 ** 63}


def schema(crd=CRD):
    return yaml.load(crd.read_text(), Loader=yaml.CSafeLoader)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def faults(value, rule, at=""):
    """Each with its path."""
    if rule.get("x-kubernetes-int-or-string"):
        good = isinstance(value, (int, str)) and not isinstance(value, bool)
        if not good or ("pattern" in rule and isinstance(value, str) and not re.search(rule["pattern"], value)):
            yield f"{at}: {value!r} is no amount"
        return
    kind = TYPES.get(rule.get("type"), object)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        yield f"{at}: {value!r} is no {rule['type']}"
        return
    if "enum" in rule and value not in rule["enum"]:
        yield f"{at}: {value!r} is none of {rule['enum']}"
    if isinstance(value, int) and rule.get("format") in BOUNDS and not -BOUNDS[rule["format"]] <= value < BOUNDS[rule["format"]]:
        yield f"{at}: {value} is too large"
    if isinstance(value, list):
        yield from listed(value, rule, at)
    if isinstance(value, dict):
        yield from mapped(value, rule, at)


def listed(value, rule, at):
    for i, item in enumerate(value):
        yield from faults(item, rule.get("items", {}), f"{at}[{i}]")
    keys = rule.get("x-kubernetes-list-map-keys")
    if keys:
        names = [tuple(item.get(key, "TCP" if key == "protocol" else None) for key in keys) for item in value]
        if len(set(names)) != len(names):
            yield f"{at}: {keys} twice: {names}"


def mapped(value, rule, at):
    known, others = rule.get("properties", {}), rule.get("additionalProperties")
    for key in rule.get("required", []):
        if key not in value:
            yield f"{at}.{key} is missing"
    for key, item in value.items():
        if key in known or isinstance(others, dict):
            yield from faults(item, known.get(key, others), f"{at}.{key}")
        elif known and not rule.get("x-kubernetes-preserve-unknown-fields"):
            yield f"{at}.{key} is no field"
