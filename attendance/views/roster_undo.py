"""A coordinator takes a roster import back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from attendance.services import roster_undo
from rosters.choices import ChangeKind
from rosters.models import RosterImport


@members_only(Role.SCHOOL_COORDINATOR)
def undo(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks, then the roster is as before the import."""
    row = get_object_or_404(RosterImport.objects.visible_to(request.actor), pk=pk)
    reason, status = "", 200
    if request.method == "POST":
        try:
            roster_undo.undo(by=request.actor, roster_import=row, now=timezone.now())
        except Refusal as refusal:
            reason, status = str(refusal), STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(request, _("已撤销，名单恢复到导入之前。"))
            return redirect("rosters:imports")
    return render(
        request,
        "attendance/roster_undo.html",
        {
            "import": row,
            "reason": reason,
            "counts": [
                (kind.label, row.summary[kind])
                for kind in ChangeKind
                if isinstance(row.summary.get(kind), int) and row.summary[kind]
            ],
        },
        status=status,
    )
