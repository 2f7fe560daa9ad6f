"""What is stored here; see ``accounts.data_map``."""

from accounts.data_map import Impersonal, PersonalField

PERSONAL: tuple[PersonalField, ...] = ()

IMPERSONAL = (
    Impersonal(("insights.RecordLayout.columns",), "which columns a school's export has"),
)
