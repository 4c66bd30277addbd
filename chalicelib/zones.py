"""In which time zones a person may be, by what is known of them. Reads tzdata's zone.tab once.

A stated time zone settles it. Otherwise every zone that their country and their phone number's
calling code leave open is returned, so that a rule can be held in all of them: what is not known
is never guessed at. Says nothing about what may be sent when.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .model import Customer, Daypart, Profile

# Calling codes and their countries: ITU-T E.164 list of assigned country codes; the +1 entries of
# four digits are the North American area codes outside the US and Canada (NANPA). Codes that no
# country owns (satellite, international freephone) are left out: they say nothing of the place.
_CALLING_CODES = """
1:US,CA 1264:AI 1268:AG 1242:BS 1246:BB 1441:BM 1284:VG 1345:KY 1767:DM 1809:DO 1829:DO 1849:DO
1473:GD 1671:GU 1876:JM 1658:JM 1664:MS 1670:MP 1787:PR 1939:PR 1869:KN 1758:LC 1784:VC 1684:AS
1721:SX 1868:TT 1649:TC 1340:VI 7:RU 76:KZ 77:KZ 20:EG 27:ZA 30:GR 31:NL 32:BE 33:FR 34:ES 36:HU
39:IT,VA 40:RO 41:CH 43:AT 44:GB,GG,IM,JE 45:DK 46:SE 47:NO,SJ 48:PL 49:DE 51:PE 52:MX 53:CU 54:AR
55:BR 56:CL 57:CO 58:VE 60:MY 61:AU,CC,CX 62:ID 63:PH 64:NZ 65:SG 66:TH 81:JP 82:KR 84:VN 86:CN
90:TR 91:IN 92:PK 93:AF 94:LK 95:MM 98:IR 211:SS 212:MA,EH 213:DZ 216:TN 218:LY 220:GM 221:SN
222:MR 223:ML 224:GN 225:CI 226:BF 227:NE 228:TG 229:BJ 230:MU 231:LR 232:SL 233:GH 234:NG 235:TD
236:CF 237:CM 238:CV 239:ST 240:GQ 241:GA 242:CG 243:CD 244:AO 245:GW 246:IO 248:SC 249:SD 250:RW
251:ET 252:SO 253:DJ 254:KE 255:TZ 256:UG 257:BI 258:MZ 260:ZM 261:MG 262:RE,YT 263:ZW 264:NA
265:MW 266:LS 267:BW 268:SZ 269:KM 290:SH 291:ER 297:AW 298:FO 299:GL 350:GI 351:PT 352:LU 353:IE
354:IS 355:AL 356:MT 357:CY 358:FI,AX 359:BG 370:LT 371:LV 372:EE 373:MD 374:AM 375:BY 376:AD
377:MC 378:SM 380:UA 381:RS 382:ME 385:HR 386:SI 387:BA 389:MK 420:CZ 421:SK 423:LI 500:FK 501:BZ
502:GT 503:SV 504:HN 505:NI 506:CR 507:PA 508:PM 509:HT 590:GP,BL,MF 591:BO 592:GY 593:EC 594:GF
595:PY 596:MQ 597:SR 598:UY 599:CW,BQ 670:TL 672:NF 673:BN 674:NR 675:PG 676:TO 677:SB 678:VU
679:FJ 680:PW 681:WF 682:CK 683:NU 685:WS 686:KI 687:NC 688:TV 689:PF 690:TK 691:FM 692:MH 850:KP
852:HK 853:MO 855:KH 856:LA 880:BD 886:TW 960:MV 961:LB 962:JO 963:SY 964:IQ 965:KW 966:SA 967:YE
968:OM 970:PS 971:AE 972:IL 973:BH 974:QA 975:BT 976:MN 977:NP 992:TJ 993:TM 994:AZ 995:GE 996:KG
998:UZ
"""


class Place(NamedTuple):
    """One place where the person may be: an IANA zone name, and its country where that is known."""

    zone: str
    country: str | None


def places(customer: Customer) -> frozenset[Place]:
    """Every place where the customer may be; empty when nothing is known."""
    profile = customer.profile
    if profile.time_zone is not None and is_zone(profile.time_zone):
        country = profile.country or _countries_by_zone().get(profile.time_zone)
        return frozenset({Place(profile.time_zone, country)})
    by_country = _places_in((profile.country,) if profile.country else ())
    phone = customer.address("phone")
    by_phone = _places_in(calling_countries(phone) if phone else ())
    # Where address and number agree, the agreement holds; where they do not, either may be true.
    return (by_country & by_phone) or (by_country | by_phone) or _places_in(_locale(profile))


def daypart(customer: Customer, at: datetime) -> Daypart:
    """The part of the customer's day; where several zones are possible, by the first in
    the alphabet, so that it is always the same one; UTC where nothing is known."""
    zone = min((place.zone for place in places(customer)), default="UTC")
    hour = at.astimezone(ZoneInfo(zone)).hour
    if hour >= 22 or hour < 6:
        return "night"
    return "morning" if hour < 12 else "midday" if hour < 17 else "evening"


def calling_countries(number: str) -> tuple[str, ...]:
    """The ISO 3166 countries that an E.164 number (`+15551230001`) may be of; longest code wins."""
    digits, table = number.removeprefix("+"), _calling_codes()
    return next((table[digits[:n]] for n in (4, 3, 2, 1) if digits[:n] in table), ())


def is_zone(name: str) -> bool:
    """Whether `name` is a zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; unsafe path; the name of a folder
        return False
    return True


def _locale(profile: Profile) -> tuple[str, ...]:
    """The region subtag of a BCP 47 language tag (`en-US`, `zh-Hant-TW`), if there is one."""
    subtags = (profile.language or "").replace("_", "-").split("-")[1:]
    return tuple(s.upper() for s in subtags if len(s) == 2 and s.isalpha())[:1]


def _places_in(countries: tuple[str, ...]) -> frozenset[Place]:
    table = _zones_by_country()
    return frozenset(Place(zone, c) for c in countries for zone in table.get(c, ()))


@cache
def _calling_codes() -> Mapping[str, tuple[str, ...]]:
    entries = (entry.partition(":") for entry in _CALLING_CODES.split())
    return {code: tuple(countries.split(",")) for code, _, countries in entries}


@cache
def _zones_by_country() -> Mapping[str, tuple[str, ...]]:
    """ISO 3166 country -> its zones: tzdata's zone.tab (country, coordinates, zone, comment)."""
    table: dict[str, tuple[str, ...]] = {}
    text = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            table[country] = (*table.get(country, ()), zone)
    return table


@cache
def _countries_by_zone() -> Mapping[str, str]:
    return {zone: country for country, zones in _zones_by_country().items() for zone in zones}
