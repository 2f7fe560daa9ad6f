"""The people of an organisation: who belongs to it, who is invited, who leaves."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import selectors
from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import MANAGING_ROLES, OrganisationKind
from accounts.errors import Refusal
from accounts.forms import InviteForm
from accounts.models import Invitation, Membership, Organisation
from accounts.services import invitations, memberships


@dataclass(frozen=True)
class MemberRow:
    """A member with the reason why the membership cannot be ended now, if any."""

    membership: Membership
    why_not: str


@members_only(*MANAGING_ROLES)
def people(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    """The people of one's own organisation, or of any for the secretariat."""
    organisation = _organisation(request, pk)
    memberships.check_can_manage_people(request.actor, organisation)
    form = InviteForm(request.POST or None, kind=OrganisationKind(organisation.kind))
    status = 200
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            invitations.invite(
                by=request.actor, organisation=organisation, now=now, **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(
                request, _("邀请已发到 %(email)s。") % {"email": form.cleaned_data["email"]}
            )
            return redirect(_address(request, organisation))
    page = selectors.members_of(
        request.actor, organisation, after=_number(request.GET.get("after"))
    )
    return render(
        request,
        "accounts/people.html",
        {
            "organisation": organisation,
            "is_own": organisation.pk == request.actor.organisation_id,
            "members": [MemberRow(row, _why_not_end(request, row)) for row in page.rows],
            "next_key": page.next_key,
            "invitations": selectors.open_invitations(request.actor, organisation),
            "now": timezone.now(),
            "form": form,
        },
        status=status,
    )


@require_POST
@members_only(*MANAGING_ROLES)
def resend(request: MemberRequest, pk: int) -> HttpResponse:
    invitation = _invitation(request, pk)
    invitation, _token = invitations.resend(
        by=request.actor, invitation=invitation, now=timezone.now()
    )
    messages.success(
        request,
        _("邀请已重新发到 %(email)s，原来的链接不再有效。") % {"email": invitation.email},
    )
    return redirect(_address(request, invitation.organisation))


@members_only(*MANAGING_ROLES)
def withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks once more, then withdraws the invitation."""
    invitation = _invitation(request, pk)
    memberships.check_can_manage_people(request.actor, invitation.organisation)
    if request.method == "POST":
        invitations.revoke(by=request.actor, invitation=invitation, now=timezone.now())
        messages.success(request, _("给 %(email)s 的邀请已撤回。") % {"email": invitation.email})
        return redirect(_address(request, invitation.organisation))
    return render(
        request,
        "accounts/invitation_withdraw.html",
        {"invitation": invitation, "back_url": _address(request, invitation.organisation)},
    )


@members_only(*MANAGING_ROLES)
def end(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks once more, then ends the membership."""
    membership = get_object_or_404(
        Membership.objects.visible_to(request.actor).select_related("user", "organisation"), pk=pk
    )
    memberships.check_can_end(
        request.actor, membership, others=selectors.others_in_role(membership)
    )
    if request.method == "POST":
        memberships.end_membership(by=request.actor, membership=membership, now=timezone.now())
        messages.success(request, _("%(name)s已不能再进入。") % {"name": membership.user.name})
        return redirect(_address(request, membership.organisation))
    return render(
        request,
        "accounts/membership_end.html",
        {
            "membership": membership,
            "is_self": membership.pk == request.actor.membership_id,
            "back_url": _address(request, membership.organisation),
        },
    )


def _why_not_end(request: MemberRequest, row: Membership) -> str:
    try:
        memberships.check_can_end(request.actor, row, others=row.others)  # type: ignore[attr-defined]
    except Refusal as refusal:
        return str(refusal)
    return ""


def _organisation(request: MemberRequest, pk: int | None) -> Organisation:
    return get_object_or_404(
        Organisation.objects.visible_to(request.actor), pk=pk or request.actor.organisation_id
    )


def _invitation(request: MemberRequest, pk: int) -> Invitation:
    return get_object_or_404(
        Invitation.objects.visible_to(request.actor).select_related("organisation"), pk=pk
    )


def _address(request: MemberRequest, organisation: Organisation) -> str:
    if organisation.pk == request.actor.organisation_id:
        return reverse("accounts:people")
    return reverse("accounts:organisation", args=[organisation.pk])


def _number(text: str | None) -> int:
    """A key from the address; nonsense starts the list at its beginning."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0
