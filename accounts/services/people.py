"""What a person says about themselves."""

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.choices import Language
from accounts.models import User
from accounts.services import audit


def edit_profile(
    *, by: Actor, user: User, name: str, phone: str, language: Language, now: datetime
) -> User:
    """The person's name, phone and language; pages and mails follow from the next one on."""
    with transaction.atomic():
        user.name = name
        user.phone = phone
        user.language = language
        user.save(update_fields=["name", "phone", "language"])
        audit.record(by=by, verb="person.edited", now=now, target=user)
    return user


def choose_language(*, by: Actor, user: User, language: Language, now: datetime) -> User:
    """Pages and mails come in this language from the next one on."""
    with transaction.atomic():
        user.language = language
        user.save(update_fields=["language"])
        audit.record(by=by, verb="person.language_chosen", now=now, target=user, language=language)
    return user
