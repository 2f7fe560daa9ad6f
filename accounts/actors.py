"""Who does something. Every service takes one, every read is filtered by one."""

from dataclasses import dataclass, field

from django.utils.translation import get_language

from .choices import HOST_KINDS, ActorKind, OrganisationKind, Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A membership acting for its organisation, a badge, or the system itself.

    Made by ``accounts.selectors.actor_of`` from a live membership, so holding one means the
    membership was live when the request began.
    """

    kind: ActorKind
    name: str = ""
    user_id: int | None = None
    membership_id: int | None = None
    organisation_id: int | None = None
    organisation_kind: OrganisationKind | None = None
    organisation_short_name: str = ""
    organisation_name_en: str = ""
    role: Role | None = None
    # From where, for the trail; who acts is the same from everywhere.
    address: str | None = field(default=None, compare=False)

    @property
    def organisation_name(self) -> str:
        """The organisation's short name, in English where that is spoken and there is one."""
        if get_language() == "en" and self.organisation_name_en:
            return self.organisation_name_en
        return self.organisation_short_name

    @property
    def is_alliance(self) -> bool:
        return self.organisation_kind == OrganisationKind.ALLIANCE

    @property
    def is_secretariat(self) -> bool:
        return self.role == Role.SECRETARIAT

    @property
    def is_host(self) -> bool:
        return self.organisation_kind in HOST_KINDS

    @property
    def is_host_manager(self) -> bool:
        return self.role == Role.HOST_MANAGER

    @property
    def is_school(self) -> bool:
        return self.organisation_kind == OrganisationKind.SCHOOL

    @property
    def is_coordinator(self) -> bool:
        return self.role == Role.SCHOOL_COORDINATOR

    @property
    def is_teacher(self) -> bool:
        return self.role == Role.TEACHER

    @property
    def is_badge(self) -> bool:
        return self.kind == ActorKind.BADGE

    @property
    def is_system(self) -> bool:
        return self.kind == ActorKind.SYSTEM


SYSTEM = Actor(kind=ActorKind.SYSTEM, name="system")
