"""People, the organisations they act for, and the trail of what they did."""

from typing import Any, Self

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .actors import Actor
from .choices import HOST_KINDS, ActorKind, Language, OrganisationKind, Role, SchoolKind, Stage


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an e-mail address. What they may do comes from memberships."""

    email = models.EmailField(_("邮箱"), max_length=254, unique=True)
    name = models.CharField(_("姓名"), max_length=60)
    phone = models.CharField(_("电话"), max_length=30, blank=True, default="")
    language = models.CharField(max_length=10, choices=Language.choices, default=Language.ZH)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        constraints = [
            # An address signs in one person, however it is capitalised.
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(
                condition=Q(language__in=Language.values), name="user_language_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def visible_to(self, actor: Actor) -> Self:
        """Names and addresses of the alliance's members are known to every member."""
        if actor.organisation_id is None and not actor.is_system:
            return self.none()
        return self

    def hosts(self) -> Self:
        return self.filter(kind__in=HOST_KINDS)

    def schools(self) -> Self:
        return self.filter(kind=OrganisationKind.SCHOOL)


class Organisation(models.Model):
    """The alliance, a school whose classes come, or a host that offers courses."""

    kind = models.CharField(_("类别"), max_length=20, choices=OrganisationKind.choices)
    name = models.CharField(_("名称"), max_length=100, unique=True)
    short_name = models.CharField(_("简称"), max_length=30, blank=True, default="")
    name_en = models.CharField(_("英文名称"), max_length=150, blank=True, default="")
    stages = ArrayField(
        models.CharField(max_length=10, choices=Stage.choices),
        verbose_name=_("学段"),
        default=list,
        blank=True,
    )
    # Of a school; empty where it makes no difference.
    school_kind = models.CharField(
        _("办学性质"), max_length=10, choices=SchoolKind.choices, blank=True, default=""
    )
    address = models.CharField(_("地址"), max_length=200, blank=True, default="")
    contact_name = models.CharField(_("联系人"), max_length=60, blank=True, default="")
    contact_phone = models.CharField(_("联系电话"), max_length=30, blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=OrganisationKind.values), name="organisation_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(school_kind="")
                | Q(school_kind__in=SchoolKind.values, kind=OrganisationKind.SCHOOL),
                name="organisation_school_kind_known",
            ),
            # One alliance governs an installation.
            models.UniqueConstraint(
                F("kind"),
                condition=Q(kind=OrganisationKind.ALLIANCE),
                name="organisation_one_alliance",
            ),
        ]

    def __str__(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        """The English name on English pages, where there is one."""
        return self.name_en if get_language() == "en" and self.name_en else self.name

    @property
    def shown_short_name(self) -> str:
        """The short name where space is scarce; on English pages the English one, which has no
        short form."""
        if get_language() == "en" and self.name_en:
            return self.name_en
        return self.short_name or self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def live(self) -> Self:
        return self.filter(ended_at=None, user__is_active=True, organisation__is_active=True)

    def visible_to(self, actor: Actor) -> Self:
        """People of one's own organisation; the secretariat sees everybody's."""
        if actor.is_system or actor.is_secretariat:
            return self
        if actor.organisation_id is None:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)


class Membership(models.Model):
    """A person in a role of an organisation. Ended, never deleted: history points at it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(_("身份"), max_length=20, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            # Somebody holds a role of an organisation at most once at a time.
            models.UniqueConstraint(
                fields=["user", "organisation", "role"],
                condition=Q(ended_at=None),
                name="membership_live_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}@{self.organisation_id}:{self.role}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, actor: Actor) -> Self:
        if actor.is_system or actor.is_secretariat:
            return self
        if actor.organisation_id is None:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)

    def pending(self) -> Self:
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(models.Model):
    """An e-mailed link that makes its bearer a member once, until it expires or is withdrawn.

    Only a digest of the link's token is kept.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="invitations"
    )
    role = models.CharField(_("身份"), max_length=20, choices=Role.choices)
    email = models.EmailField(_("邮箱"), max_length=254)
    name = models.CharField(_("姓名"), max_length=60, blank=True, default="")
    token_digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="invitations_made"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="invitation_ends_after_start"
            ),
            # Who accepted and when are known together or not at all.
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_paired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}:{self.role}"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, actor: Actor) -> Self:
        """A person's own keys, for the membership they act with."""
        if actor.membership_id is None:
            return self.none()
        return self.filter(membership_id=actor.membership_id)


class ApiToken(models.Model):
    """A key for the web API that acts as one membership. Only its digest is kept."""

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="api_tokens")
    label = models.CharField(_("用途"), max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return self.label


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, actor: Actor) -> Self:
        if actor.is_system or actor.is_secretariat:
            return self
        if actor.organisation_id is None:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)


class AuditEntry(models.Model):
    """One change of state, or one reading of names: who, for whom, what, when. Never a name.

    ``verb`` is ``thing.done`` (``reservation.made``); ``target`` is ``model:pk``; ``facts``
    holds numbers and codes only. A reading of names has the ``school`` whose students they are,
    which may be another than the reader's.
    """

    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=12, choices=ActorKind.choices)
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    verb = models.CharField(max_length=60)
    target = models.CharField(max_length=80, blank=True, default="")
    facts = models.JSONField(default=dict)
    school = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # From where: the client's address, none for the system's own work.
    address = models.GenericIPAddressField(null=True, blank=True)
    # Why: a person's words, so the services refuse students' names in them. What they say of one
    # student is taken out when she is erased (``attendance.LawfulRemoval``).
    reason = models.CharField(max_length=200, blank=True, default="", db_default="")

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(actor_kind__in=ActorKind.values), name="audit_actor_kind_known"
            ),
        ]
        indexes = [
            models.Index(fields=["target", "at"], name="audit_target_at"),
            models.Index(fields=["organisation", "-at"], name="audit_organisation_at"),
            models.Index(
                fields=["school", "-at", "-id"],
                condition=Q(school__isnull=False),
                name="audit_names_of_school",
            ),
        ]
        triggers = [
            # The trail only grows.
            pgtrigger.Protect(
                name="audit_only_grows", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="audit_never_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'Cannot truncate %', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.verb} {self.target}"
