"""What a school decides for itself."""

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.models import Organisation
from accounts.services import audit
from rosters.choices import ConsentRule
from rosters.errors import BlockingNeedsRule
from rosters.models import GuardianPhone, SchoolSettings, Student
from rosters.services import care
from rosters.services.classes import check_can_manage


def set_school_settings(
    *,
    by: Actor,
    school: Organisation,
    keeps_guardian_phones: bool,
    consent_rule: str,
    consent_blocks: bool,
    now: datetime,
) -> SchoolSettings:
    """The school's rules are these from now on. Telephones that it no longer keeps are deleted.

    Refused: BlockingNeedsRule.
    """
    check_can_manage(by, school.pk)
    if consent_rule == ConsentRule.NONE and consent_blocks:
        raise BlockingNeedsRule
    with transaction.atomic():
        settings, _is_new = SchoolSettings.objects.update_or_create(
            school=school,
            defaults={
                "keeps_guardian_phones": keeps_guardian_phones,
                "consent_rule": consent_rule,
                "consent_blocks": consent_blocks,
            },
        )
        deleted = 0
        if not keeps_guardian_phones:
            deleted, _by_model = GuardianPhone.objects.filter(student__school=school).delete()
            care.forget_replaced_phones(Student.objects.filter(school=school))
        audit.record(
            by=by,
            verb="school.settings_set",
            now=now,
            target=school,
            keeps_guardian_phones=keeps_guardian_phones,
            consent_rule=str(consent_rule),
            consent_blocks=consent_blocks,
            phones_deleted=deleted,
        )
    return settings
