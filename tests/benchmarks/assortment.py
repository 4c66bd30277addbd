"""A made-up shop of about 200 variants and 4 stores that the labelled utterances speak of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chalicelib.model import Product, Store

# group | title | brand | product_type | price | sizes | colours
_GROUPS = """
tb|Trailblazer GTX|Fjord|shoes/trail|129.90|41 42 43 44 45 46|blue black
tbl|Trailblazer Low|Fjord|shoes/trail|99.90|40 41 42 43 44|grey green
str|Strider Road Running Shoe|Fleet|shoes/running|119.00|8 9 9.5 10 10.5 11|white black
ab|Alpine Boot|Fjord|shoes/hiking|189.00|41 42 43 44 45|brown
ds|Drift Sandals|Coast|shoes/sandals|49.00|37 38 39 40|white tan
mr|Mudrunner Pro|Fleet|shoes/trail|139.00|41 42 43 44|orange black
cb|Canyon Backpack|Norda|bags/backpacks|89.00|30L 45L|olive black
ct|Commuter Tote|Norda|bags/totes|59.00||tan navy
sdj|Summit Down Jacket|Norda|clothing/jackets|249.00|S M L XL|navy red
crj|Cascade Rain Jacket|Norda|clothing/jackets|149.00|S M L XL|yellow blue
fh|Fleece Hoodie|Harbor Goods|clothing/hoodies|69.00|XS S M L XL|grey green
mb|Merino Beanie|Harbor Goods|clothing/hats|29.00||cream grey
ws|Wool Hiking Socks|Harbor Goods|clothing/socks|19.00|S M L|grey
tt|Tempo Training Tights|Fleet|clothing/tights|55.00|S M L|black
rt2|Ridgeline 2 Tent|Norda|camping/tents|299.00||green
rt4|Ridgeline 4 Tent|Norda|camping/tents|429.00||green
cs|Cocoon Sleeping Bag|Norda|camping/sleeping bags|159.00|Regular Long|blue
lh3|Lumen Headlamp 300|Lumen|camping/lighting|39.00||
lh6|Lumen Headlamp 600|Lumen|camping/lighting|69.00||
ecs|Ember Camp Stove|Ember|camping/stoves|79.00||
tp|Trek Poles Carbon|Norda|camping/poles|99.00||
psw|Pulse Smartwatch|Pulse|electronics/watches|199.00||black gold
eb|Echo Wireless Earbuds|Pulse|electronics/audio|89.00||white black
pb|Volt Power Bank|Volt|electronics/power|45.00||
swm|Stoneware Mug Set|Hearth|home/kitchen|36.00||white blue
cis|Cast Iron Skillet|Hearth|home/kitchen|44.00|10 inch 12 inch|
apc|Aero Press Coffee Maker|Hearth|home/coffee|39.00||
np|Nimbus Pillow|Hearth|home/bedding|59.00|Standard King|
qd|Quill Desk Lamp|Hearth|home/lighting|65.00||black white
vym|Vega Yoga Mat|Vega|fitness/yoga|48.00||purple green
kb|Vega Kettlebell|Vega|fitness/weights|35.00|8 kg 12 kg 16 kg|
ob|Oat Bars Almond|Meadow|food/snacks|4.50||
hb|House Blend Coffee Beans|Meadow|food/coffee|12.90||
"""

_STORES = (
    Store(id="broadway", name="Broadway", address="1 Broadway, New York",
          hours={"mon": "10:00-20:00"}),
    Store(id="soho", name="SoHo", address="120 Prince Street, New York"),
    Store(id="union-sq", name="Union Square", address="33 East 17th Street, New York"),
    Store(id="harbor", name="Harbor Point", address="8 Atlantic Avenue, Boston"),
)  # fmt: skip


def products() -> Iterator[Product]:
    """Every variant, its id `<group>-<size>-<colour>`."""
    for line in _GROUPS.strip().splitlines():
        group, title, brand, kind, price, sizes, colours = line.split("|")
        for size in _sizes(sizes):
            for colour in _colours(colours):
                parts = [group, *(p.replace(" ", "") for p in (size, colour) if p)]
                yield Product(
                    id="-".join(parts), title=title, brand=brand, product_type=kind,
                    price=f"{price} USD", size=size, color=colour, item_group_id=group,
                    stock={"broadway": 2},
                )  # fmt: skip


def _sizes(text: str) -> list[str | None]:
    """`10 inch 12 inch` are two sizes; `S M L` are three."""
    parts = text.split()
    if parts and parts[-1] in ("inch", "kg"):
        return [f"{number} {parts[-1]}" for number in parts[::2]]
    return list(parts) or [None]


def _colours(text: str) -> list[str | None]:
    return list(text.split()) or [None]


def stores() -> Mapping[str, Store]:
    """The shops by id."""
    return {store.id: store for store in _STORES}
