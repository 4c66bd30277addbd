"""What an interaction asks, as it was understood."""

from enum import StrEnum

from pydantic import Field

from .values import Frozen


class Intent(StrEnum):
    AVAILABILITY = "availability"
    PRICE = "price"
    STORE_INFO = "store_info"
    ORDER_STATUS = "order_status"
    PRODUCT_ADVICE = "product_advice"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"
    CHANNEL_PREFERENCE = "channel_preference"
    COMPLAINT = "complaint"
    HUMAN = "human"
    THANKS = "thanks"
    YES = "yes"
    NO = "no"
    OTHER = "other"


class ProductMatch(Frozen):
    product_id: str
    confidence: float = Field(ge=0, le=1)


class Understanding(Frozen):
    """What the interaction asks. `ambiguous` asks for "which of these?" instead of a guess."""

    intent: Intent
    confidence: float = Field(ge=0, le=1)
    products: tuple[ProductMatch, ...] = ()
    ambiguous: bool = False
    slots: dict[str, str] = Field(
        default_factory=dict,
        description="size, color, store_id, order_id, channel, not_channel, purpose, hours, "
        "category, day",
    )
    language: str = "en"
