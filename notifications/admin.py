"""What is on its way, for the operator to look at. Texts stay with their readers."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Delivery


@admin.register(Delivery)
class DeliveryAdmin(admin.ModelAdmin):
    """Shows deliveries and changes none."""

    list_display = ("pk", "address", "state", "attempts", "created_at", "sent_at", "last_error")
    list_filter = ("state",)
    fields = ("address", "state", "attempts", "created_at", "sent_at", "last_error")
    ordering = ("-pk",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
