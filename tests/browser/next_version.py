"""The product's settings as its next version has them: some static files are others."""

import os

from config.settings import *  # noqa: F403
from config.settings import STATICFILES_DIRS

STATICFILES_DIRS = [os.environ["NEXT_STATIC"], *STATICFILES_DIRS]
