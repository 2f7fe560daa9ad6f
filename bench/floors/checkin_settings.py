"""The settings of production with the two floor views, and as good as without middleware: the
least that Django does for a request. Frozen in its first commit, as are the views."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.floors.checkin_view"
# allauth does not start without its own.
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
