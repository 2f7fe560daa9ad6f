"""Which telephone numbers are taken."""

import pytest
from django.core.exceptions import ValidationError

from accounts.phones import check_phone


@pytest.mark.parametrize(
    "number",
    [
        "13900000000",
        "139 0000 0000",
        "021-5550 0104",
        "(021) 5550-0104",
        "（021）55500104",
        "+86 21 5550 0104",
        "021-55500104转12",
        "021-5550 0104 转 12",
        "021-55500104 ext. 12",
        "10086",
    ],
)
def test_phone_as_people_write_it_is_taken(number: str) -> None:
    check_phone(number)


@pytest.mark.parametrize(
    "number",
    ["abc", "1390000abcd", "-----", "1234", "王老师", "+", "139 0000 0000 晚上打", "1 转 1"],
)
def test_what_is_no_phone_is_refused(number: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_phone(number)

    assert refused.value.messages == ["请填写电话号码，如 139 0000 0000 或 021-5550 0000 转 12。"]
