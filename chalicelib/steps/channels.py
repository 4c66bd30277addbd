"""By which channel a message goes: what the choice needs to know, put together from the rooms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from .. import telemetry
from ..model import (
    Channel,
    ChannelQuestion,
    Customer,
    Interaction,
    Message,
    Preference,
    Purpose,
)
from ..preference import choose
from .deciding import decision_id, seed_of
from .groups import deciding_for
from .rooms import Rooms


def question_of(
    rooms: Rooms,
    purpose: Purpose,
    *,
    about: str = "",
    message: Message | None = None,
    written_at: datetime | None = None,
    confirming: bool = False,
    tried: tuple[Channel, ...] = (),
    among: Iterable[Channel] | None = None,
) -> ChannelQuestion:
    """What a channel is chosen for. `about` is the id of the interaction, from which the draw of
    what is tried out comes; `message` is what they wrote and `written_at` when, None for a
    proactive message; `among` are the channels in question, all that have a carrier by default."""
    settings = rooms.settings
    open_ = rooms.carriers.keys() if among is None else rooms.carriers.keys() & set(among)
    return ChannelQuestion(
        purpose=purpose,
        originating=message.channel if message else None,
        written_at=written_at,
        public=message is not None and message.channel is Channel.X_REPLY,
        available=tuple(sorted(open_)),
        confirming=confirming,
        tried=tried,
        hours=settings.marketing_hours,
        hours_by_country=settings.marketing_hours_by_country,
        costs=settings.channel_costs,
        seed=seed_of(decision_id(about)),
    )


def question_about(
    rooms: Rooms,
    interaction: Interaction,
    *,
    confirming: bool = False,
    tried: tuple[Channel, ...] = (),
) -> ChannelQuestion:
    """What the channel of an answer to this is chosen for, or of a notice that it calls for."""
    message = interaction.body if isinstance(interaction.body, Message) else None
    return question_of(
        rooms,
        Purpose.SERVICE,
        about=interaction.id,
        message=message,
        written_at=interaction.occurred_at if message else None,
        confirming=confirming,
        tried=tried,
    )


@telemetry.step("choose")
def chosen(
    customer: Customer, question: ChannelQuestion, rooms: Rooms, now: datetime
) -> Preference:
    """The channel, by what the model that decides for them knows of everybody's."""
    engine, _ = deciding_for(customer.id, rooms)
    return choose(customer, question, now, engine.model.channels)
