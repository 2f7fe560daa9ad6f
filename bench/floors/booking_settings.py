"""The settings of production with the floor's one view, and as good as without middleware: the
least that Django does for a request. Frozen in its first commit, as is the view."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.floors.booking_view"
# allauth does not start without its own.
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
