"""The nightly look at what must always be true."""

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import notifications.services
from accounts.choices import OrganisationKind, Role
from accounts.models import Organisation
from accounts.selectors import people_to_tell
from insights.selectors import invariants
from sites.calendar import local_day

# So many are written out; the command lists all.
NAMED_AT_MOST = 20


def tell_differences(*, now: datetime) -> int:
    """The secretariat knows of every difference, once a day; returns how many there are."""
    found = invariants.findings()
    alliance = Organisation.objects.filter(kind=OrganisationKind.ALLIANCE).first()
    if not found or alliance is None:
        return len(found)
    with transaction.atomic():
        for person in people_to_tell(alliance.pk, [Role.SECRETARIAT]):
            with translation.override(person.language):
                lines = [str(one) for one in invariants.findings()[:NAMED_AT_MOST]]
                notifications.services.tell(
                    recipient=person,
                    kind="invariants_broken",
                    subject=ngettext(
                        "数据核对：%(count)d 处不一致", "数据核对：%(count)d 处不一致", len(found)
                    )
                    % {"count": len(found)},
                    body="\n\n".join(
                        [
                            _("夜间核对发现下列内容不一致，请联系技术人员处理。"),
                            "\n".join(lines),
                        ]
                    ),
                    once_key=f"invariants:{local_day(now)}:{person.pk}",
                    now=now,
                )
    return len(found)
