"""The page an invitation's link opens. Open to everybody: the link is the key."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.access import SESSION_KEY, STATUS_OF_KIND
from accounts.errors import InvitationForAnother, PasswordRefused, Refusal
from accounts.forms import AcceptForm
from accounts.models import Membership
from accounts.services import invitations

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Shows who invites to what; a new person gives name and password, a known one signs in."""
    now = timezone.now()
    user = request.user if request.user.is_authenticated else None
    asked = invitations.invitation_of(token=token, now=now)
    if user is not None and user.email.lower() != asked.email:
        raise InvitationForAnother
    has_account = invitations.account_exists(asked)
    form = AcceptForm(request.POST or None, initial={"name": asked.name})
    status = 200
    if request.method == "POST" and (has_account or form.is_valid()):
        try:
            membership = invitations.accept(
                token=token,
                now=now,
                user=user,
                name=form.cleaned_data["name"] if not has_account else "",
                password=form.cleaned_data["password"] if not has_account else "",
            )
        except PasswordRefused as refusal:
            form.add_error("password", str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("accounts:invitation", token)
        else:
            return _enter(request, membership, is_new=user is None)
    return render(
        request,
        "accounts/invitation.html",
        {"invitation": asked, "has_account": has_account, "form": form},
        status=status,
    )


def _enter(request: HttpRequest, membership: Membership, *, is_new: bool) -> HttpResponse:
    if is_new:
        login(request, membership.user, backend=BACKEND)
    # As when switching: what other tabs have open is of another organisation.
    rotate_token(request)
    request.session[SESSION_KEY] = membership.pk
    messages.success(
        request, _("欢迎您加入%(name)s。") % {"name": membership.organisation.shown_name}
    )
    return redirect("/")
