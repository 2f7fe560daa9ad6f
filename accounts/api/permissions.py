"""Who may call the web API at all; everything finer is the services' business."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class IsMember(BasePermission):
    """Somebody acts: by a key, or by a signed-in session with a membership chosen."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return getattr(request, "actor", None) is not None
