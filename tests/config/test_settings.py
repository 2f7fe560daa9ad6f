"""Settings refuse to start unsafely, with a sentence; safe ones pass Django's own checks."""

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONG_SECRET = secrets.token_urlsafe(60)
PRODUCTION = {
    "SECRET_KEY": LONG_SECRET,
    "ALLOWED_HOSTS": "classroom.example.org",
    "FIELD_KEYS": "test:" + base64.b64encode(secrets.token_bytes(32)).decode(),
}
NAMES = (
    "BASE_URL",
    "DATABASE_URL",
    "OWNER_DATABASE_URL",
    "AS_OWNER",
    "DEBUG",
    "DEMO",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "FIELD_KEYS",
    "REDIS_URL",
    "TRUSTED_PROXIES",
    "EMAIL_URL",
    "WEB_PROCESS",
    "DJANGO_SETTINGS_MODULE",
    # The browser tests set it.
    "DJANGO_ALLOW_ASYNC_UNSAFE",
)


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of ours as an operator starts it, with only these settings."""
    inherited = {name: value for name, value in os.environ.items() if name not in NAMES}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def setting(expression: str, **environment: str) -> str:
    """What a setting is under this environment."""
    program = f"from config import settings; print(repr({expression}))"
    done = run("-c", program, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"ALLOWED_HOSTS": "example.org"},
            "SECRET_KEY is missing: set it to a long random value, or DEBUG=1 for development.",
        ),
        (
            {"SECRET_KEY": LONG_SECRET},
            "ALLOWED_HOSTS is open: name the host names that this installation answers to,"
            " separated by commas.",
        ),
        (
            {"SECRET_KEY": LONG_SECRET, "ALLOWED_HOSTS": "example.org,*"},
            "ALLOWED_HOSTS is open: name the host names that this installation answers to,"
            " separated by commas.",
        ),
        (
            {"SECRET_KEY": LONG_SECRET, "ALLOWED_HOSTS": "example.org"},
            "FIELD_KEYS is missing: it encrypts guardians' telephones and students' needs. Set it"
            " to name:key, the key being 32 random bytes in base64.",
        ),
        (
            {**PRODUCTION, "DEMO": "1"},
            "DEMO lets anybody sign in as anyone: it works with DEBUG=1 only. Unset it.",
        ),
        (
            {**PRODUCTION, "DATABASE_URL": "sqlite:///district.db"},
            "DATABASE_URL names another database than PostgreSQL: write it as"
            " postgresql://user:password@host:5432/name.",
        ),
    ],
)
def test_start_is_refused_with_a_sentence_when_production_is_unsafe(environment, sentence) -> None:
    done = run("manage.py", "check", **environment)

    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].endswith(f"ImproperlyConfigured: {sentence}")


def test_debug_is_off_unless_asked_for() -> None:
    assert setting("(settings.DEBUG, settings.DEMO)", **PRODUCTION) == "(False, False)"
    assert setting("settings.DEBUG", DEBUG="1") == "True"
    assert setting("settings.DEBUG", DEBUG="1", DEMO="1") == "False"


def test_deployment_check_is_clean_in_production() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert (done.returncode, done.stdout.strip(), done.stderr.strip()) == (
        0,
        "System check identified no issues (0 silenced).",
        "",
    )


def test_links_in_mails_lead_to_the_first_host_unless_another_is_named() -> None:
    hosts = {**PRODUCTION, "ALLOWED_HOSTS": ".classroom.example.org,other.example.org"}

    assert setting("settings.BASE_URL", **hosts) == "'https://classroom.example.org'"
    assert (
        setting("settings.BASE_URL", BASE_URL="https://class.example.cn/", **hosts)
        == "'https://class.example.cn'"
    )
    assert setting("settings.BASE_URL", DEBUG="1") == "'http://127.0.0.1:8000'"


def test_one_proxy_is_trusted_in_production() -> None:
    count = "settings.ALLAUTH_TRUSTED_PROXY_COUNT"

    assert setting(count, **PRODUCTION) == "1"
    assert setting(count, TRUSTED_PROXIES="2", **PRODUCTION) == "2"
    assert setting(count, DEBUG="1") == "0"


def test_database_is_the_one_named() -> None:
    address = "postgresql://reader:word@db.example.org:5433/district"

    named = setting(
        "[settings.DATABASES['default'][key] for key in ('NAME', 'USER', 'HOST', 'PORT')]",
        DATABASE_URL=address,
        **PRODUCTION,
    )

    assert named == "['district', 'reader', 'db.example.org', 5433]"


@pytest.mark.parametrize(
    ("environment", "user"),
    [
        ({}, "app"),
        ({"OWNER_DATABASE_URL": "postgresql://owner@db.example.org/district"}, "app"),
        (
            {"OWNER_DATABASE_URL": "postgresql://owner@db.example.org/district", "AS_OWNER": "1"},
            "owner",
        ),
        ({"AS_OWNER": "1"}, "app"),
    ],
)
def test_the_owner_connects_where_it_is_named_and_asked_for(environment, user) -> None:
    environment = {"DATABASE_URL": "postgresql://app@db.example.org/district"} | environment

    found = setting(
        "(settings.DATABASES['default']['USER'], settings.APPLICATION_ROLE)",
        **environment,
        **PRODUCTION,
    )

    assert found == f"('{user}', 'app')"


def test_manage_py_runs_the_owners_commands_as_the_owner() -> None:
    nowhere = {
        "DATABASE_URL": "postgresql://app@127.0.0.1:1/district",
        "OWNER_DATABASE_URL": "postgresql://owner@127.0.0.1:1/district?application_name=owners",
    }
    probe = (
        "import runpy, sys; from django.core import management;"
        "management.execute_from_command_line = lambda words: __import__('sys').stdout.write("
        "__import__('config.settings').settings.DATABASES['default']['USER']);"
        "sys.argv = ['manage.py', *sys.argv[1:]]; runpy.run_path('manage.py', run_name='__main__')"
    )

    users = {
        command: run("-c", probe, command, **nowhere, **PRODUCTION).stdout
        for command in ("migrate", "createcachetable", "grant_roles", "qcluster", "check")
    }

    assert users == {
        "migrate": "owner",
        "createcachetable": "owner",
        "grant_roles": "owner",
        "qcluster": "app",
        "check": "app",
    }


def test_connections_are_pooled_in_web_processes_only() -> None:
    options = "settings.DATABASES['default'].get('OPTIONS', {}).get('pool')"

    assert setting(options, **PRODUCTION) == "None"
    assert (
        setting(options, WEB_PROCESS="1", **PRODUCTION)
        == "{'min_size': 1, 'max_size': 8, 'timeout': 5, 'reconnect_timeout': 5}"
    )


def test_redis_serves_cache_and_broker_where_it_is_named() -> None:
    chosen = "(settings.CACHES['default']['LOCATION'], settings.Q_CLUSTER.get('orm'))"

    assert setting(chosen, **PRODUCTION) == "('cache', 'default')"
    assert (
        setting(chosen, REDIS_URL="redis://cache.example.org/0", **PRODUCTION)
        == "('redis://cache.example.org/0', None)"
    )


def test_mail_goes_to_a_folder_until_a_server_is_named() -> None:
    assert setting("settings.EMAIL_BACKEND", **PRODUCTION).strip("'").endswith("EmailBackend")
    assert (
        setting(
            "(settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS)",
            EMAIL_URL="smtp+tls://robot:word@mail.example.org:587",
            **PRODUCTION,
        )
        == "('mail.example.org', 587, True)"
    )


def test_time_is_shanghai_whatever_the_machine_says() -> None:
    assert setting("settings.TIME_ZONE", TZ="America/New_York", **PRODUCTION) == "'Asia/Shanghai'"
