"""The settings of production, and each answer says how many queries it took."""

from config.settings import *  # noqa: F403
from config.settings import MIDDLEWARE

MIDDLEWARE = ["bench.pages.counting.QueryCount", *MIDDLEWARE]
