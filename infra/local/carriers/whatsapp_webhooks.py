"""What WhatsApp posts to a webhook: the envelope, who it is about, and the signature.

Lives here: the forms that statuses and people's messages share. Never here: what they tell.
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

ACCOUNT_ID = "102290129340398"
DISPLAY_NUMBER = "15550009999"
"""The brand's number, as it texts from too."""


def delivery(number_id: str, value: Mapping[str, Any], field: str = "messages") -> bytes:
    """The body of one webhook request, about the number of that id."""
    metadata = {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": number_id}
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": ACCOUNT_ID, "changes": [{"value": whole, "field": field}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def signed(body: bytes, app_secret: bytes) -> dict[str, str]:
    """The headers of one webhook request."""
    signature = hmac.new(app_secret, body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}


def contact(number: str) -> dict[str, Any]:
    """Who wrote, or was written to; `number` in digits."""
    return {"profile": {"name": "Somebody"}, "wa_id": number, "user_id": user_id(number)}


def user_id(number: str) -> str:
    """A business-scoped user id: the country, and digits that tell no number."""
    return f"US.{int(hashlib.sha256(number.encode()).hexdigest()[:15], 16)}"
