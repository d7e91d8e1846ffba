"""What does a value say in a cell of a file? To programs what the API says, to people words in Chinese."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from app.calendar import SHANGHAI
from app.codes import WORDS, WORKFLOWS_OF, Words
from app.database import as_json
from app.glossary import NAMES
from app.workflow import WORKFLOWS

Said = Callable[[Any], str]
"""The text of a value as JSON has it."""


def as_sent(value: Any) -> str:
    """For programs: a text as it is, everything else as JSON; nothing for null."""
    if isinstance(value, str):
        return value
    return "" if value is None else as_json(value)


def name_of(field: str, model: str = "") -> str:
    """What a field is called in Chinese. Raises KeyError where the glossary does not know it."""
    return NAMES.get(f"{model}.{field}") or NAMES[field]


def words_of(field: str, model: str = "", resource: str = "") -> Words:
    """What the field's codes are called in Chinese; a `state` is one of the resource's workflow."""
    key = f"{model}.{field}"
    words = WORDS.get(key, WORDS.get(field, {}))
    if (flow := WORKFLOWS_OF.get(key)) is not None:
        return {**WORKFLOWS[flow].states_zh, **words}
    if words or field != "state":
        return words
    return next((flow.states_zh for flow in WORKFLOWS.values() if flow.resource == resource), {})


def type_of(kind: Any) -> Any:
    """What a field holds, null aside; of several other types the one that is left, if only one is."""
    kinds = [inner for inner in get_args(kind) if inner is not type(None)]
    return kinds[0] if type(None) in get_args(kind) and len(kinds) == 1 else kind


def in_words(kind: Any, words: Words) -> Said:
    """How people read what is of that type: nothing for null and for what is empty."""
    kind = type_of(kind)
    match get_origin(kind) or kind:
        case type() as model if issubclass(model, BaseModel):
            return _object(model)
        case type() as days if issubclass(days, datetime):
            return _moment
        case type() as many if issubclass(many, list):
            return _list(get_args(kind)[0], words)
        case type() as named if issubclass(named, dict):
            return _mapping(get_args(kind)[1], words)
    return partial(_plain, words)


def on_the_clock(moment: str) -> datetime:
    """A moment as clocks in the township show it, or a day."""
    read = datetime.fromisoformat(moment)
    return read if read.tzinfo is None else read.astimezone(SHANGHAI).replace(tzinfo=None)


def _moment(value: str | None) -> str:
    return "" if value is None else on_the_clock(value).isoformat(" ", "seconds")


def _plain(words: Words, value: Any) -> str:
    """One value whose type says no more than JSON does."""
    match value:
        case bool():
            return "是" if value else "否"
        case str():
            return words.get(value, value)
        case list():
            return "、".join(_plain(words, one) for one in value)
        case dict():
            return _pairs(words, value, partial(_plain, words))
    return as_sent(value)


def _list(kind: Any, words: Words) -> Said:
    """Of objects one after the other, of anything else the values in a line."""
    said, kind = in_words(kind, words), type_of(kind)
    between = "; " if isinstance(kind, type) and issubclass(kind, BaseModel) else "、"
    return lambda values: between.join(said(value) for value in values or ())


def _mapping(kind: Any, words: Words) -> Said:
    said = in_words(kind, words)
    return lambda values: _pairs(words, values or {}, said)


def _pairs(words: Words, values: Mapping[str, Any], said: Said) -> str:
    return ",".join(f"{words.get(name) or NAMES.get(name, name)}:{said(value)}" for name, value in values.items())


def _object(model: type[BaseModel]) -> Said:
    """Its members by name, without those that say nothing and without its own id."""
    name = model.__name__
    members = [
        (field, name_of(field, name), in_words(declared.annotation, words_of(field, name)))
        for field, declared in model.model_fields.items()
        if field != "id"
    ]

    def said(value: Mapping[str, Any] | None) -> str:
        told = [(called, member(value.get(field))) for field, called, member in members] if value else []
        return ",".join(f"{called}:{text}" for called, text in told if text)

    return said
