from allauth.account import views as allauth_views
from django.urls import URLPattern, URLResolver, path

from .views import demo, invitation, me, organisations, people, trail

app_name = "accounts"

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/login/", allauth_views.login, name="sign_in"),
    path("accounts/demo/", demo.demo, name="demo"),
    path("invitation/<str:token>/", invitation.invitation, name="invitation"),
    path("me/", me.me, name="me"),
    path("me/switch/", me.switch, name="switch"),
    path("me/tokens/", me.token_list, name="tokens"),
    path("me/tokens/<int:pk>/revoke/", me.token_revoke, name="token_revoke"),
    path("people/", people.people, name="people"),
    path("people/<int:pk>/end/", people.end, name="membership_end"),
    path("people/invitations/<int:pk>/resend/", people.resend, name="invitation_resend"),
    path("people/invitations/<int:pk>/withdraw/", people.withdraw, name="invitation_withdraw"),
    path("organisations/", organisations.organisation_list, name="organisations"),
    path("organisations/new/", organisations.organisation_new, name="organisation_new"),
    path("organisations/<int:pk>/", people.people, name="organisation"),
    path("organisations/<int:pk>/edit/", organisations.organisation_edit, name="organisation_edit"),
    path("audit/", trail.audit, name="audit"),
    path("mails/undelivered/", trail.undelivered, name="undelivered"),
    path("mails/undelivered/retry/", trail.redeliver, name="redeliver_all"),
    path("mails/undelivered/<int:pk>/retry/", trail.redeliver, name="redeliver"),
]
