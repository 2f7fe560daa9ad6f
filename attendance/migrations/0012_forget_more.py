from importlib import import_module

from django.db import migrations

# As before, of decisions at the door and of the trail too: docs/decisions/0031. Of the trail go
# the reasons of proposals for the students, and of what was written about a door at which they
# had a place those entries alone that the caller says name them.
FORGET = """
CREATE FUNCTION forget_reasons(students bigint[], ground text, naming bigint[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ignored text := coalesce(current_setting('pgtrigger.ignore', true), '');
    forgotten integer;
BEGIN
    IF EXISTS (
        SELECT 1 FROM unnest(students) AS wanted (id)
        LEFT JOIN rosters_student student ON student.id = wanted.id
        WHERE student.erased_at IS NULL
    ) THEN
        RAISE EXCEPTION 'Reasons are forgotten of students who are erased, and of no others';
    END IF;
    PERFORM set_config('pgtrigger.ignore', '{pgtrigger_ledger_only_grows_b7c21,'
        'pgtrigger_check_ins_only_grow_ecccb,pgtrigger_decisions_only_grow_43b5a,'
        'pgtrigger_audit_only_grows_d2d8e,pgtrigger_removals_only_grow_cc875}', true);
    WITH found AS (
        SELECT 'ledger' AS kind, id::text AS key, student_id, seal_salt, reason
        FROM hours_hourcredit WHERE student_id = ANY (students) AND reason <> ''
        UNION ALL
        SELECT 'check_in', id::text, student_id, seal_salt, reason
        FROM attendance_checkin WHERE student_id = ANY (students)
        -- Codes are nobody's words, and what a student's presence is follows from them.
        AND reason NOT IN ('', 'at_closing', 'not_shown', 'forgotten', 'lost', 'unreadable')
        UNION ALL
        SELECT 'decision', conflict_id::text, student_id, seal_salt, reason
        FROM attendance_conflictdecision decision
        JOIN attendance_conflict conflict ON conflict.id = decision.conflict_id
        WHERE student_id = ANY (students) AND reason <> ''
        UNION ALL
        SELECT 'trail', entry.id::text, student_id, NULL, entry.reason
        FROM attendance_hourproposal proposal
        JOIN accounts_auditentry entry
            ON entry.target = 'attendance.hourproposal:' || proposal.id
        WHERE student_id = ANY (students) AND entry.reason NOT IN ('', '—')
        UNION ALL
        SELECT 'trail', entry.id::text, min(place.student_id), NULL, entry.reason
        FROM accounts_auditentry entry
        JOIN bookings_place place
            ON entry.target = 'courses.coursesession:' || place.session_id
        WHERE entry.id = ANY (naming) AND place.student_id = ANY (students)
        AND entry.reason NOT IN ('', '—')
        GROUP BY entry.id
    ), removed AS (
        INSERT INTO attendance_lawfulremoval (kind, key, student_id, text_digest, ground)
        SELECT kind, key, student_id,
               CASE WHEN seal_salt IS NULL THEN '' ELSE
               encode(sha256(convert_to(seal_salt::text || ' ' || reason, 'UTF8')), 'hex') END,
               forget_reasons.ground
        FROM found
        ON CONFLICT (kind, key) DO NOTHING
        RETURNING kind, key
    ), ledger AS (
        UPDATE hours_hourcredit
        SET reason = '—', seal_salt = '00000000-0000-0000-0000-000000000000'
        WHERE id IN (SELECT key::bigint FROM removed WHERE kind = 'ledger')
    ), check_ins AS (
        UPDATE attendance_checkin
        SET reason = '—', seal_salt = '00000000-0000-0000-0000-000000000000'
        WHERE id IN (SELECT key::uuid FROM removed WHERE kind = 'check_in')
    ), decisions AS (
        UPDATE attendance_conflictdecision
        SET reason = '—', seal_salt = '00000000-0000-0000-0000-000000000000'
        WHERE conflict_id IN (SELECT key::uuid FROM removed WHERE kind = 'decision')
    ), trail AS (
        UPDATE accounts_auditentry SET reason = '—'
        WHERE id IN (SELECT key::bigint FROM removed WHERE kind = 'trail')
    )
    SELECT count(*) INTO forgotten FROM removed;
    PERFORM set_config('pgtrigger.ignore', ignored, true);
    RETURN forgotten;
END;
$$;
REVOKE ALL ON FUNCTION forget_reasons(bigint[], text, bigint[]) FROM PUBLIC;
DROP FUNCTION forget_reasons(bigint[], text);
"""
BEFORE = (
    "DROP FUNCTION forget_reasons(bigint[], text, bigint[]);\n"
    + import_module("attendance.migrations.0008_forget_reasons").FORGET
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_reason_defaults_to_none"),
        ("attendance", "0011_decisions_sealed"),
    ]

    operations = [migrations.RunSQL(FORGET, BEFORE)]
