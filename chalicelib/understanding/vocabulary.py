"""The words that products are found by, and the everyday ones that name no product.

Lives here: splitting and stemming, the same for products and questions, and one fixed list of words
that people who write to a shop use anyway. Never here: scores.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+(?:['&-][^\W\d_]+)*")
_GLUED = re.compile(r"['&-]")

EVERYDAY = frozenset(
    """
a about above accept actually add address afford after afternoon again agent ago ahead ain all
allow alone along already alright also although always am amazing an and annoyed annoying another
answer any anybody anymore anyone anything anyway anywhere app apparently apply appreciate are
area aren around arrive arrived arriving as ask asked asking at available availability away awful
awesome back bad bank bargain be because become been before began behind being believe below best
better between big bigger birthday bit both bought box branch bring broke broken brother browse
browsing buck business busy but buy buying by call called calling came can cancel cancelled cannot
car card care carry carrying case cause charge charged cheap cheaper cheapest check checked
checking choose choice christma city clear click close closed closer closest closing code
colleague collect collection colour color come comes coming company compare compared complain
complaint confirm confirmation contact cost could couldn couple course cuz customer dad daughter
day dead deal dear december decide definitely deliver delivered delivery describe detail did didn
difference different difficult directly disappointed discount do doe does doesn doing don done
door down dude due during each early easier easy eight either eleven else email end ended enough
er especially even evening ever every everyone everything everywhere exactly example except
exchange excited expect expected expensive extra eye fact family far fast faster favorite
favourite february fed feel feeling few fifty find fine finish first fit fits five fix follow
following for forever forget forgot found four free friday friend from front fuck fucking full
further future gave general get getting gf gift girlfriend give given glad go god goe going gone
gonna good got gotten grab great group guess guy ha had half hand happen happened happening happy
hard hardly has hasn hate have haven having he hear heard hello help helpful helping her here hey
hi him his hold holding holiday home honestly hope hoping hour house how however huge human
hundred hurry husband i idea if im immediately important in inc incl info inform information
inquire inside instead interested into is isn issue it item its itself january job join just keep
kept kid kind kindly knew know known lady large larger last late later latest least leave left let
level like likely line link list listed little live local located location lol long longer look
looked looking lose lost lot loud love lovely low lower luck made mail make making man manager
many march match mate matter may maybe me mean meant meantime medium men mention message met might
mind mine minute miss missed missing mistake mobile mom moment monday money month more morning
most mother mum much must my myself name near nearby nearest nearly need needed needing neither
never new news next nice night nine no nobody none noon nor not note nothing notice notify now
number obviously of off offer offered offering office often oh ok okay old omg on once one online
only open opened opening opinion option or order ordered ordering other our out outside over
overall own owner package page paid pair parcel parent part partner pay paying payment people per
perfect perhap person phone pick picked pickup picture piece place plan plea please plus plz pm
point poor possible possibly post postage postcode ppl prefer present pretty previous price priced
pricing private probably problem product promise promised promo proper properly purchase put
quantity question quick quickly quiet quite quote rather re reach read ready real really reason
receipt receive received recent recently recommend recommendation recommended reduce reduced
refund refuse regard regarding regular remember remind remove reorder reply representative request
require reserve reserved respond response restock restocked restocking return returned reviewed
right ring rude run running said sale same saturday save saw say saying search seasons second see
seem seen sell selling send sending sent september seriously serve service set seven several shall
she ship shipped shipping shop shopper shopping shops should shouldn show showing shut side sign
similar simple since sir sis sister site six size sized sizing sm small smaller so sold some
somebody someone something sometime somewhere son soon sooner sorry sort sound source speak
special spend spent staff start started state status stay still stock stocked stocking stop
stopped store straight stuff stupid such suggest suggestion suit suitable sunday super supervisor
support supposed sure take taken taking talk talking tell telling ten terrible text than thank
that the their them then there these they thing think third thirty this those though thought three
through thursday till time tiny to today together told tomorrow tonight too took top total totally
touch toward track tracking tried tries trouble true try trying tuesday turn twelve twenty twice
two type type under understand unfortunately unless until up update updated upset urgent urgently
us use used useful useless using usual usually value very via visit voice wait waited waiting want
wanted wanting was wasn way we wear wearing weather web website wednesday week weekend well went
were weren what whatever when where whether which while who whole whom whose why wide wife will
wish with within without woman women won wonder wondering word wore work worked working world
worse worst worth would wouldn wow write writing wrong yard yeah year yell yep yes yesterday yet
yo you young your yours yourself za zip wheres whats whens hows hrs u ur r n pls thx mens womens
ladies kids boy girl adult unisex url anyways bruh bro fam legit literally ya yall gotta wanna
lemme gimme dont doesnt didnt cant wont isnt arent havent hasnt couldnt wouldnt thats theres ive
youre theyre hes shes id ill el la los las un una de del en por para que tienen tiene tienes hay
con mi su donde cuanto cuesta cuando quiero hola gracias favor talla tienda abren pedido precio
color disponible todavia le les des du une est sont avez vous vos votre mon ma mes pour avec dans
sur ou quand combien coute prix bonjour merci taille magasin commande encore disponible dispo veux
cherche der die das ein eine einen ist sind habt ihr haben mein meine ich mir mich zu und fur was
wo wann wie viel kostet teuer bitte nicht mit auf gibt es noch danke hallo grosse laden bestellung
lager auch pro max mini classic lite ultra
""".split()  # noqa: SIM905 - a list of words is read, not typed
)


def stem(word: str) -> str:
    """A light plural stem, the same for products and queries."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def tokens(text: str) -> list[str]:
    """Stemmed words and numbers; glued words give themselves joined and, if long, their parts."""
    found: list[str] = []
    for word in _TOKEN.findall(text):
        if _GLUED.search(word):
            found.append(stem(_GLUED.sub("", word.removesuffix("'s"))))
            found.extend(stem(part) for part in _GLUED.split(word) if len(part) > 2)
        else:
            found.append(stem(word))
    return found
