"""What a device at the door asks: the lists it takes along, and to be rid of what it kept."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.addresses import address_of
from accounts.models import User
from accounts.selectors import actor_of
from attendance.choices import BY_BADGE, FROM_DEVICE, Doubt, EventKind, NoBadge, SyncOutcome, WayIn
from attendance.errors.devices import EventUnreadable
from attendance.models import Device
from attendance.selectors import desk as selectors
from attendance.services import device_events, devices, sync

from .serializers import MAX_KEY

Choice = TypeVar("Choice", EventKind, NoBadge, WayIn)

# What somebody at the door calls the fields of an event.
FIELDS = {
    "event": gettext_lazy("内容"),
    "id": gettext_lazy("编号"),
    "pack": gettext_lazy("名单"),
    "kind": gettext_lazy("记什么"),
    "way_in": gettext_lazy("签到方式"),
    "happened_at": gettext_lazy("时间"),
    "ahead_ms": gettext_lazy("时间"),
    "student": gettext_lazy("学生"),
    "code": gettext_lazy("胸牌码"),
    "badge": gettext_lazy("胸牌码"),
    "no_badge": gettext_lazy("没有胸牌的原因"),
    "voids": gettext_lazy("撤销哪一条"),
    "now": gettext_lazy("时间"),
}

SCHEME = "Device"
# What no clock that ever ran says: moments beyond these are taken to be these.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
ID_MOST = 64
# Further than this no clock is believed.
AHEAD_MOST = devices.CLOCK_MOST // timedelta(milliseconds=1)
PROBLEMS = {401: OpenApiResponse(description="No device has this secret (problem+json).")}


class DeviceAuthentication(BaseAuthentication):
    """``Authorization: Device dev_…``: the device itself, whoever is signed in on it. A revoked
    one is known too: what it kept is taken in for somebody to decide."""

    def authenticate(self, request: Request) -> tuple[User, Device] | None:
        words = get_authorization_header(request).split()
        if len(words) != 2 or words[0].lower() != SCHEME.lower().encode():
            return None
        device = devices.bearer_of(words[1].decode("utf-8", "replace"))
        if device is None:
            raise AuthenticationFailed(_("这台设备没有登记。"))
        request._request.actor = actor_of(  # type: ignore[attr-defined]
            device.registered_by, address=address_of(request._request)
        )
        return device.registered_by.user, device

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class IsDevice(BasePermission):
    """A device calls, not whoever is signed in beside it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Device)


class DeviceScheme(OpenApiAuthenticationExtension):
    """Tells the schema's reader how the secret travels."""

    target_class = DeviceAuthentication
    name = "device"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "device"}


class ClockInput(serializers.Serializer[Any]):
    """``now``: the time by the device's clock."""

    now = serializers.DateTimeField()


class PackOutput(serializers.Serializer[Any]):
    """A session's list as JSON text, and the HMAC-SHA256 of the text under the SHA-256 digest of
    the device's secret."""

    text = serializers.CharField()
    seal = serializers.CharField()


class PacksOutput(serializers.Serializer[Any]):
    now = serializers.DateTimeField()
    packs = PackOutput(many=True)


class EventInput(serializers.Serializer[Any]):
    """One event under the device's own ``id``: of a ``student`` of the list, with the digest of
    the ``badge`` where one was read, or of the bearer of a ``code``. ``voids`` is the id of the
    event that a ``void`` takes back. ``ahead_ms`` is by how many milliseconds the device's clock
    was ahead of ours when it happened; a device that does not know leaves it out, and the clock
    is taken to have been as wrong as it is when the batch is sent."""

    id = serializers.UUIDField()
    pack = serializers.IntegerField(min_value=1, max_value=MAX_KEY)
    kind = serializers.ChoiceField(choices=EventKind.choices)
    way_in = serializers.ChoiceField(choices=WayIn.choices)
    happened_at = serializers.DateTimeField()
    student = serializers.IntegerField(min_value=1, max_value=MAX_KEY, required=False)
    code = serializers.CharField(max_length=200, required=False)
    badge = serializers.RegexField("^[0-9a-f]{32}$", required=False)
    no_badge = serializers.ChoiceField(choices=NoBadge.choices, required=False)
    voids = serializers.UUIDField(required=False)
    ahead_ms = serializers.IntegerField(required=False, allow_null=True)


class EventsInput(serializers.Serializer[Any]):
    """``is_all``: the device keeps no other events that have no answer yet. A void of what never
    came is then answered for good; else it waits for a batch that brings it."""

    now = serializers.DateTimeField()
    events = serializers.ListField(child=EventInput(), max_length=sync.MOST)
    sessions = serializers.ListField(
        child=serializers.IntegerField(), max_length=20, required=False
    )
    is_all = serializers.BooleanField(required=False)


class EventAnswer(serializers.Serializer[Any]):
    """``why``: the doubt, where somebody has to decide; the refusal's code, where refused.
    ``id`` as it was sent, or nothing where that can be no id."""

    id = serializers.CharField(allow_blank=True)
    result = serializers.ChoiceField(choices=SyncOutcome.choices)
    why = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)


class EventsOutput(serializers.Serializer[Any]):
    """``answers`` are in the order of the events. ``marks``: by session and student, how far
    everybody is, of the ``sessions`` asked for; ``left``: by session, who was there and has
    left."""

    now = serializers.DateTimeField()
    is_revoked = serializers.BooleanField()
    answers = EventAnswer(many=True)
    marks = serializers.DictField(child=serializers.DictField(child=serializers.CharField()))
    left = serializers.DictField(child=serializers.ListField(child=serializers.IntegerField()))


class Packs(APIView):
    authentication_classes = (DeviceAuthentication,)
    permission_classes = (IsDevice,)

    @extend_schema(
        operation_id="desk_packs_create",
        request=ClockInput,
        responses={
            200: PacksOutput,
            403: OpenApiResponse(description="Revoked: forget everything (problem+json)."),
        }
        | PROBLEMS,
    )
    def post(self, request: Request) -> Response:
        """The lists of today's doors to take along: seat numbers and masked names."""
        asked = ClockInput(data=request.data)
        asked.is_valid(raise_exception=True)
        now = timezone.now()
        packs = devices.take_along(
            device=_device(request),
            device_now=asked.validated_data["now"],
            now=now,
            address=address_of(request._request),
        )
        return Response(
            {
                "now": timezone.localtime(now).isoformat(),
                "packs": [{"text": pack.text, "seal": pack.seal} for pack in packs],
            }
        )


class Events(APIView):
    authentication_classes = (DeviceAuthentication,)
    permission_classes = (IsDevice,)

    @extend_schema(
        operation_id="desk_events_create",
        request=EventsInput,
        responses={200: EventsOutput} | PROBLEMS,
    )
    def post(self, request: Request) -> Response:
        """What the device kept, in any order and as often as it likes: each event's answer.
        An event that cannot be read is refused for itself, and the others are taken."""
        device = _device(request)
        device_now, kept, asked, is_all = _read(request.data)
        events = [_event_or_refusal(one) for one in kept]
        now = timezone.now()
        answers = iter(
            sync.receive(
                device=device,
                events=[one for one in events if isinstance(one, device_events.DeviceEvent)],
                device_now=device_now,
                now=now,
                is_all=is_all,
                address=address_of(request._request),
            )
        )
        is_trusted = devices.is_trusted(device)
        marks = selectors.marks_for(device, asked) if is_trusted else selectors.Marks()
        return Response(
            {
                "now": timezone.localtime(now).isoformat(),
                "is_revoked": not is_trusted,
                "answers": [
                    _told_unreadable(sent, one)
                    if isinstance(one, EventUnreadable)
                    else _told(next(answers))
                    for sent, one in zip(kept, events, strict=True)
                ],
                "marks": marks.states,
                "left": marks.left,
            }
        )


def _device(request: Request) -> Device:
    assert isinstance(request.auth, Device)
    return request.auth


def _told(answer: device_events.Answer) -> dict[str, str]:
    detail = (
        str(Doubt(answer.why).label)
        if answer.outcome == SyncOutcome.CONFLICT
        else sync.sentence_of(answer.why)
    )
    return {
        "id": str(answer.id),
        "result": answer.outcome.value,
        "why": answer.why,
        "detail": detail,
    }


def _told_unreadable(sent: Any, refusal: EventUnreadable) -> dict[str, str]:
    """Under the id that it came with, by which the device finds it."""
    named = sent.get("id") if isinstance(sent, dict) else None
    if not isinstance(named, str) or not named.isascii() or len(named) > ID_MOST:
        named = ""
    return {
        "id": named,
        "result": SyncOutcome.REFUSED.value,
        "why": refusal.code,
        "detail": str(refusal),
    }


def _read(data: Any) -> tuple[datetime, list[Any], list[int], bool]:
    """The request's shape, as ``EventsInput`` draws it. Read by hand: five hundred events cost a
    serializer more time than their rows cost the database."""
    if not isinstance(data, dict) or not isinstance(data.get("events"), list):
        raise ValidationError({"events": [_("请给出 events。")]})
    sessions = data.get("sessions", [])
    if len(data["events"]) > sync.MOST:
        raise ValidationError({"events": [_("一次最多 %(most)s 条。") % {"most": sync.MOST}]})
    if not isinstance(sessions, list) or len(sessions) > 20 or not all(map(_is_key, sessions)):
        raise ValidationError({"sessions": [_("不是有效的值。")]})
    try:
        now = _moment(data.get("now"), "now")
    except EventUnreadable:
        raise ValidationError({"now": [_("不是有效的值。")]}) from None
    return now, data["events"], sessions, data.get("is_all") is True


def _event_or_refusal(one: Any) -> device_events.DeviceEvent | EventUnreadable:
    try:
        return _event(one)
    except EventUnreadable as refusal:
        return refusal


def _event(one: Any) -> device_events.DeviceEvent:
    if not isinstance(one, dict):
        raise _wrong("event")
    kind = _one_of(EventKind, one, "kind")
    badge, code, student = one.get("badge", ""), one.get("code", ""), one.get("student")
    if not isinstance(code, str) or len(code) > 200 or UNSTORABLE.search(code):
        raise _wrong("code")
    if not isinstance(badge, str) or (badge and not devices.is_badge_digest(badge)):
        raise _wrong("badge")
    if student is not None and not _is_key(student):
        raise _wrong("student")
    # A void is about the student of what it takes back.
    if kind != EventKind.VOID and bool(code) == (student is not None):
        raise _wrong("student")
    if (kind == EventKind.VOID) != ("voids" in one):
        raise _wrong("voids")
    if not _is_key(one.get("pack")):
        raise _wrong("pack")
    way_in = _one_of(WayIn, one, "way_in")
    # It does not say of itself that it read a badge which it does not name.
    names_badge = bool(badge or code) or kind == EventKind.VOID
    if way_in not in FROM_DEVICE or (way_in in BY_BADGE and not names_badge):
        raise _wrong("way_in")
    return device_events.DeviceEvent(
        id=_uuid(one, "id"),
        pack_id=one["pack"],
        kind=kind,
        way_in=way_in,
        said_at=_moment(one.get("happened_at"), "happened_at"),
        student_id=student,
        code=code,
        badge=badge,
        no_badge=_one_of(NoBadge, one, "no_badge") if one.get("no_badge") else None,
        voids=_uuid(one, "voids") if "voids" in one else None,
        ahead=_ahead(one.get("ahead_ms")),
    )


def _wrong(name: str) -> EventUnreadable:
    return EventUnreadable(name=FIELDS[name])


def _is_key(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_KEY


def _uuid(one: dict[str, Any], name: str) -> UUID:
    try:
        return UUID(one.get(name))
    except (ValueError, TypeError, AttributeError):
        raise _wrong(name) from None


def _one_of(kinds: type[Choice], one: dict[str, Any], name: str) -> Choice:
    try:
        return kinds(str(one.get(name)))
    except ValueError:
        raise _wrong(name) from None


def _ahead(value: Any) -> timedelta | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong("ahead_ms")
    return timedelta(milliseconds=min(max(value, -AHEAD_MOST), AHEAD_MOST))


def _moment(value: Any, name: str) -> datetime:
    """A moment with its zone; how far off a clock can be is the service's to say."""
    try:
        moment = parse_datetime(value)
    except (ValueError, TypeError):
        raise _wrong(name) from None
    if moment is None or moment.tzinfo is None:
        raise _wrong(name)
    return min(max(moment, EARLIEST), LATEST)
