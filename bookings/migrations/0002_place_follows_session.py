"""A place's times are its session's, and its session is its booking's: composite foreign keys.

Moving a session moves its places with it; a move that would put a student in two places at
once fails on the places' exclusion constraint.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("bookings", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
            ALTER TABLE bookings_place
                ADD CONSTRAINT place_times_are_its_sessions
                FOREIGN KEY (session_id, starts_at, ends_at)
                REFERENCES courses_coursesession (id, starts_at, ends_at)
                ON UPDATE CASCADE;
            ALTER TABLE bookings_place
                ADD CONSTRAINT place_session_is_its_bookings
                FOREIGN KEY (booking_id, session_id)
                REFERENCES bookings_booking (id, session_id);
            """,
            reverse_sql="""
            ALTER TABLE bookings_place DROP CONSTRAINT place_times_are_its_sessions;
            ALTER TABLE bookings_place DROP CONSTRAINT place_session_is_its_bookings;
            """,
        ),
    ]
