from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


def say_what_was(apps: Any, _editor: Any) -> None:
    """An open request stands on the list as it is now; of one that is over it is not known."""
    place = apps.get_model("bookings", "Place")
    requests = apps.get_model("bookings", "ChangeRequest").objects.select_related("booking")
    for request in requests.iterator():
        named = place.objects.filter(booking=request.booking_id, is_live=True)
        request.before = [
            {
                "booking": request.booking_id,
                "students": sorted(
                    named.exclude(student=None).values_list("student_id", flat=True)
                ),
                "seats": request.booking.seats,
                "adults": request.booking.adults,
            }
            if request.state == "asked"
            else request.wanted | {"booking": request.booking_id}
        ]
        request.save(update_fields=["before"])


def say_who_made_it(apps: Any, _editor: Any) -> None:
    """As the audit trail has it; a site's feed that nobody is known to have made is no more."""
    made = apps.get_model("accounts", "AuditEntry").objects.filter(verb="feed.made")
    for feed in apps.get_model("bookings", "CalendarFeed").objects.exclude(site=None):
        entry = made.filter(target=f"bookings.calendarfeed:{feed.pk}").first()
        if entry is None or entry.membership_id is None:
            feed.delete()
            continue
        feed.made_by_id = entry.membership_id
        feed.save(update_fields=["made_by"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_engine"),
        ("bookings", "0005_hold_keeps_adults"),
        ("sites", "0002_engine"),
    ]

    operations = [
        migrations.RemoveConstraint("calendarfeed", "feed_of_one"),
        migrations.RemoveField("changerequest", "edition"),
        migrations.AddField(
            "calendarfeed",
            "made_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.membership",
            ),
        ),
        migrations.AddField(
            "changerequest", "before", models.JSONField(default=list), preserve_default=False
        ),
        migrations.RunPython(say_what_was, migrations.RunPython.noop),
        migrations.RunPython(say_who_made_it, migrations.RunPython.noop),
        # What was written is checked now: a table with checks to come cannot be altered.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddConstraint(
            "calendarfeed",
            models.CheckConstraint(
                condition=Q(made_by__isnull=False, membership=None, site__isnull=False)
                | Q(made_by=None, membership__isnull=False, site=None),
                name="feed_of_one",
            ),
        ),
    ]
