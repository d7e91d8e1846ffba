"""What would break a client that was written against the older document? `python -m openapi.breaking OLD NEW`.

One question carries it all: is every value that one schema allows also allowed by another? A request breaks where a
value that was accepted no longer is; an answer breaks where a value may come that could not come before. What a
schema says in words this file does not know must simply stay as it was.

Three judgements. A member, parameter or status that is gone breaks, whether it was required or not. An enum value
added to an answer breaks, for a client may have met them all. A member added to an answer does not: clients must
ignore what they do not know, also where the document says `additionalProperties: false`.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = Any
Placed = tuple[Json, Json]
"""A schema with the document it stands in."""
FLOORS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
CEILINGS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
EXACT = ("format", "pattern", "multipleOf", "contentMediaType", "contentEncoding", "uniqueItems")
"""Words that narrow a schema by being there, and of which one value does not include another."""
SAID_ELSEWHERE = {"$ref", "anyOf", "oneOf", "allOf", "type", "nullable", "enum", "const", "default", "items",
                  "properties", "required", "additionalProperties"}  # fmt: skip
NO_MATTER = {"title", "description", "example", "examples", "deprecated", "readOnly", "writeOnly", "$comment",
             "discriminator", "externalDocs"}  # fmt: skip
HERE = re.compile(r"\{[^}]*\}")
"""A parameter of a path: its place counts, not its name."""


@dataclass(frozen=True)
class Finding:
    """One thing that breaks."""

    where: str
    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.why}"


@dataclass(frozen=True)
class Side:
    """In which direction values travel, and so which of the two documents must include the other."""

    why: str
    is_request: bool


REQUEST = Side("a request that was accepted would be refused", is_request=True)
ANSWER = Side("an answer could hold what a client was promised not to meet, or lack what it reads", is_request=False)


def breaking(old: Json, new: Json) -> list[Finding]:
    """Everything in `new` that breaks a client of `old`, two OpenAPI 3.1 documents."""
    return list(dict.fromkeys(_Comparison(old, new).findings()))


@dataclass
class _Comparison:
    old: Json
    new: Json
    _fine: set[tuple[str, str, bool]] = field(default_factory=set)
    """Pairs of named schemas without findings, or still in hand: a schema may contain itself."""

    def findings(self) -> Iterator[Finding]:
        yield from self._schemes()
        theirs = {(HERE.sub("{}", path), verb): op for path, verb, op in _operations(self.new)}
        paths = {path for path, _ in theirs}
        for path, verb, was in _operations(self.old):
            here, key = f"{verb.upper()} {path}", HERE.sub("{}", path)
            if (now := theirs.get((key, verb))) is not None:
                yield from self._operation(here, was, now)
            else:
                what = "the method is gone" if key in paths else "the path is gone"
                yield Finding(here, what, "whoever calls it gets 404 or 405")

    def _schemes(self) -> Iterator[Finding]:
        now = self.new.get("components", {}).get("securitySchemes", {})
        for name, scheme in self.old.get("components", {}).get("securitySchemes", {}).items():
            if _bare(now.get(name)) != _bare(scheme):
                yield Finding(f"security scheme {name}", "gone or changed", "clients sign in as it was described")

    def _operation(self, here: str, was: Json, now: Json) -> Iterator[Finding]:
        if was.get("operationId") != now.get("operationId"):
            what = f"operationId {was.get('operationId')} is now {now.get('operationId')}"
            yield Finding(here, what, "generated clients call it by that name")
        yield from self._security(here, was, now)
        yield from self._parameters(here, was, now)
        yield from self._request(f"{here} body", was.get("requestBody"), now.get("requestBody"))
        for status, answer in was["responses"].items():
            if status not in now["responses"]:
                yield Finding(f"{here} {status}", "the status is gone", "a client acts on it")
            else:
                yield from self._answer(f"{here} {status}", answer, now["responses"][status])

    def _security(self, here: str, was: Json, now: Json) -> Iterator[Finding]:
        before, after = (
            op.get("security", whole.get("security")) or [{}] for op, whole in ((was, self.old), (now, self.new))
        )
        for way in before:
            if not any(all(n in way and set(s) <= set(way[n]) for n, s in other.items()) for other in after):
                told = " and ".join(way) or "nobody's sign-in"
                yield Finding(here, f"{told} is no longer enough", "a call that was let in would be refused")

    def _parameters(self, here: str, was: Json, now: Json) -> Iterator[Finding]:
        before, after = (
            {_key(parameter, op["path"]): parameter for parameter in op["parameters"]} for op in (was, now)
        )
        for key, parameter in before.items():
            where = f"{here} {parameter['in']} {parameter['name']}"
            if (other := after.get(key)) is None:
                yield Finding(where, "the parameter is gone", "unknown parameters are refused or without effect")
                continue
            if other.get("required") and not parameter.get("required"):
                yield Finding(where, "is now required", REQUEST.why)
            if any(parameter.get(word) != other.get(word) for word in ("style", "explode", "allowReserved")):
                yield Finding(where, "is written differently", REQUEST.why)
            yield from self._compare(where, parameter.get("schema", {}), other.get("schema", {}), REQUEST)
        for key, parameter in after.items():
            if key not in before and parameter.get("required"):
                yield Finding(f"{here} {' '.join(key)}", "a new parameter is required", REQUEST.why)

    def _request(self, here: str, was: Json, now: Json) -> Iterator[Finding]:
        if now and now.get("required") and not (was and was.get("required")):
            yield Finding(here, "is now required", REQUEST.why)
        if was and not now:
            yield Finding(here, "is gone", REQUEST.why)
        if was and now:
            yield from self._contents(here, was, now, REQUEST)

    def _answer(self, here: str, was: Json, now: Json) -> Iterator[Finding]:
        yield from self._contents(here, was, now, ANSWER)
        after = {name.lower(): header for name, header in now.get("headers", {}).items()}
        for name, header in was.get("headers", {}).items():
            where = f"{here} header {name}"
            if (other := after.get(name.lower())) is None:
                yield Finding(where, "is gone", "a client reads it")
                continue
            if header.get("required") and not other.get("required"):
                yield Finding(where, "is no longer always there", "a client reads it")
            yield from self._compare(where, header.get("schema", {}), other.get("schema", {}), ANSWER)

    def _contents(self, here: str, was: Json, now: Json, side: Side) -> Iterator[Finding]:
        for media, content in was.get("content", {}).items():
            if (other := now.get("content", {}).get(media)) is None:
                yield Finding(here, f"media type {media} is gone", "a client sends or asks for it")
            else:
                yield from self._compare(here, content.get("schema", {}), other.get("schema", {}), side)

    def _compare(self, here: str, was: Json, now: Json, side: Side) -> Iterator[Finding]:
        """The old schema must lie within the new one in a request, the new within the old in an answer."""
        inner, outer = ((was, self.old), (now, self.new))[:: 1 if side.is_request else -1]
        yield from self._within(here, inner, outer, side)

    def _within(self, here: str, inner: Placed, outer: Placed, side: Side) -> Iterator[Finding]:
        """Where a value of `inner` is none of `outer`."""
        pair = (inner[0].get("$ref", ""), outer[0].get("$ref", ""), side.is_request)
        found: list[Finding] = []
        if pair not in self._fine:
            if all(pair[:2]):
                self._fine.add(pair)
            wider = [(schema, outer[1]) for schema in _variants(*outer)]
            for schema in _variants(*inner):
                found += self._nearest(here, (schema, inner[1]), wider, side)
            if found:
                self._fine.discard(pair)
        yield from found
        yield from self._default(here, inner[0], outer[0], side)

    def _nearest(self, here: str, inner: Placed, wider: list[Placed], side: Side) -> list[Finding]:
        """What parts a schema from that variant which it resembles most; nothing, where one includes it."""
        kind = inner[0].get("type", "anything")
        kin = [o for o in wider if o[0].get("type", kind) == kind or (kind, o[0]["type"]) == ("integer", "number")]
        told = f"{kind} is no longer accepted" if side.is_request else f"may now be {kind}"
        tries = [list(self._one(here, inner, other, side)) for other in kin]
        return min(tries, key=len, default=[Finding(here, told, side.why)])

    def _default(self, here: str, was: Json, now: Json, side: Side) -> Iterator[Finding]:
        if side.is_request and was.get("default") != now.get("default"):
            what = f"default {_told(was.get('default'))} is now {_told(now.get('default'))}"
            yield Finding(here, what, "a request that leaves it out would mean something else")

    def _one(self, here: str, inner: Placed, outer: Placed, side: Side) -> Iterator[Finding]:
        """`_within` of schemas of one type: each word that narrows `outer` must narrow `inner` as much."""
        a, b = inner[0], outer[0]
        for word in sorted((a.keys() | b.keys()) - SAID_ELSEWHERE - NO_MATTER):
            if word.startswith("x-") or a.get(word) == b.get(word):
                continue
            known = word in FLOORS or word in CEILINGS or word in EXACT
            wide = word not in b or (word in a and _is_narrower(word, a[word], b[word]))
            if not (known and wide):
                yield self._changed(here, word, a, b, side)
        if (allowed := _values(b)) is not None:
            more = [value for value in _values(a) or () if value not in allowed]
            if more or _values(a) is None:
                told = f"value {', '.join(map(_told, more))}" if more else "any value"
                yield Finding(here, f"{told} is {'no longer accepted' if side.is_request else 'new'}", side.why)
        if "items" in a or "items" in b:
            pair = ((a.get("items", {}), inner[1]), (b.get("items", {}), outer[1]))
            yield from self._within(f"{here}[]", *pair, side)
        yield from self._members(here, inner, outer, side)

    def _members(self, here: str, inner: Placed, outer: Placed, side: Side) -> Iterator[Finding]:
        a, b = inner[0], outer[0]
        mine, theirs = a.get("properties", {}), b.get("properties", {})
        was, now = (mine, theirs) if side.is_request else (theirs, mine)
        for name in sorted(was.keys() - now.keys()):
            yield Finding(f"{here}.{name}", "the member is gone", side.why)
        told = "is now required" if side.is_request else "is no longer always there"
        for name in sorted(set(b.get("required", ())) - set(a.get("required", ())) - (was.keys() - now.keys())):
            yield Finding(f"{here}.{name}", told, side.why)
        for name in sorted(mine.keys() & theirs.keys()):
            yield from self._within(f"{here}.{name}", (mine[name], inner[1]), (theirs[name], outer[1]), side)
        free, bound = (x.get("additionalProperties") or x.get("additionalProperties") is not False for x in (a, b))
        if isinstance(free, Mapping) and isinstance(bound, Mapping):
            yield from self._within(f"{here}.*", (free, inner[1]), (bound, outer[1]), side)
        elif free != bound and bound is not True and (side.is_request or isinstance(bound, Mapping)) and free:
            yield Finding(here, "members of any other name or kind are no longer what they were", side.why)

    def _changed(self, here: str, word: str, a: Json, b: Json, side: Side) -> Finding:
        was, now = (a, b) if side.is_request else (b, a)
        return Finding(here, f"{word} {_told(was.get(word))} is now {_told(now.get(word))}", side.why)


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            if verb in {"get", "put", "post", "patch", "delete", "head", "options", "trace"}:
                all_of_them = [*item.get("parameters", ()), *operation.get("parameters", ())]
                yield path, verb, {**operation, "path": path, "parameters": all_of_them}


def _key(parameter: Json, path: str) -> tuple[str, str]:
    """A path's parameters are told apart by their place, headers without regard to case."""
    match parameter["in"]:
        case "path":
            return "path", str(HERE.findall(path).index(f"{{{parameter['name']}}}"))
        case "header":
            return "header", parameter["name"].lower()
        case place:
            return place, parameter["name"]


def _variants(schema: Json, document: Json) -> list[Json]:
    """The schema as alternatives without `$ref`, `anyOf`, `oneOf`, `allOf` or several types."""
    if "$ref" in schema:
        target: Json = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        return _variants(_together(target, _without(schema, "$ref")), document)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            rest = _without(schema, word, "default")
            return [v for choice in schema[word] for v in _variants(_together(choice, rest), document)]
    if "allOf" in schema:
        whole = _without(schema, "allOf")
        for part in schema["allOf"]:
            whole = _together(part, whole)
        return _variants(whole, document)
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": kind} for kind in schema["type"]]
    return [schema]


def _together(a: Json, b: Json) -> Json:
    """Both schemas at once; members of both, and of what else both say the second."""
    merged = {**a, **b}
    if "properties" in a and "properties" in b:
        merged["properties"] = {**a["properties"], **b["properties"]}
    if "required" in a and "required" in b:
        merged["required"] = [*a["required"], *b["required"]]
    return merged


def _is_narrower(word: str, mine: Json, theirs: Json) -> bool:
    if word in FLOORS:
        return bool(mine >= theirs)
    return bool(word in CEILINGS and mine <= theirs)


def _values(schema: Json) -> list[Json] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _without(schema: Json, *words: str) -> Json:
    return {word: said for word, said in schema.items() if word not in words}


def _bare(scheme: Json) -> Json:
    return None if scheme is None else _without(scheme, *NO_MATTER)


def _told(value: Json) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)


def main(old: str, new: str) -> int:
    found = breaking(*(json.loads(Path(name).read_text("utf-8")) for name in (old, new)))
    print(*found, sep="\n")
    return len(found) > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
