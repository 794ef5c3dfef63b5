"""Masks personal data on pages, unless a person asks for the whole. Pure."""

import re
from typing import Any

HIDDEN = "•••"
_NAMES = frozenset(
    {
        "ip", "ip_truncated", "client_ip", "user_id", "email", "e_mail", "mail", "phone", "telephone", "telefone",
        "celular", "cpf", "cnpj", "document", "name", "first_name", "last_name", "full_name", "nome", "sobrenome",
        "address", "endereco", "street", "rua", "postal_code", "geo_postal_code", "cep", "zip", "geo_latitude",
        "geo_longitude", "birthday", "password", "senha", "card", "token", "user", "client",
    }
)  # fmt: skip
"""Fields whose values are hidden wherever they stand, whatever they hold."""
_PATTERNS = (
    (re.compile(r"[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), f"{HIDDEN}@{HIDDEN}"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"), HIDDEN),
    (re.compile(r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"), HIDDEN),
    (re.compile(r"(?<![\w.-])\+?(?:55[ -]?)?\(?\d{2}\)?[ -]?9\d{4}-?\d{4}(?![\w.-])"), HIDDEN),
    (
        re.compile(
            r'("(?:ip|user_id|e?mail|phone|cpf|name|first_name|last_name|address|postal_code)"\s*:\s*")[^"]*(")'
        ),
        rf"\g<1>{HIDDEN}\g<2>",
    ),
)
"""In any text: mail addresses, IP addresses, CPFs, Brazilian phone numbers, fields of JSON that is kept as text."""


def masked(value: Any, name: str = "") -> Any:
    """The value without what tells who somebody is; `name`: of the field that holds it."""
    if value is None or isinstance(value, bool):
        return value
    if name.lower() in _NAMES and not isinstance(value, dict | list):
        return HIDDEN
    if isinstance(value, dict):
        return {key: masked(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked(one, name) for one in value]
    return masked_text(value) if isinstance(value, str) else value


def masked_text(text: str) -> str:
    """A text without mail addresses and the like."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
