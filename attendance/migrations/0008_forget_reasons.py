from django.db import migrations

# The one change of what only grows, and it is the owner's: free text of students who are erased
# is a dash, and its salted digest stays, so that the entry still gives the digest that was sealed.
# The application may call it and do nothing else there: docs/decisions/0031.
FORGET = """
CREATE FUNCTION forget_reasons(students bigint[], ground text) RETURNS integer
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
        'pgtrigger_check_ins_only_grow_ecccb,pgtrigger_removals_only_grow_cc875}', true);
    WITH found AS (
        SELECT 'ledger' AS kind, id::text AS key, student_id, seal_salt, reason
        FROM hours_hourcredit WHERE student_id = ANY (students) AND reason <> ''
        UNION ALL
        SELECT 'check_in', id::text, student_id, seal_salt, reason
        FROM attendance_checkin WHERE student_id = ANY (students)
        -- Codes are nobody's words, and what a student's presence is follows from them.
        AND reason NOT IN ('', 'at_closing', 'not_shown', 'forgotten', 'lost', 'unreadable')
    ), removed AS (
        INSERT INTO attendance_lawfulremoval (kind, key, student_id, text_digest, ground)
        SELECT kind, key, student_id,
               encode(sha256(convert_to(seal_salt::text || ' ' || reason, 'UTF8')), 'hex'),
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
    )
    SELECT count(*) INTO forgotten FROM removed;
    PERFORM set_config('pgtrigger.ignore', ignored, true);
    RETURN forgotten;
END;
$$;
REVOKE ALL ON FUNCTION forget_reasons(bigint[], text) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("attendance", "0007_sealed")]

    operations = [
        migrations.RunSQL(FORGET, "DROP FUNCTION forget_reasons(bigint[], text)"),
    ]
