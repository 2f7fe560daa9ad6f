"""What a telephone number may look like: strict enough to catch slips, no stricter."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Shortest that anybody dials from outside: 10086.
LEAST_DIGITS = 5
# An extension follows after "zhuan" (u8f6c), "fenji" (u5206 u673a), x, # or a comma; brackets and
# commas of full width too.
_SHAPE = re.compile(
    r"\+?[0-9 ()\uff08\uff09./-]+(?:(?:\u8f6c|\u5206\u673a|x|ext\.?|#|,|\uff0c) *[0-9]+)?",
    re.IGNORECASE,
)


def check_phone(value: str) -> None:
    """A validator for forms and serializers."""
    digits = sum(char.isdigit() for char in value)
    if not _SHAPE.fullmatch(value.strip()) or digits < LEAST_DIGITS:
        raise ValidationError(
            _("请填写电话号码，如 139 0000 0000 或 021-5550 0000 转 12。"), code="not_a_phone"
        )
