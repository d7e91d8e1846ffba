"""What does a fault that pydantic finds in a request say to people? Its bound, its choices or an example, in words."""

from collections.abc import Mapping
from typing import Any

from app.wire import CLEAN, DAY, MOMENT, MONTH, NO_NUL, QUARTER, WORDS

CHINESE = {
    "missing": "必填项缺失", "extra_forbidden": "不认识的字段", "missing_sentinel_error": "不改动的字段请勿发送",
    "string_type": "应为字符串", "string_unicode": "含有无效字符", "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "至多 {max_length} 个字符",
    "int_type": "应为整数", "int_parsing": "应为整数", "int_parsing_size": "整数过大", "int_from_float": "应为整数",
    "greater_than": "应大于 {gt}", "greater_than_equal": "不得小于 {ge}", "less_than": "应小于 {lt}",
    "less_than_equal": "不得大于 {le}",
    "bool_type": "应为 true 或 false", "bool_parsing": "应为 true 或 false",
    "uuid_type": "应为 UUID", "uuid_parsing": "应为 UUID",
    "date_type": "应为日期,如 2017-03-31", "date_parsing": "日期无效,应如 2017-03-31",
    "date_from_datetime_parsing": "日期无效,应如 2017-03-31",
    "date_from_datetime_inexact": "日期无效,应如 2017-03-31", "date_out_of_range": "日期超出范围(1880年至2199年)",
    "datetime_type": "应为时间,如 2017-03-31T08:00:00Z", "datetime_parsing": "时间无效,应如 2017-03-31T08:00:00Z",
    "datetime_from_date_parsing": "时间无效,应如 2017-03-31T08:00:00Z", "datetime_object_invalid": "时间无效",
    "timezone_aware": "时间须带时区,如 2017-03-31T08:00:00+08:00",
    "enum": "应为下列之一:{expected}", "literal_error": "应为下列之一:{expected}",
    "union_tag_invalid": "{discriminator} 应为下列之一:{expected_tags}", "union_tag_not_found": "缺少 {discriminator}",
    "list_type": "应为数组", "too_short": "至少 {min_length} 项,现为 {actual_length} 项",
    "too_long": "至多 {max_length} 项,现为 {actual_length} 项",
    "dict_type": "应为 JSON 对象", "model_type": "应为 JSON 对象", "model_attributes_type": "应为 JSON 对象",
    "repeated": "不得重复", "unknown_event": "没有这种事件",
}  # fmt: skip
"""By the type of the fault, with its facts in braces."""
ENGLISH = {
    "union_tag_invalid": "{discriminator} should be one of {expected_tags}",
    "uuid_parsing": "Input should be a valid UUID",
    "dict_type": "Input should be an object", "model_type": "Input should be an object",
    "model_attributes_type": "Input should be an object",
}  # fmt: skip
"""Where pydantic's own words would repeat what was sent, or speak of Python."""
FORM = {"zh-CN": "格式不符,应如 {}", "en": "Not in the form expected, for example {}"}
EXAMPLES = {
    DAY: "2017-03-31",
    MOMENT: "2017-03-31T08:00:00Z",
    MONTH: "2017-03",
    QUARTER: "2017-Q1",
    r"^[0-9]{12}$": "411421201201",
    r"^[0-9]{9}$": "411421201",
    r"^[0-9]{6}([0-9]{3}([0-9]{3})?)?$": "411421201",
    r"^[0-9]{6}([0-9]{3})?$": "411421201",
    r"^(0|[0-9]{6}([0-9]{3})?)$": "411421201",
    r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$": "411421201",
    r"^[0-9]{17}[0-9X]$": "11010519491231002X",
    r"^[0-9+-]{5,20}$": "0370-6780000",
    r"^[0-9a-f]{64}$": "0" * 64,
    r"^[0-9a-f]+$": "8f1d0c5e7a92b3d4",
    r"^[a-z0-9][a-z0-9._-]{1,39}$": "zhang.san",
    r"^[a-z0-9][a-z0-9_.-]*$": "forms",
    r"^[a-z][a-z0-9_]{0,39}$": "income",
    r"^[a-z_]+$": "visits_create",
    r"^[A-Za-z0-9_.-]{1,60}$": "helper",
    r"^[A-Z0-9-]{1,40}$": "HUAYUAN-2016",
    r"^[A-Za-z0-9._:-]+$": "party-gov-office",
    r"^[A-Za-z0-9_-]+$": "MTIz",
    r"^[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}$": "7K3M-9QXA-2TPD",
    r"^[\x21-\x7e]+$": "phone-1-7",
    r"^[^.\s/\\\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
    r"[^/\\\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*$": "入户照片.jpg",
    r"^https?://[!-~]+$": "https://county.example/huayuan/events",
    r"^HY\.(8|9\.[1-4]\.[1-5])$": "HY.9.1.1",
    r"^HY\.9\.[1-4]\.[1-5]$": "HY.9.1.1",
    r"^G[0-9]{1,2}$": "G17",
    r"^[0-9]{1,2}(\.[0-9]{1,2})?$": "9.1",
    r"^(x[0-9]{3}/){0,3}[0-9]{3}(\.p/[1-9][0-9]{0,2})?$": "000.p/1",
    r"^([0-9]|[1-5][0-9]|6[0-3])$": "0",
}
"""A text of every form, by its pattern: for who wrote another, and for the document."""
SAID = {
    NO_NUL: {"zh-CN": "不得含有 NUL 字符", "en": "Should not hold a NUL character"},
    CLEAN: {
        "zh-CN": "须有可见文字,且不得含有换行等控制字符",
        "en": "Should hold visible text, and no line breaks or other control characters",
    },
    WORDS: {
        "zh-CN": "须有可见文字,且不得含有换行、制表以外的控制字符",
        "en": "Should hold visible text, and no control characters besides line breaks and tabs",
    },
}
"""Patterns that no example explains."""


def told(fault: Mapping[str, Any], language: str) -> str:
    """One sentence in `zh-CN` or `en`; nothing that was sent is repeated."""
    kind, facts = str(fault["type"]), fault.get("ctx") or {}
    if kind == "string_pattern_mismatch":
        return _form(facts["pattern"], language)
    if kind not in CHINESE:
        return {"zh-CN": "内容无效", "en": "invalid"}[language]
    if language == "en" and kind not in ENGLISH:
        return str(fault["msg"])
    words = ENGLISH if language == "en" else CHINESE
    return words[kind].format_map({name: _listed(fact, language) for name, fact in facts.items()})


def _form(pattern: str, language: str) -> str:
    return SAID[pattern][language] if pattern in SAID else FORM[language].format(EXAMPLES[pattern])


def _listed(fact: Any, language: str) -> str:
    """As pydantic lists choices, `'a', 'b' or 'c'`, without its quotes and in Chinese with Chinese commas."""
    plain = str(fact).replace("'", "")
    return plain.replace(" or ", "、").replace(", ", "、") if language == "zh-CN" else plain
