"""Settings from the environment, with defaults that are safe."""

import base64
import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from config import postgres

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
# Where the planner's compiled routines are kept; read when numba is first imported.
os.environ.setdefault("NUMBA_CACHE_DIR", str(VAR / "numba"))

# Development and the demonstration say DEBUG=1; everything else is production.
DEVELOPMENT = env.bool("DEBUG", default=False)
# One-click sign-in, the page of mails sent, the gallery of pieces.
DEMO = env.bool("DEMO", default=False)
# The demonstration answers errors with the pages that people will see, not with Django's own.
DEBUG = DEVELOPMENT and not DEMO
SECRET_KEY = env.str(
    "SECRET_KEY", default="known to all, so for development" if DEVELOPMENT else ""
)
# What seals guardians' telephones and students' needs: name:base64,… the first one seals.
FIELD_KEYS = env.str(
    "FIELD_KEYS",
    default="development:" + base64.b64encode(bytes(32)).decode() if DEVELOPMENT else "",
)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"] if DEVELOPMENT else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
if not DEVELOPMENT:
    if not SECRET_KEY:
        raise ImproperlyConfigured(
            "SECRET_KEY is missing: set it to a long random value, or DEBUG=1 for development."
        )
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS is open: name the host names that this installation answers to,"
            " separated by commas."
        )
    if not FIELD_KEYS:
        raise ImproperlyConfigured(
            "FIELD_KEYS is missing: it encrypts guardians' telephones and students' needs. Set it"
            " to name:key, the key being 32 random bytes in base64."
        )
    if DEMO:
        raise ImproperlyConfigured(
            "DEMO lets anybody sign in as anyone: it works with DEBUG=1 only. Unset it."
        )

# Where links in e-mails lead.
BASE_URL = env.str(
    "BASE_URL",
    default="http://127.0.0.1:8000" if DEVELOPMENT else f"https://{ALLOWED_HOSTS[0].lstrip('.')}",
).rstrip("/")

INSTALLED_APPS = [
    "insights.apps.InsightsConfig",
    "planning.apps.PlanningConfig",
    "attendance.apps.AttendanceConfig",
    "bookings.apps.BookingsConfig",
    "hours.apps.HoursConfig",
    "courses.apps.CoursesConfig",
    "rosters.apps.RostersConfig",
    "sites.apps.SitesConfig",
    "accounts.apps.AccountsConfig",
    "notifications.apps.NotificationsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "django_q",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.ActorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "accounts.context.page_frame",
                "bookings.context.basket",
            ],
            "libraries": {
                "pieces": "config.pieces",
                "charts": "config.charts",
                "labels": "config.labels",
            },
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "config.pieces",
                "config.charts",
                "config.labels",
            ],
        },
    }
]

# Two roles: who migrates owns the tables, the application may only add to what only grows.
# manage.py says which of its commands are the owner's.
APPLICATION_URL = env.str("DATABASE_URL", default="")
OWNER_URL = env.str("OWNER_DATABASE_URL", default="")
AS_OWNER = env.bool("AS_OWNER", default=False) and bool(OWNER_URL)
# The role that `manage.py grant_roles` grants to.
APPLICATION_ROLE = (
    env.db("DATABASE_URL").get("USER", "") if APPLICATION_URL else postgres.APPLICATION
)

# Any PostgreSQL from 15 on; without an address the one that comes with us.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        **(
            env.db("OWNER_DATABASE_URL" if AS_OWNER else "DATABASE_URL")
            if AS_OWNER or APPLICATION_URL
            else postgres.connection(VAR)
        ),
        "ATOMIC_REQUESTS": False,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": "test_" + os.environ.get("TEST_DB_SUFFIX", "career_classroom")},
    }
}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured(
        "DATABASE_URL names another database than PostgreSQL: write it as"
        " postgresql://user:password@host:5432/name."
    )
# Web processes pool their connections; the cluster's forked workers must not share sockets.
if env.bool("WEB_PROCESS", default=False):
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    # With CONN_HEALTH_CHECKS, one empty statement to each connection handed out: what PostgreSQL
    # dropped when it restarted never reaches a request.
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": 8,
        # Whoever waits longer is told so (503). A new attempt to connect comes at most two
        # seconds after the last, however long PostgreSQL was away.
        "timeout": 5,
        "reconnect_timeout": 5,
    }

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
    }
}
REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
    }

Q_CLUSTER = {
    "name": "career-classroom",
    "workers": 2,
    "timeout": 120,
    "retry": 180,
    "max_attempts": 5,
    "ack_failures": True,
    "catch_up": False,
    "poll": 0.5,
    # Plans are calculated, published and undone by a cluster of their own,
    # `Q_CLUSTER_NAME=planning manage.py qcluster`; no task is given out twice while at work. The
    # alliance calculates one plan of a season at a time, so that the second worker is there for
    # schools' own and for what is published meanwhile.
    "ALT_CLUSTERS": {"planning": {"workers": 2, "timeout": 1800, "retry": 2100}},
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# What the cluster runs regularly: the task and every how many minutes, or at what time of day.
# `manage.py ensure_schedules` writes the rows django-q reads.
SCHEDULES = {
    "notifications.tasks.sweep": 1,
    "bookings.tasks.send_due_reminders": 20,
    "planning.tasks.send_due_wish_reminders": 20,
    "insights.tasks.check_invariants": "03:30",
    "rosters.tasks.expire_imports": 5,
    "sites.tasks.seed_calendar": 24 * 60,
    "planning.tasks.retain": 24 * 60,
    "attendance.tasks.seal_days": 60,
    "bookings.tasks.sweep_holds": 1,
    "bookings.tasks.expire_requests": 1,
    "bookings.tasks.purge_answers": 60,
    "planning.tasks.take_up_again": 1,
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "accounts.passwords.LongEnough"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
    "change_password": "accounts.forms.ChangePasswordForm",
}
# Who asks to reset the password of an unknown address hears the same, and no mail leaves.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# How many of our own proxies stand in front: the addresses they add to X-Forwarded-For are
# believed, by the sign-in throttle and in the log of names read; with 0 that header is not.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0 if DEVELOPMENT else 1)

if not DEVELOPMENT:
    # A proxy in front ends TLS and says so in this header.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/bootstrap", BASE_DIR / "node_modules/bootstrap/dist"),
    ("vendor/zxing-wasm", BASE_DIR / "node_modules/zxing-wasm/dist"),
]

WHITENOISE_USE_FINDERS = DEVELOPMENT
WHITENOISE_MIMETYPES = {".wasm": "application/wasm", ".mjs": "text/javascript"}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# smtp://user:password@host:587 or smtps://…; without it mails land in a folder.
if env.str("EMAIL_URL", default=""):
    globals().update(env.email("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR / "mail"
# A delivery holds its row while it hands the mail over.
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="职业学堂 <noreply@localhost>")

# Where the heads of sealed days go; empty: to everybody in the secretariat.
SEAL_MAILBOX = env.str("SEAL_MAILBOX", default="")

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.IsMember"],
    "EXCEPTION_HANDLER": "accounts.api.problems.handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Career Classroom API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "accounts.api.problems.in_schema",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {"ReasonCode": "courses.choices.ReasonCode"},
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Nothing of a request's contents is logged: no names, codes or addresses.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "config.logs.NamelessFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "filters": {"no_secret_addresses": {"()": "config.logs.NoSecretAddresses"}},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.request": {"filters": ["no_secret_addresses"]},
        "django.security.csrf": {"filters": ["no_secret_addresses"]},
    },
}
