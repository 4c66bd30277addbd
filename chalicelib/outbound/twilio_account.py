"""One Twilio account by the 2010-04-01 REST API: the requests that texts and calls share.

Lives here: credentials, paths, making a resource, reading one, finding a lost one. Never here: what
a text or a call is made of, and what their statuses mean.

| Twilio answers | result | https://www.twilio.com/docs/… |
|---|---|---|
| 201 `sid` | sent | usage/requests-to-twilio |
| 429, code 20429 | retry: "never processed and always safe to retry" | api/errors/20429 |
| 4xx else | failed, Twilio's `code` | api/errors |
| 5xx, or no answer | unknown; found again by `find` | usage/twilios-response |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import urllib3

from ..model import Barrier, SendResult
from ..settings import Settings
from .exchange import Answer, exchange, http_date, retry_after, settle

LOOK_BACK = timedelta(minutes=2)
"""How long before an entry was due a resource of ours may still be this entry's: clocks differ."""

PAGE_SIZE = 100

BARRIERS: Final[Mapping[str, Barrier]] = {"21610": "opted_out"}
"""The recipient replied STOP. https://www.twilio.com/docs/api/errors/21610"""

Resource = Mapping[str, Any]
"""A message or a call, as Twilio shows it; an empty one where there surely is none."""


class TwilioAccount:
    """What one account is asked; `resource` is `Messages` or `Calls`."""

    def __init__(
        self,
        settings: Settings,
        *,
        http: urllib3.PoolManager,
        clock: Callable[[], datetime],
        timeout: urllib3.Timeout,
    ) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._timeout = timeout

    @staticmethod
    def configured(settings: Settings) -> bool:
        """Whether the account and its token are there."""
        return bool(settings.twilio_account_sid and settings.twilio_auth_token.get_secret_value())

    def callback(self, path: str, key: str) -> str:
        """The webhook of ours that a status is posted to, with our key in the URL that is signed:
        what became of it is found by no id of Twilio's."""
        return f"{self._settings.public_url.rstrip('/')}{path}?{urlencode({'key': key})}"

    def make(
        self, resource: str, form: Mapping[str, str] | Sequence[tuple[str, str]], provider: str
    ) -> SendResult:
        """Make one resource, once, in the name of `provider`."""
        answer = self._ask("POST", f"{resource}.json", urlencode(form).encode())
        document = answer.document()
        code = document.get("code")
        settled = settle(
            answer,
            provider,
            provider_id=document.get("sid"),
            code=code,
            retry_at=retry_after(answer.headers, self._clock()),
            barred=BARRIERS.get(str(code)),
        )
        return settled.model_copy(update={"keyed": "StatusCallback" in dict(form)})

    def read(self, resource: str, sid: str) -> Resource | None:
        """The resource of this id; None where Twilio does not show it."""
        answer = self._ask("GET", f"{resource}/{quote(sid, safe='')}.json")
        return answer.document() or None if answer.accepted else None

    def find(
        self,
        resource: str,
        query: Mapping[str, str],
        since: datetime,
        is_it: Callable[[Resource], bool],
    ) -> Resource | None:
        """The oldest made since then that `is_it`; empty where the whole list holds none, and None
        where that is not known. Twilio lists the newest first."""
        paged = {**query, "PageSize": str(PAGE_SIZE)}
        answer = self._ask("GET", f"{resource}.json?{urlencode(paged)}")
        listed = answer.document().get(resource.lower()) if answer.accepted else None
        if not isinstance(listed, list):
            return None
        for found in reversed(listed):
            created = http_date(str(found.get("date_created", "")))
            if created is not None and created >= since.replace(microsecond=0) and is_it(found):
                return found  # type: ignore[no-any-return]
        return {} if len(listed) < PAGE_SIZE else None

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        account = self._settings.twilio_account_sid
        token = self._settings.twilio_auth_token.get_secret_value()
        headers = dict(urllib3.make_headers(basic_auth=f"{account}:{token}"))
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        root = f"{self._settings.twilio_api_url.rstrip('/')}/2010-04-01/Accounts"
        url = f"{root}/{quote(account, safe='')}/{path}"
        return exchange(self._http, method, url, headers=headers, body=body, timeout=self._timeout)
