"""Starts the whole stack on a free port with an empty database and walks the main job over HTTP.

``python -m config.smoke`` prints one line a step with what it saw, and exits 0 or 1. Everything
goes through pages, mails and the web API as people use them; nothing is put into the database
from the side. Its own folder under ``var/`` holds database and mails, and is removed at the end.
"""
