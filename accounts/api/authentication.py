"""Who calls the web API: the bearer of a key, or a signed-in browser."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.addresses import address_of
from accounts.models import ApiToken, User
from accounts.selectors import actor_of
from accounts.services import tokens

SCHEME = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer cc_…`` acts as the membership the key was issued for.

    The key, the membership, the person and the organisation are looked up on each request: a
    leaver's key stops at once.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != SCHEME.lower().encode():
            return None
        if len(words) != 2:
            raise AuthenticationFailed(_("授权头应写成：Bearer 加一个空格，再加密钥。"))
        token = tokens.use(secret=words[1].decode("utf-8", "replace"), now=timezone.now())
        if token is None:
            raise AuthenticationFailed(_("密钥无效或已停用。"))
        http_request: HttpRequest = request._request
        http_request.actor = actor_of(  # type: ignore[attr-defined]
            token.membership, address=address_of(http_request)
        )
        return token.membership.user, token

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class TokenScheme(OpenApiAuthenticationExtension):
    """Tells the schema's reader how the key travels."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
