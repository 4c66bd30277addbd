"""Messages that cannot be worked on go to the dead-letter queue, whole, and hold up nobody."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.machine import Machine

SHOE = {"product_id": "tb-gtx-44"}


def test_a_poison_message_is_set_aside_whole_and_holds_up_nobody(machine: Machine) -> None:
    person = machine.somebody()
    poison = f'{{"not": "interactions", "n": {machine.number()}, "text": "größe 👟"}}'
    # Twilio tells of a text that we have not sent yet, as far as our records go.
    early = {"MessageSid": f"SM{machine.number():032x}", "MessageStatus": "delivered"}
    machine.put_in_queue(poison)
    assert machine.deliver_twilio("/webhooks/twilio/status", early).status == 200
    event = {"userId": person.id, "event": "Product Viewed", "properties": SHOE}
    assert machine.tracks("track", event).status == 200
    known = machine.dealt_with(machine.texts(person.phone, "Trailblazer GTX in 44?"))
    machine.settled()

    assert known["status"] == "answered"
    assert len(machine.messages(person.phone)) == 1
    view = machine.customer(person.id)
    assert view["aggregates"]["view_count"] == {"shoes": 1, "shoes/trail": 1}
    assert view["reach"]["sms"]["last_delivered_at"]
    letters = machine.take_dead_letters()
    assert poison in letters
    (redriven,) = [letter for letter in letters if letter != poison]
    (interaction,) = json.loads(redriven)
    assert interaction["id"] == f"twilio:{early['MessageSid']}:delivered"

    later = machine.cloud.clock() + timedelta(minutes=5)
    machine.call("POST", "/local/clock", json.dumps({"now": later.isoformat()}).encode())
    machine.put_in_queue(redriven)
    assert machine.dealt_with(interaction["id"])["status"] == "ignored"
    machine.settled()
    assert machine.take_dead_letters() == []
