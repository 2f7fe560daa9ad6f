"""People and organisations for the operator to look at; changes go through the pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import ApiToken, AuditEntry, Invitation, Membership, Organisation, User


class Looking(admin.ModelAdmin):
    """Shows rows and changes none."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(Looking):
    list_display = ("email", "name", "language", "is_active", "is_staff", "last_login")
    search_fields = ("email", "name")
    ordering = ("email", "pk")
    exclude = ("password",)


@admin.register(Organisation)
class OrganisationAdmin(Looking):
    list_display = ("name", "kind", "is_active")
    list_filter = ("kind", "is_active")
    search_fields = ("name", "short_name")
    ordering = ("name", "pk")


@admin.register(Membership)
class MembershipAdmin(Looking):
    list_display = ("user", "organisation", "role", "created_at", "ended_at")
    list_filter = ("role",)
    list_select_related = ("user", "organisation")
    search_fields = ("user__email", "organisation__name")
    ordering = ("-pk",)


@admin.register(Invitation)
class InvitationAdmin(Looking):
    list_display = ("email", "organisation", "role", "created_at", "expires_at", "accepted_at")
    list_select_related = ("organisation",)
    exclude = ("token_digest",)
    ordering = ("-pk",)


@admin.register(ApiToken)
class ApiTokenAdmin(Looking):
    list_display = ("label", "membership", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("membership",)
    exclude = ("digest",)
    ordering = ("-pk",)


@admin.register(AuditEntry)
class AuditEntryAdmin(Looking):
    list_display = ("at", "verb", "target", "organisation", "actor_kind")
    list_select_related = ("organisation",)
    search_fields = ("verb", "target")
    ordering = ("-at", "-pk")
