"""The sheets of what is stored of one student, for her school to hand out."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.choices import READINGS, VERBS
from accounts.selectors import reads_of_student
from attendance.models import Badge, Certificate, CheckIn, Conflict, HourProposal, Objection
from bookings import wording
from bookings.models import Place, TripConsent
from hours.models import HourCredit
from rosters import sealing
from rosters.models import Consent, GuardianPhone, Student, StudentNeed, StudentTransfer
from rosters.workbooks import Cell, Sheet
from sites import dates


def _moment(value: datetime | None) -> str:
    return date_format(dates.local(value), "Y-m-d H:i") if value else ""


def basics(student: Student, now: datetime) -> Sheet:
    phone = GuardianPhone.objects.filter(student=student).first()
    pairs: list[tuple[str, Cell]] = [
        (_("姓名"), student.name),
        (_("姓名拼音首字母"), student.initials.strip()),
        (_("学校"), wording.organisation_name(student.school)),
        (_("班级"), wording.class_name(student.class_group, now)),
        (_("座号"), student.seat_no),
        (_("学号"), student.student_no),
        (_("入班时间"), _moment(student.joined_at)),
        (_("离班时间"), _moment(student.left_at)),
        (_("监护人电话"), _masked_phone(phone)),
    ]
    return Sheet(_("基本信息"), (_("内容"), _("值")), pairs)


def _masked_phone(phone: GuardianPhone | None) -> str:
    """The last four digits: the file travels further than the page that shows all."""
    if phone is None:
        return ""
    return "*******" + _opened(phone)[-4:]


def _opened(row: GuardianPhone | StudentNeed) -> str:
    try:
        return sealing.unseal(bytes(row.sealed), owner=row.seal_owner)
    except sealing.UnsealError:
        return _("（无法解密）")


def moves(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("转学"),
        (_("从"), _("到"), _("状态"), _("提出时间"), _("答复时间")),
        [
            (
                wording.organisation_name(move.from_school),
                wording.organisation_name(move.to_school),
                move.get_state_display(),
                _moment(move.asked_at),
                _moment(move.answered_at),
            )
            for move in StudentTransfer.objects.filter(student__in=_rows_of(student))
            .select_related("from_school", "to_school")
            .order_by("asked_at", "pk")
        ],
    )


def places(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("预约"),
        (_("课程"), _("时间"), _("开课单位"), _("班级"), _("预约号"), _("状态")),
        [
            (
                wording.title(place.session.version),
                wording.when(place.session),
                wording.organisation_name(place.host),
                wording.class_name(place.booking.class_group, place.starts_at),
                place.booking.reservation.reference,
                _("有名额") if place.is_live else _("已放出"),
            )
            for place in Place.objects.filter(student__in=_rows_of(student))
            .select_related(
                "session__version", "host", "booking__class_group", "booking__reservation"
            )
            .order_by("starts_at", "pk")
        ],
    )


def check_ins(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("签到"),
        (
            _("课程"),
            _("场次"),
            _("记录"),
            _("方式"),
            _("设备时间"),
            _("发生时间"),
            _("记录时间"),
            _("原因"),
            _("扫屏幕签到：打开网页的时刻"),
            _("扫屏幕签到：浏览器编号"),
        ),
        [
            (
                wording.title(event.session.version),
                wording.when(event.session),
                event.get_kind_display(),
                event.get_way_in_display(),
                _moment(event.said_at),
                _moment(event.happened_at),
                _moment(event.recorded_at),
                event.reason,
                *(
                    (_moment(event.room_scan.opened_at), str(event.room_scan.browser))
                    if hasattr(event, "room_scan")
                    else ("", "")
                ),
            )
            for event in CheckIn.objects.filter(student__in=_rows_of(student))
            .select_related("session__version", "room_scan")
            .order_by("happened_at", "recorded_at")
        ],
    )


def conflicts(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("待定的签到"),
        (_("课程"), _("场次"), _("记录"), _("方式"), _("设备时间"), _("发生时间"), _("送到时间"),
         _("为什么没有扫码"), _("为什么待定"), _("处理"), _("原因"), _("处理时间")),
        [
            (
                wording.title(conflict.session.version),
                wording.when(conflict.session),
                conflict.get_kind_display(),
                conflict.get_way_in_display(),
                _moment(conflict.said_at),
                _moment(conflict.happened_at),
                _moment(conflict.received_at),
                conflict.get_no_badge_display(),
                conflict.get_doubt_display(),
                *_decided(conflict),
            )
            for conflict in Conflict.objects.filter(student__in=_rows_of(student))
            .select_related("session__version", "decision")
            .order_by("happened_at", "received_at")
        ],
    )  # fmt: skip


def _decided(conflict: Conflict) -> tuple[str, str, str]:
    decision = getattr(conflict, "decision", None)
    if decision is None:
        return "", "", ""
    return str(decision.get_decision_display()), decision.reason, _moment(decision.decided_at)


def credits(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("学时"),
        (_("日期"), _("课程"), _("类别"), _("学时"), _("原因"), _("记入时间")),
        [
            (
                credit.earned_on.isoformat(),
                wording.title(credit.session.version) if credit.session else "",
                credit.get_kind_display(),
                credit.class_hours,
                credit.reason,
                _moment(credit.credited_at),
            )
            for credit in HourCredit.objects.filter(student__in=_rows_of(student))
            .select_related("session__version")
            .order_by("earned_on", "pk")
        ],
    )


def objections(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("学时异议"),
        (_("异议"), _("提出时间"), _("处理结果"), _("处理说明"), _("处理时间")),
        [
            (
                objection.text,
                _moment(objection.made_at),
                str(objection.get_state_display()),
                objection.answer,
                _moment(objection.decided_at),
            )
            for objection in Objection.objects.filter(student__in=_rows_of(student)).order_by(
                "made_at", "pk"
            )
        ],
    )


def proposals(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("补记申请"),
        (
            _("类别"),
            _("课程"),
            _("日期"),
            _("学时"),
            _("原因"),
            _("状态"),
            _("提出时间"),
            _("答复时间"),
            _("答复"),
        ),
        [
            (
                proposal.get_kind_display(),
                wording.title(proposal.session.version) if proposal.session else "",
                proposal.earned_on.isoformat(),
                proposal.class_hours,
                proposal.reason,
                proposal.get_state_display(),
                _moment(proposal.proposed_at),
                _moment(proposal.decided_at),
                proposal.answer,
            )
            for proposal in HourProposal.objects.filter(student__in=_rows_of(student))
            .select_related("session__version")
            .order_by("proposed_at", "pk")
        ],
    )


def badges(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("胸牌"),
        (_("胸牌码末四位"), _("发放时间"), _("打印时间"), _("作废时间"), _("作废原因")),
        [
            (
                badge.code[-4:],
                _moment(badge.issued_at),
                _moment(badge.printed_at),
                _moment(badge.revoked_at),
                badge.revoke_reason,
            )
            for badge in Badge.objects.filter(student__in=_rows_of(student)).order_by(
                "issued_at", "pk"
            )
        ],
    )


def certificates(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("证书"),
        (
            _("证书编号"),
            _("学时"),
            _("要求学时"),
            _("场次"),
            _("签发时间"),
            _("作废时间"),
            _("作废原因"),
        ),
        [
            (
                one.code,
                one.class_hours,
                one.required_hours,
                _("、").join(line["on"] for line in one.lines),
                _moment(one.issued_at),
                _moment(one.revoked_at),
                one.revoke_reason,
            )
            for one in Certificate.objects.filter(student__in=_rows_of(student)).order_by(
                "issued_at", "pk"
            )
        ],
    )


def consents(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("监护人同意书"),
        (_("学年"), _("同意书版本"), _("登记时间"), _("撤回时间")),
        [
            (
                consent.school_year,
                consent.text.version,
                _moment(consent.recorded_at),
                _moment(consent.withdrawn_at),
            )
            for consent in Consent.objects.filter(student__in=_rows_of(student))
            .select_related("text")
            .order_by("recorded_at", "pk")
        ],
    )


def trip_consents(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("出行同意书"),
        (_("场次"), _("同意书版本"), _("登记时间"), _("撤回时间")),
        [
            (
                f"{wording.title(consent.booking.session.version)} "
                f"{wording.when(consent.booking.session)}",
                consent.text.version,
                _moment(consent.recorded_at),
                _moment(consent.withdrawn_at),
            )
            for consent in TripConsent.objects.filter(student__in=_rows_of(student))
            .select_related("text", "booking__session__version")
            .order_by("recorded_at", "pk")
        ],
    )


def needs(student: Student, now: datetime) -> Sheet:
    return Sheet(
        _("行动和饮食需要"),
        (_("类别"), _("内容"), _("登记时间")),
        [
            (
                need.get_kind_display(),
                _opened(need),
                _moment(need.noted_at),
            )
            for need in StudentNeed.objects.filter(student=student).order_by("kind")
        ],
    )


def reads(student: Student, now: datetime) -> Sheet:
    schools = {student.school_id}
    for pair in StudentTransfer.objects.filter(student=student).values_list(
        "from_school_id", "to_school_id"
    ):
        schools.update(pair)
    rows: list[tuple[Cell, ...]] = []
    for entry in reads_of_student(student.pk, school_ids=schools):
        code = str(entry.facts.get("context", ""))
        member = entry.membership
        rows.append(
            (
                _moment(entry.at),
                wording.organisation_name(member.organisation) if member else "",
                member.get_role_display() if member else entry.get_actor_kind_display(),
                str(READINGS.get(code, code) if code else VERBS.get(entry.verb, entry.verb)),
            )
        )
    return Sheet(_("姓名查看记录"), (_("时间"), _("单位"), _("身份"), _("为什么")), rows)


def _rows_of(student: Student) -> list[int]:
    """Her own key, and those of rows that were merged into hers."""
    return [student.pk, *Student.objects.filter(merged_into=student).values_list("pk", flat=True)]
