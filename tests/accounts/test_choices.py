"""Words for what happened."""

import re
from pathlib import Path

from django.apps import apps
from django.conf import settings

from accounts.choices import TARGETS, VERBS
from attendance.choices import EventKind
from courses.choices import ReviewDecision

WRITTEN = re.compile(r'verb="([a-z_.]+)"')


def test_the_trail_has_a_word_for_every_verb_the_services_write() -> None:
    root = Path(settings.BASE_DIR)
    ours = [app.path for app in apps.get_app_configs() if Path(app.path).parent == root]
    written = {
        verb
        for folder in ours
        for file in Path(folder).rglob("*.py")
        for verb in WRITTEN.findall(file.read_text(encoding="utf-8"))
    }
    # Those that are put together.
    written |= {f"review.{decision}" for decision in ReviewDecision}
    written |= {f"change.{state}" for state in ("accepted", "declined", "withdrawn", "expired")}
    written |= {f"attendance.{kind}" for kind in EventKind if kind != EventKind.VOID}
    written |= {f"attendance.class_{kind}" for kind in (EventKind.IN, EventKind.OUT)}

    assert len(written) > 40
    assert sorted(written - VERBS.keys()) == []


def test_the_words_for_things_are_of_models_that_exist() -> None:
    assert [label for label in TARGETS if apps.get_model(label)._meta.label_lower != label] == []
