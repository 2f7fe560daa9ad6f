"""The secretariat's list of organisations, founding and editing them."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import selectors
from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import HOST_KINDS, OrganisationKind, Role
from accounts.errors import Refusal
from accounts.forms import OrganisationForm
from accounts.models import Organisation
from accounts.services import organisations

# The parts of the list: a word of the address, the kinds it shows.
SHOWN = {
    "hosts": HOST_KINDS,
    "schools": (OrganisationKind.SCHOOL,),
    "alliance": (OrganisationKind.ALLIANCE,),
}


@members_only(Role.SECRETARIAT)
def organisation_list(request: MemberRequest) -> HttpResponse:
    shown = request.GET.get("show", "")
    after = request.GET.get("after", "")
    page = selectors.organisations(
        request.actor,
        kinds=SHOWN.get(shown, ()),
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 18 else 0,
    )
    words = {"": _("全部"), "hosts": _("开课单位"), "schools": _("学校"), "alliance": _("联盟")}
    chips = [(word, f"?show={key}" if key else "?", key == shown) for key, word in words.items()]
    return render(
        request,
        "accounts/organisations.html",
        {"organisations": page.rows, "next_key": page.next_key, "chips": chips},
    )


@members_only(Role.SECRETARIAT)
def organisation_new(request: MemberRequest) -> HttpResponse:
    """Founds an organisation and goes on to inviting its first people."""
    form = OrganisationForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            organisation = organisations.found_organisation(
                by=request.actor, now=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(
                request,
                _("%(name)s已建好。请邀请第一位管理员。") % {"name": organisation.shown_name},
            )
            return redirect("accounts:organisation", organisation.pk)
    return render(request, "accounts/organisation_form.html", {"form": form}, status=status)


@members_only(Role.SECRETARIAT)
def organisation_edit(request: MemberRequest, pk: int) -> HttpResponse:
    organisation = get_object_or_404(Organisation.objects.visible_to(request.actor), pk=pk)
    form = OrganisationForm(request.POST or None, instance=organisation)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            organisations.edit_organisation(
                by=request.actor,
                organisation=organisation,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(request, _("已保存。"))
            return redirect("accounts:organisation", pk)
    return render(
        request,
        "accounts/organisation_form.html",
        {"form": form, "organisation": organisation},
        status=status,
    )
