"""The product's settings as the tests run them: quick password hashes, mails in memory."""

import os

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("SECRET_KEY", "for tests only")

from config.settings import *  # noqa: F403
from config.settings import DATABASES, TEMPLATES

DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A commit does not wait for the disk: after a crash of the machine the tests begin anew.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Static files straight from their folders: nothing is collected before a test.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
# Coverage of templates reads the parts that a debugging template keeps.
TEMPLATES[0]["OPTIONS"]["debug"] = "COVERAGE_RUN" in os.environ  # type: ignore[index]
