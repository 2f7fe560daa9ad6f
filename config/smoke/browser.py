"""Somebody's browser: pages and their forms, with cookies, over HTTP."""

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPResponse

Fields = dict[str, str | list[str]]


class WalkError(Exception):
    """A step saw something else than it should."""


def expect(condition: object, what: str) -> None:
    if not condition:
        raise WalkError(what)


class Answer:
    """One answer of the server: status, final address, headers, body."""

    def __init__(self, response: HTTPResponse | urllib.error.HTTPError) -> None:
        self.status: int = response.status or 0
        self.url: str = response.url or ""
        self.kind: str = response.headers.get("Content-Type", "")
        self.body: bytes = response.read()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @property
    def words(self) -> str:
        """The page without its markup."""
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.text))


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str, **headers: str) -> Answer:
        return self._send(urllib.request.Request(self._url(path), headers=headers))

    def post(self, path: str, fields: Fields, **headers: str) -> Answer:
        """Posts as the page's form would, with its token."""
        token = next((c.value for c in self.jar if c.name == "csrftoken"), None)
        if token is None:
            self.get("/accounts/login/")
            token = next(c.value for c in self.jar if c.name == "csrftoken")
        body = urllib.parse.urlencode(
            fields | {"csrfmiddlewaretoken": token or ""}, doseq=True
        ).encode()
        headers = {"Referer": self._url(path)} | headers
        return self._send(urllib.request.Request(self._url(path), data=body, headers=headers))

    def api(self, path: str, key: str, payload: object = None) -> tuple[int, object]:
        """One call of the web API; a payload makes it a POST."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        body = None if payload is None else json.dumps(payload).encode()
        answer = self._send(urllib.request.Request(self._url(path), data=body, headers=headers))
        return answer.status, json.loads(answer.body)

    def _url(self, path: str) -> str:
        return path if path.startswith("http") else self.base + path

    def _send(self, request: urllib.request.Request) -> Answer:
        try:
            return Answer(self.opener.open(request, timeout=30))
        except urllib.error.HTTPError as error:
            return Answer(error)
