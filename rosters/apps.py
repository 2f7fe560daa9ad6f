from django.apps import AppConfig
from django.conf import settings

from rosters import sealing


class RostersConfig(AppConfig):
    name = "rosters"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keys that cannot open anything are noticed at the start, not at the first telephone."""
        sealing.keys_from(settings.FIELD_KEYS)
