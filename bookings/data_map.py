"""What is stored of students and of those who come along; see ``accounts.data_map``."""

from django.utils.translation import gettext_lazy as _

from accounts.data_map import Basis, Impersonal, Person, PersonalField, Term

PERSONAL = (
    PersonalField(
        fields=(
            "bookings.Place.student",
            "bookings.Place.starts_at",
            "bookings.Place.ends_at",
            "bookings.Place.is_live",
            "bookings.Place.is_walk_in",
        ),
        what=_("约了哪些场次"),
        person=Person.STUDENT,
        purpose=_("名额、点名，不会同时约两处"),
        basis=Basis.DUTY,
        seen_by=_("本校管理员，任课教师；开课单位看自己的场次"),
        kept=Term.NUMBERED,
    ),
    PersonalField(
        fields=(
            "bookings.TripConsent.student",
            "bookings.TripConsent.recorded_at",
            "bookings.TripConsent.withdrawn_at",
        ),
        what=_("监护人为一次出行签的同意书"),
        person=Person.STUDENT,
        purpose=_("知道谁的同意书交了"),
        basis=Basis.CONSENT,
        seen_by=_("本校管理员，任课教师"),
        kept=Term.GRADUATION,
    ),
    PersonalField(
        fields=("bookings.BasketItem.student_ids",),
        what=_("待约清单里选了哪些学生"),
        person=Person.STUDENT,
        purpose=_("提交预约前记住所选"),
        basis=Basis.DUTY,
        seen_by=_("选的人自己"),
        kept=Term.BASKET,
    ),
    PersonalField(
        fields=("bookings.ChangeRequest.wanted", "bookings.ChangeRequest.before"),
        what=_("名单定下后申请改哪些学生，加派的带队教师的姓名、电话"),
        person=Person.STUDENT,
        purpose=_("请开课单位答复名单的修改"),
        basis=Basis.DUTY,
        seen_by=_("本校管理员，任课教师；这个场次的开课单位"),
        kept=Term.TRIP,
    ),
    PersonalField(
        fields=("bookings.ChangeRequest.reason", "bookings.ChangeRequest.answer"),
        what=_("申请修改名单的原因和答复"),
        person=Person.STAFF,
        purpose=_("请开课单位答复名单的修改"),
        basis=Basis.WORK,
        seen_by=_("本校管理员，任课教师；这个场次的开课单位"),
        kept=Term.TRIP,
    ),
    PersonalField(
        fields=(
            "bookings.Companion.name",
            "bookings.Companion.phone",
            "bookings.Reservation.contact_name",
            "bookings.Reservation.contact_phone",
            "bookings.Reservation.note",
        ),
        what=_("带队教师和联系人的姓名、电话，给开课单位的话"),
        person=Person.STAFF,
        purpose=_("出行当天能找到带队的人"),
        basis=Basis.WORK,
        seen_by=_("本校管理员，任课教师；这个场次的开课单位"),
        kept=Term.TRIP,
    ),
    PersonalField(
        fields=("bookings.IdempotentAnswer.body",),
        what=_("接口对一次请求的答复，含联系人姓名、电话"),
        person=Person.STAFF,
        purpose=_("同一请求重发时得到同一答复，不会约两次"),
        basis=Basis.WORK,
        seen_by=_("发出请求的人"),
        kept=Term.ANSWER,
    ),
)

IMPERSONAL = (
    Impersonal(
        (
            "bookings.Reservation.reference",
            "bookings.Reservation.idempotency_key",
            "bookings.Reservation.request_digest",
            "bookings.CalendarFeed.digest",
        ),
        "random codes and a digest",
    ),
    Impersonal(
        ("bookings.Booking.edition", "bookings.Booking.sequence"),
        "counters of a booking",
    ),
    Impersonal(
        (
            "bookings.IdempotentAnswer.key",
            "bookings.IdempotentAnswer.digest",
            "bookings.IdempotentAnswer.status",
        ),
        "a client's own key, a digest and a number",
    ),
    Impersonal(
        ("bookings.Booking.cancel_reason",),
        "says why a class does not come; names are refused, and taken out with the student",
    ),
)
