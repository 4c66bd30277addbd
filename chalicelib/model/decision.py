"""What was decided, about offers and about the channel, and why."""

from typing import Any, Literal

from pydantic import Field

from .asked import Understanding
from .catalog import Product
from .customer import Customer
from .identities import Channel, Purpose
from .values import Frozen, Moment


class DecisionContext(Frozen):
    """Where and when the decision is made; what rules read as `context`."""

    channel: Channel | None = None
    placement: str | None = Field(None, max_length=100)
    basket: tuple[str, ...] = Field((), max_length=500, description="product ids")
    store: str | None = Field(None, max_length=128)
    page: str | None = Field(None, max_length=2000)


class FailedCondition(Frozen):
    """One condition that an offer's rule put and the customer did not meet."""

    condition: str = Field(description="the condition as its author wrote it")
    value: Any = Field(None, description="what the customer has; None when it is not known")
    needed: str = Field(description="what would change it, in words: `at least 18`")


RejectionReason = Literal["rule", "cap", "budget", "date", "exclusive", "purpose", "score"]


class ScoredOffer(Frozen):
    """One ranked offer. score = probability x value x weight."""

    offer_id: str
    title: str
    score: float
    probability: float
    value: float
    weight: float
    selection_probability: float
    contributions: dict[str, float] = Field(
        default_factory=dict, description="each feature's part of the log-odds"
    )


class RejectedOffer(Frozen):
    offer_id: str
    reason: RejectionReason
    failed: tuple[FailedCondition, ...] = ()
    text: str = Field(description="in words that an agent can read to the customer")


class Refusal(Frozen):
    """Why a channel was passed over."""

    channel: Channel
    reason: str = Field(
        description="a stable code: no_address, consent, quiet_hours, not_preferred…"
    )
    text: str


class RankedChannel(Frozen):
    """A channel that might carry the message, and what speaks for it."""

    channel: Channel
    score: float = Field(description="how well messages do there, less what they cost")
    probability: float = Field(description="of choosing it")
    text: str


class ChannelQuestion(Frozen):
    """What a channel was chosen for, besides the customer and the moment: enough to choose again.

    `public`: they wrote where everybody reads. `confirming`: the one answer to STOP, START or HELP.
    `tried`: where this very message failed. Hours are spans of the recipient's own time.
    """

    purpose: Purpose
    originating: Channel | None = None
    written_at: Moment | None = Field(None, description="when they wrote what is answered")
    public: bool = False
    available: tuple[Channel, ...]
    confirming: bool = False
    tried: tuple[Channel, ...] = ()
    hours: str = "08:00-21:00"
    hours_by_country: dict[str, str] = Field(default_factory=dict)
    costs: dict[Channel, float] = Field(default_factory=dict, description="USD a message")
    seed: int = 0


class Preference(Frozen):
    """Which channel carries the reply, what it may carry, and why no other does."""

    chosen: Channel | None = None
    to: str | None = Field(None, description="the address on the chosen channel")
    why: str = ""
    refused: tuple[Refusal, ...] = ()
    marketing: bool = Field(False, description="the chosen channel may carry marketing now")
    marketing_refusal: Refusal | None = None
    personal: bool = Field(True, description="False where others can read along (x_reply)")
    probability: float = Field(1.0, description="of choosing this channel: some are tried out")
    ranking: tuple[RankedChannel, ...] = Field((), description="those that might, best first")


class Shadow(Frozen):
    """What a candidate model would have chosen; recorded, never acted on."""

    model: str = Field(description="the candidate's version")
    offer_ids: tuple[str, ...] = ()


Group = Literal["candidate", "control"]
"""Who is not decided for by the live model alone: a candidate model's share of the customers, and
the control group, who are made no marketing offers."""


class Decision(Frozen):
    """Ranked offers, and all that is needed to recompute them and every other offer's reason."""

    id: str
    interaction_id: str | None = None
    customer_id: str | None = None
    offers: tuple[ScoredOffer, ...] = ()
    context: DecisionContext = Field(default_factory=DecisionContext)
    understanding: Understanding | None = None
    preference: Preference | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    seed: int
    decided_at: Moment
    carried: tuple[str, ...] | None = Field(
        None,
        description="the offers that the reply had room for, or would have had of those withheld; "
        "None where nothing was said",
    )
    inputs_digest: str = Field("", description="sha256 of the recorded inputs")
    best: float | None = Field(
        None, description="what the best marketing offer scored that was come across, made or not"
    )
    shadow: Shadow | None = Field(None, description="of a candidate that decides for nobody yet")
    group: Group | None = Field(None, description="the customer's; None: the live model's")
    withheld: tuple[ScoredOffer, ...] | None = Field(
        None, description="what anybody else would have been made: the control group was not"
    )


class DecisionInputs(Frozen):
    """All that a decision was made from, besides the published catalog named by its version.

    Orders are not among it: rules and features read the kept aggregates.
    """

    customer: Customer
    context: DecisionContext = Field(default_factory=DecisionContext)
    understanding: Understanding | None = None
    products: tuple[Product, ...] = ()
    limit: int = 1
    purposes: tuple[Purpose, ...] = (Purpose.SERVICE, Purpose.MARKETING)
    exhausted: tuple[str, ...] = Field((), description="offers whose budget was spent")
    channels: ChannelQuestion | None = Field(
        None, description="what the channel was chosen for, where one was chosen by it"
    )
    group: Group | None = Field(None, description="whom the customer was among, if not the rest")
