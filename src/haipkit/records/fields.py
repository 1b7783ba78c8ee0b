"""Field types shared by the bodies of all kinds. Decimals are text, so that signed bytes never hold a float."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from haipkit.kernel.clock import parse_day
from haipkit.kernel.errors import HaipError


class Body(BaseModel):
    """Base of every kind's body: frozen, and closed to fields nobody defined."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)


def _day(value: str) -> str:
    try:
        return parse_day(value).isoformat()
    except HaipError as fault:
        raise ValueError(str(fault)) from fault


def _day_text(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _decimal(value: str) -> str:
    if not re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", value, re.ASCII):
        raise ValueError('write a decimal number as text, for example "0.95"')
    return value


def _decimal_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", value, re.ASCII):
        raise ValueError(
            "use lower-case letters, digits, dot, dash and underscore, at most 63, starting with a letter or digit"
        )
    return value


def as_list(value: Any) -> Any:
    """One value where a list is expected is read as a list of one (flags and forms send it so)."""
    return (value,) if isinstance(value, str) else value


Slug = Annotated[str, AfterValidator(_slug)]
Line = Annotated[str, Field(min_length=1, max_length=300)]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]
Office = Annotated[str, Field(min_length=1, max_length=120)]
"""The office that acts ("owner", "head of quality"): never a person's name."""
Day = Annotated[str, BeforeValidator(_day_text), AfterValidator(_day)]
Decimal = Annotated[str, BeforeValidator(_decimal_text), AfterValidator(_decimal)]
Count = Annotated[int, Field(ge=0, le=10**15, strict=True)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
Url = Annotated[str, Field(pattern=r"^(https?://|mailto:|tel:)\S+$", max_length=2000)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Lines = Annotated[tuple[Line, ...], BeforeValidator(as_list)]
RequirementRef = Annotated[str, Field(pattern=r"^([1-9]|1[0-2])(\.[0-9]{1,2}([a-z])?)?$")]
"""`6` an action, `6.2` a paragraph of it, `6.2a` one requirement."""
RequirementRefs = Annotated[tuple[RequirementRef, ...], BeforeValidator(as_list)]
