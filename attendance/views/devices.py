"""A host's own devices at the door: registered on the device itself, listed, revoked at once."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from accounts.access import MemberRequest, members_only, put_on
from accounts.errors import Refusal
from attendance.forms.door import DeviceForm
from attendance.models import Device
from attendance.services import devices
from attendance.views import door, offline


@members_only(*door.KEEPING)
def list_devices(request: MemberRequest) -> HttpResponse:
    """The devices, and the form that registers the one in hand. Its script asks for JSON and
    puts the secret away; without the script a secret would be of no use."""
    form = DeviceForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid() and door.wants_json(request):
            try:
                device, secret = devices.register(
                    by=request.actor, name=form.cleaned_data["name"], now=timezone.now()
                )
            except Refusal as refusal:
                status = put_on(form, refusal, "name")
            else:
                response = JsonResponse({"id": device.pk, "name": device.name, "secret": secret})
                add_never_cache_headers(response)
                return response
        else:
            status = 422
    return render(
        request,
        "attendance/devices.html",
        {
            "form": form,
            "devices": Device.objects.visible_to(request.actor)
            .select_related("registered_by__user", "revoked_by__user")
            .order_by("revoked_at", "-registered_at", "-pk"),
            "in_wechat": offline.is_in_wechat(request),
        },
        status=status,
    )


@members_only(*door.KEEPING)
def revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """Lost, or given away: no more names for it."""
    device = get_object_or_404(Device.objects.visible_to(request.actor), pk=pk)
    if request.method == "POST":
        devices.revoke(by=request.actor, device=device, now=timezone.now())
        messages.success(request, _("已停用“%(name)s”。") % {"name": device.name})
        return redirect("attendance:devices")
    return render(request, "attendance/device_revoke.html", {"device": device})
