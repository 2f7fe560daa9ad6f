"""What one class's sessions left to be settled: hours by hand, a correction."""

from datetime import timedelta

from attendance.choices import ProposalKind
from attendance.services import proposals
from hours.choices import CreditKind
from hours.models import HourCredit
from insights.demo.door import Fate
from insights.demo.schools import School
from insights.demo.sessions import Laid
from rosters.models import Student
from sites.calendar import local_day


class Story:
    """Five students of the class of the demonstration's teacher, by their seats."""

    def __init__(self, school: School, laid: Laid) -> None:
        assert school.star is not None
        self.school, self.group = school, school.star
        self.last, self.first = laid.attended[0], laid.attended[-1]
        members = Student.objects.current().filter(class_group=self.group).order_by("seat_no")
        self.late, self.early, self.absent, self.excused, self.elsewhere = members[4:9]
        # Late and early at every session, so that both editions of the rules say what that earns.
        self.fates = {
            (session.pk, student.pk): fate
            for session in laid.attended
            for student, fate in ((self.late, Fate.LATE), (self.early, Fate.LEFT_EARLY))
        }
        self.fates[self.last.pk, self.absent.pk] = Fate.UNSEEN
        self.fates[self.first.pk, self.excused.pk] = Fate.EXCUSED
        self.teacher = school.actors[self.group.pk]
        # The day after the last session, which is before today.
        self.noon = self.last.ends_at + timedelta(hours=20)

    def write_by_hand(self) -> None:
        """One proposal waits for a second person, two were agreed to, one refused; one credit was
        corrected: reversed and written anew."""
        made_up = proposals.propose(
            by=self.teacher,
            student=self.excused,
            kind=ProposalKind.MAKE_UP,
            session=self.first,
            class_hours=self.first.class_hours,
            earned_on=local_day(self.first.starts_at) + timedelta(days=1),
            reason="当天发烧请假，次日到开课单位补做了同一课程。",
            now=self.noon,
        )
        proposals.confirm(
            by=self.school.coordinator, proposal=made_up, now=self.noon + timedelta(hours=1)
        )
        outside = proposals.propose(
            by=self.teacher,
            student=self.elsewhere,
            kind=ProposalKind.MANUAL,
            class_hours=4,
            earned_on=local_day(self.first.starts_at) + timedelta(days=1),
            reason="周末跟家长参观面包房，有照片。",
            now=self.noon,
        )
        proposals.refuse(
            by=self.school.coordinator,
            proposal=outside,
            answer="不是联盟的课程，也没有开课单位的证明，不能记学时。",
            now=self.noon + timedelta(hours=1),
        )
        shown = proposals.propose(
            by=self.teacher,
            student=self.early,
            kind=ProposalKind.MANUAL,
            class_hours=2,
            earned_on=local_day(self.first.starts_at),
            reason="代表学校参加区职业技能展示，有联盟的通知。",
            now=self.noon,
        )
        proposals.confirm(
            by=self.school.coordinator, proposal=shown, now=self.noon + timedelta(hours=1)
        )
        self._correct()
        proposals.propose(
            by=self.teacher,
            student=self.absent,
            kind=ProposalKind.MANUAL,
            session=self.last,
            class_hours=self.last.class_hours,
            reason="本人全程在场，进门时设备没有联网，带队教师可以证明。",
            now=self.noon + timedelta(hours=3),
        )

    def _correct(self) -> None:
        credit = HourCredit.objects.select_related("student", "session").get(
            student=self.late, session=self.last, kind=CreditKind.ATTENDANCE
        )
        correction = proposals.propose_correction(
            by=self.teacher,
            credit=credit,
            class_hours=self.last.class_hours,
            reason="校车晚点半小时，不是学生的原因。",
            now=self.noon + timedelta(hours=1),
        )
        proposals.confirm(
            by=self.school.coordinator,
            proposal=correction,
            now=self.noon + timedelta(hours=2),
        )
