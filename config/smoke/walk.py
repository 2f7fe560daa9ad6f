"""What the steps share: who is who, what was made, what was said, and the mails."""

import datetime as dt
import email
import email.policy
import re
import time
from pathlib import Path

from django.utils import timezone

from config.smoke.browser import Person, WalkError, expect
from config.stack import say

PASSWORD = "a walk in the morning"  # noqa: S105 (of an installation that is thrown away)


class Walk:
    """What one walk knows; each step says what it saw and leaves what the next ones need."""

    secretary: Person
    manager: Person
    instructor: Person
    coordinator: Person
    teacher: Person
    # As they stand in the addresses.
    course_id: str
    session_id: str
    class_id: str
    booking_id: str
    code: str
    starts: dt.datetime

    def __init__(self, base: str, mails: Path) -> None:
        self.base, self.mails = base, mails
        self.number = 0
        today = timezone.localdate()
        self.first_day, self.last_day = today - dt.timedelta(7), today + dt.timedelta(90)

    def see(self, what: str) -> None:
        self.number += 1
        say(f"{self.number:2d}. {what}")

    def mail_to(self, address: str, *, containing: str, within: float = 30) -> str:
        """The text of a delivered mail to the address; waits for the cluster to bring it."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            for path in sorted(self.mails.glob("*.log")):
                for raw in path.read_bytes().split(b"-" * 79):
                    message = email.message_from_bytes(raw.strip(), policy=email.policy.default)
                    if address not in str(message.get("To", "")):
                        continue
                    text = "\n".join(
                        str(part.get_content())
                        for part in message.walk()
                        if part.get_content_maintype() == "text"
                    )
                    if containing in text:
                        return text
            time.sleep(0.3)
        raise WalkError(f"no mail to {address} that contains {containing}")

    def join(self, address: str, name: str) -> Person:
        """Follows the link of the invitation that was mailed, and sets a password."""
        link = re.search(
            r"https?://\S+/invitation/\S+/", self.mail_to(address, containing="/invitation/")
        )
        assert link is not None
        person = Person(self.base)
        person.get(link[0])
        answer = person.post(link[0], {"name": name, "password": PASSWORD})
        expect(answer.status == 200 and "欢迎" in answer.text, f"{address} did not get in")
        return person
