"""What does the service say when it will not do something? Refusals, in the words of the domain.

A refusal is a class. Its docstring is what people read: the first line in English, the second in
Chinese. Its name, in kebab-case, is the stable code. Its base says what kind of refusal it is;
problems.py alone knows which status that becomes.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar


class Refusal(Exception):
    """The service will not do this.

    本系统不受理此请求。
    """

    article: ClassVar[str | None] = None
    """The article of the regulation, or the number of the policy, that this rests on."""
    advice: ClassVar[tuple[str, str] | None] = None
    """What is to be done, in English and in Chinese, where the kind of refusal (app/pages.py) does not tell it."""

    def __init__(self, **facts: Any) -> None:
        """Facts become members of the answer: JSON values only, never personal data."""
        super().__init__(self.code())
        self.facts = facts

    @classmethod
    @cache
    def code(cls) -> str:
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", cls.__name__).lower()

    @classmethod
    @cache
    def title(cls, language: str) -> str:
        """One sentence in `zh-CN` or `en`."""
        lines = [line.strip() for line in (cls.__doc__ or "").strip().splitlines() if line.strip()]
        return lines[1] if language.startswith("zh") and len(lines) > 1 else lines[0]

    def detail(self, language: str) -> str | None:
        """What the facts of this one say, where that is more than the title."""
        return None

    def said(self, language: str) -> str:
        """The one sentence where there is room for one alone."""
        return self.detail(language) or self.title(language)


def every(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    """The kind of refusal, and all kinds of it that are known by now."""
    yield kind
    for below in kind.__subclasses__():
        yield from every(below)


class Unauthenticated(Refusal):
    """Sign in first: the token is missing, wrong or expired.

    请先登录:令牌缺失、无效或已过期。
    """


class Forbidden(Refusal):
    """You may not do this.

    您无权办理此事项。
    """


class NotFound(Refusal):
    """There is no such record, or you may not see it.

    记录不存在,或您无权查看。
    """


class Conflict(Refusal):
    """This contradicts what is on record.

    与已有记录相抵触。
    """


class Invalid(Refusal):
    """The request is wrong in itself.

    请求本身有误。
    """

    def __init__(self, pointer: str = "", **facts: Any) -> None:
        """`pointer` is a JSON pointer into the body (`/born`) or `query:name`, `path:name`, `header:name`."""
        super().__init__(**facts)
        self.pointer = pointer


class Malformed(Refusal):
    """The body is not JSON.

    请求正文不是有效的 JSON。
    """


class UnsupportedMediaType(Refusal):
    """The content type is not one this operation takes.

    不支持的内容类型。
    """


class TooLarge(Refusal):
    """The body is larger than this operation takes.

    请求正文超过上限。
    """


class TooSlow(Refusal):
    """The body did not arrive in time.

    请求正文未在规定时间内到达。
    """


class NotAcceptable(Refusal):
    """None of the media types you accept can be given.

    无法提供您要求的格式。
    """


class VersionRequired(Refusal):
    """Say which version you saw: send If-Match.

    请用 If-Match 说明您所见的版本。
    """


class VersionStale(Refusal):
    """The record has changed since you saw it.

    记录在您查看之后已变更。
    """


class Unavailable(Refusal):
    """The service cannot answer just now; try again shortly.

    服务暂时不可用,请稍后重试。
    """


class TooManyRequests(Refusal):
    """You ask more often than the service allows; go on after the time that Retry-After tells.

    请求过于频繁,请在 Retry-After 所示时间之后继续。
    """

    def __init__(self, seconds: int, **facts: Any) -> None:
        """`seconds` after which the same request may be sent again."""
        super().__init__(**facts)
        self.seconds = seconds


class WrongState(Conflict):
    """This move is not possible in the record's present state.

    记录当前状态不允许此操作。
    """
