"""Resource Manager's template language, as far as the templates of targets/ speak it: a deployment's parameters and what it makes.

Written from Azure's documentation of template functions; it shares nothing with what deploys.
"""

import hashlib
import json
import re

TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(-?\d+)|([A-Za-z_]\w*)|(.))")
KINDS = {"string": str, "securestring": str, "int": int, "bool": bool}


class InvalidTemplate(Exception):
    """What Resource Manager answers 400 for."""


class Missing:
    def __getitem__(self, name):
        return self

    def __str__(self):
        return "<missing>"


MISSING = Missing()


def values(template, given):
    """Every parameter's value, without defaults that are expressions; raises InvalidTemplate as Resource Manager refuses."""
    declared = template["parameters"]
    if unknown := sorted(set(given) - set(declared)):
        raise InvalidTemplate(f"The template parameters '{', '.join(unknown)}' are not valid; they are not present")
    out = {}
    for name, said in declared.items():
        if name not in given and "defaultValue" not in said:
            raise InvalidTemplate(f"The value for the template parameter '{name}' is not provided")
        value = given[name]["value"] if name in given else said["defaultValue"]
        kind = KINDS[said["type"].lower()]
        if type(value) is not kind:
            raise InvalidTemplate(f"parameter {name}: {value!r} is not of type {said['type']}")
        if "allowedValues" in said and value not in said["allowedValues"]:
            raise InvalidTemplate(f"parameter {name}: {value!r} is not part of the allowed values")
        size = len(value) if kind is str else value
        least, most = (said.get(a, said.get(b)) for a, b in (("minLength", "minValue"), ("maxLength", "maxValue")))
        if kind is not bool and ((least is not None and size < least) or (most is not None and size > most)):
            raise InvalidTemplate(f"parameter {name}: {value!r} is out of range")
        out[name] = value
    return out


class Evaluated:
    """Expressions of one deployment; ``world`` has location, subscription, group path and the resources that are there."""

    def __init__(self, parameters, world):
        self._given, self._world = parameters, world
        self._functions = {
            "if": lambda test, yes, no: yes if test else no,
            "not": lambda one: not one,
            "parameters": lambda name: self.of(self._given[name]),
            "concat": lambda *parts: "".join(map(str, parts)),
            "empty": lambda value: not value,
            "json": json.loads,
            "string": str,
            "int": int,
            "guid": _guid,
            "resourcegroup": lambda: {"location": world.location},
            "resourceid": lambda kind, *names: f"{world.group}/providers/{_path(kind, names)}",
            "extensionresourceid": lambda scope, kind, *names: f"{scope}/providers/{_path(kind, names)}",
            "subscriptionresourceid": lambda kind, *names: f"{world.subscription}/providers/{_path(kind, names)}",
            "reference": self._reference,
            "listkeys": self._keys,
        }

    def of(self, node):
        """A node of the template with its expressions replaced."""
        if isinstance(node, dict):
            return {self.of(key): self.of(value) for key, value in node.items()}
        if isinstance(node, list):
            return [self.of(inner) for inner in node]
        if isinstance(node, str) and node.startswith("[") and not node.startswith("[["):
            tokens = TOKEN.findall(node[1:-1])
            value, left = self._expression(tokens)
            assert not left, f"{node}: {left}"
            if str(MISSING) in str(value):
                raise InvalidTemplate(f"ResourceNotFound: {node}")
            return value
        return node

    def _expression(self, tokens):
        text, number, name, _sign = tokens[0]
        rest = tokens[1:]
        if name:
            assert rest[0][3] == "(", name
            arguments, rest = self._arguments(rest[1:])
            value = self._functions[name.lower()](*arguments)
        else:
            value = int(number) if number else text.replace("''", "'")
        while rest and rest[0][3] == ".":
            value, rest = value[rest[1][2]], rest[2:]
        return value, rest

    def _arguments(self, tokens):
        out = []
        while tokens[0][3] != ")":
            value, tokens = self._expression(tokens)
            out.append(value)
            if tokens[0][3] == ",":
                tokens = tokens[1:]
        return out, tokens[1:]

    def _reference(self, identity, version=None, full=None):
        there = self._world.resource(identity)
        if there is None:
            return MISSING  # which is well where a condition leaves it out
        return there if full == "Full" else there["properties"]

    def _keys(self, identity, version):
        self._world.resource(identity)
        return {"primarySharedKey": "a-key-of-the-workspace"}


def _guid(*parts):
    made = hashlib.sha256("-".join(parts).encode()).hexdigest()
    return "-".join((made[:8], made[8:12], made[12:16], made[16:20], made[20:32]))


def _path(kind, names):
    provider, *kinds = kind.split("/")
    return "/".join([provider, *(part for pair in zip(kinds, names, strict=True) for part in pair)])


def identity_of(resource, world):
    """Of an evaluated resource of a template."""
    below = _path(resource["type"], resource["name"].split("/"))
    return f"{resource.get('scope', world.group)}/providers/{below}"


def ordered(resources, world):
    """In the order of dependsOn; what it names must be in the template, or there already."""
    left, out, done = list(resources), [], set()
    known = {identity_of(one, world).lower() for one in resources}
    while left:
        ready = [
            one for one in left if all(d.lower() in done or d.lower() not in known for d in one.get("dependsOn", ()))
        ]
        assert ready, "resources wait for one another"
        for one in ready:
            done.add(identity_of(one, world).lower())
            out.append(one)
        left = [one for one in left if one not in ready]
    return out
