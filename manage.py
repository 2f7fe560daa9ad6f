#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

# These change tables and rights, which the application's own role must not: they connect by
# OWNER_DATABASE_URL where there is one.
OWNERS_COMMANDS = ("migrate", "createcachetable", "grant_roles")

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] and sys.argv[1] in OWNERS_COMMANDS:
        os.environ["AS_OWNER"] = "1"
    execute_from_command_line(sys.argv)
