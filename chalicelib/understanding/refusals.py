"""How people refuse messages in Spanish, French and German, over plain text (accents folded).

Lives here: wording only, and what only looks like a refusal in these languages. Never here: English
(withdrawal.py), keywords (keywords.py), or what is done about a refusal. What is refused is kept
narrow: messages, contact, and being on record; never orders, parcels or sizes.
"""

from __future__ import annotations

from .phrases import Phrases

# --- Spanish -----------------------------------------------------------------------------------

_ES_SENT = (
    r"(?:mensaj(?:es?|itos)|sms|textos|correos?(?: electronicos?)?|e-?mails?|mails?|publicidad"
    r"|propaganda|ofertas?|promos?|promocion(?:es)?|anuncios|notificacion(?:es)?|alertas"
    r"|llamadas?|whatsapps?|wh?ats|[wg]uasaps?|newsletters?|boletin(?:es)?|spam"
    r"|comunicacion(?:es)?|informacion comercial|cupones|envios|avisos|contacto)"
)
_ES_TO = (
    r"(?:enviar|mandar|escribir|llamar|molestar|contactar|incordiar|spamear|insistir|wh?atsapear"
    r"|[wg]asapear|bombardear|fastidiar|agobiar|notificar|textear|dar(?:me|nos)? la lata)"
)
_ES_SEND = r"(?:mand|envi)(?:es?|en|eis)"
_ES_CALL = (
    r"(?:escrib(?:a|as|an|ais)|(?:llam|contact|molest|wh?atsape|[wg]u?asape|incordi|bombarde|texte"
    r"|agobi|spame)(?:es?|en|eis)|busquen|fastidi(?:es?|en|eis)|notifiquen?)"
)
_ES_YOUR = r"(?:(?:el|la|los|las|sus?|tus?|vuestr[oa]s?|est[aeo]s?|esas?|tant[oa]s?|tod[oa]s?) )*"
_ES_LATER = (
    r"(?! (?:\w+ )?(?:antes|hasta|despues|durante|entre|a partir|cuando|si|al|a las|por las?|en"
    r" horario|tan|los (?:lunes|fines)) )"
)
_ES = (
    rf"\bno (?:quiero|deseo|necesito|me interesan?|queremos|quisiera|acepto)(?: que me| ya| mas"
    rf"| recibir| seguir| recibiendo| tener| ver| ningun[oa]?s?| nada| de| ni un[oa]?| otr[oa]s?"
    rf"| sus?| tus?| vuestr[oa]s?| est[aeo]s?| esas?| la| los| las)* {_ES_SENT}\b",
    rf"\bno (?:quiero|deseo|queremos|necesito) (?:mas )?que (?:me|nos|ustedes|vosotros)(?: \w+)?"
    rf" (?:{_ES_SEND}|{_ES_CALL})\b",
    r"\bno quiero (?:volver a )?saber (?:nada )?(?:mas )?(?:nada )?de (?:ustedes|vosotros|ti)\b",
    r"\bno quiero (?:mas )?(?:estar|seguir) en (?:su|la|tu|esta|vuestra) lista\b",
    rf"\b(?:no|nunca|jamas) (?:mas )?(?:me|nos) (?:vuelvan a )?{_ES_CALL}\b{_ES_LATER}",
    rf"\b(?:no|nunca|jamas) (?:mas )?(?:me|nos) {_ES_SEND}\b(?: mas| nunca| ya| ningun[oa]?| por"
    rf" favor| de| otr[oa]s?)* (?:{_ES_YOUR}{_ES_SENT}|nada)\b",
    rf"\b(?:no|nunca|jamas) (?:me|nos) {_ES_SEND} mas\b",
    rf"\bno (?:me |nos )?vuelv(?:as?|an|ais) a {_ES_TO}",
    rf"\b(?:dej(?:a|e|en|ad|ar|eis)|par(?:a|e|en|ad|ar)|ces(?:a|e|en|ad|ar))(?: ya)? de (?:\w+ )?"
    rf"(?:{_ES_TO}|recibir (?:estos|sus|tus|los|mas|tantos|mensajes|sms|correos|ofertas))",
    rf"\b(?:par(?:e|en|ad)|para (?:ya|con)|ces(?:a|e|en|ad|ar)|basta|stop|fin|corten|cortad"
    rf"|harto|harta)(?: ya)?(?: con| de| a)? {_ES_YOUR}{_ES_SENT}\b",
    r"\bdej(?:a|e|en|ad)(?: ya)? (?:de |con )?el spam\b",
    r"^(?:no |ya |por favor |ok )*(?:basta|paren|parad|para)(?: ya| por favor| de una vez)*[.! ]*$",
    rf"(?:^|[.,;!?] ?|\by )(?:por favor )?(?:no|ni un|ni una|nada de) (?:mas )?{_ES_SENT}"
    rf"(?: mas)?\b(?! (?:de|del|sobre|con) (?:mi|el) )",
    r"\b(?:dar(?:me|nos|se)?|dame|denme|deme|dadme|den|dad|doy|damos|dar mi numero) de baja\b"
    r"(?! (?:la|el|un[ao]?) )",
    r"\b(?:solicito|pido|exijo|tramit\w+|quiero|deseo) (?:mi|la) baja(?= de\b|[.! ]*$)",
    r"\b(?:elimin|borr|quit|sa(?:c|qu)|remuev|suprim|tach)\w*(?:me|nos|lo|la)?\b[^.!?]{0,20}\b"
    r"(?:lista|base de datos|agenda|contactos|registros?|fichero)\b",
    r"\b(?:elimin|borr|quit|suprim|olvid)\w* (?:ya )?(?:mi|este) (?:numero|telefono|movil|celular"
    r"|contacto|correo|e-?mail|datos)\b(?! (?:del|de mi) pedido)",
    r"\b(?:olvid\w+ de mi|numero (?:equivocado|no es)\b.{0,30}\b(?:no|borr|elimin|quit)\w*)",
    r"\b(?:retiro|revoco|anulo|cancelo) (?:todo |mi |el |la )*(?:consentimiento|permiso"
    r"|autorizacion)",
    r"\bno (?:les |te |os )?(?:autorizo|consiento|doy (?:mi )?(?:permiso|consentimiento))\b",
    rf"\b(?:nunca|jamas|no) (?:les |os |te )?(?:he )?(?:di|dado|autorice|autorizado|pedi|pedido"
    rf"|solicite|solicitado|acepte|aceptado)\b[^.!?]{{0,12}}\b(?:permiso|consentimiento|que me"
    rf"|{_ES_SENT})\b",
    r"\b(?:desu[bs]s?crib|desapunt|desinscrib|desregistr)\w*",
    r"\b(?:cancel|anul)(?:ar|a|en|o|ad|e|acion de) (?:mi |la |esta |mis )?suscripcion(?:es)?\b",
    r"\bsaqu?e?n?me de (?:ahi|aqui|esta?|su|la lista)\b|\bcomo me (?:borro|salgo|quito"
    r"|desapunto)\b",
    rf"\bcancel(?:en|a|ad|e) {_ES_YOUR}{_ES_SENT}\b",
    r"\bno quiero que me (?:vuelvan a )?(?:escrib|llam|contact|molest|mand|envi)\w+",
    r"\b(?:les|te|os) prohibo\b|\bno (?:deseo|quiero) ser (?:contactad|molestad|llamad)\w+",
    rf"\bdejar de recibir {_ES_YOUR}{_ES_SENT}\b",
    r"\bquiero que (?:me )?(?:borr|elimin|quit)\w+ (?:mis datos|mi numero|de)\b|\bborrenme\b",
    r"^(?:por favor[, ]*)?(?:ya )?no mas(?:[, ]*por favor)?[.! ]*$|\bdan? de baja\b(?! (?:la|el) )",
    r"\bborr(?:en|ad|a) todo lo (?:mio|nuestro)\b",
    r"\bdejen? (?:ya )?(?:mi numero|de insistir)\b",
    r"\bdej\w*(?:me|nos)(?: ya)? (?:en paz|tranquil[oa])\b",
    r"\b(?:desactiv|apag|silenci|quit)\w+ (?:las |los |todas |sus |estas )*(?:notificaciones"
    r"|alertas|avisos)\b(?! (?:del?|en) )",
    rf"\bharto? de {_ES_YOUR}{_ES_SENT}|\b(?:oponerme|me opongo) a(?:l| la| recibir)\b",
)

# --- French ------------------------------------------------------------------------------------

_FR_SENT = (
    r"(?:messages?|sms|textos?|mails?|e-?mails?|courriels?|pubs?|publicites?|publicitaires?"
    r"|promos?|promotions?|offres?|appels?|notifications?|alertes?|newsletters?|infolettres?"
    r"|spams?|demarchages?|prospection|sollicitations?|communications?|whatsapps?|relances?"
    r"|reclames?|coupons?|bons plans|envois|contacts?|mailings?)"
)
_FR_DO = (
    r"(?:envo[iy]|ecri|contact|appel|telephon|derang|embet|relanc|sollicit|spam|harcel|demarch"
    r"|texto|recontact|importun|notifi|ennuy|bombard|joign|saoul|soul)\w*"
)
_FR_YOUR = r"(?:(?:les|la|le|vos|votre|tes|ces|cette|tous|toutes|toute|tout|aux?|a|de|des|d') ?)*"
_FR_LATER = r"(?! (?:avant|apres|entre|le matin|le soir|si|quand|tant|tard|tot|pendant|cette) )"
_FR = (
    rf"\b(?:arret(?:ez?|er)|cess(?:ez?|er)|stopp?(?:ez?|er)|finiss\w+)(?: \w+)? (?:de |d')"
    rf"(?:m'|me |nous )?{_FR_DO}",
    rf"\b(?:arret(?:ez?|er)|cess(?:ez?|er)|stopp?(?:ez?|er)|stop|assez|halte|marre|ras le bol"
    rf"|ca suffit|fini|fin)(?: avec)? ?{_FR_YOUR}{_FR_SENT}\b(?! (?:de|du|sur) (?:mon|ma|la|l')"
    rf" ?(?:commande|colis|montre|appli))",
    r"^(?:svp |merci d'|non |ok |bon )*(?:arret(?:ez?|er)|cess(?:ez?|er)|stop)(?: svp| stp| merci"
    r"| ca| tout| maintenant| s'il (?:vous|te) plait| immediatement| la)*[.! ]*$",
    rf"\bn(?:e |')(?:m'|me |nous )?(?:\w+ )?{_FR_DO}\b(?:[ -]moi)? (?:plus|jamais)\b"
    rf"(?! (?:tard|tot|vite)){_FR_LATER}",
    r"\b(?:m'|me )(?:envoy|ecri[vs]|contact|appel|derang|recontact|relanc|sollicit)\w* plus\b"
    r"(?! (?:tard|tot|vite|de (?:details?|photos?|infos?|choix|offres)))",
    rf"\bne (?:me |m')(?:appel|contact|ecri[vs]|derang|recontact|relanc|sollicit|demarch)\w* pas\b"
    rf"(?: svp| merci)*{_FR_LATER}(?=[.!,;? ]|$)|\b(?:me |m')recontact\w* pas\b",
    r"\bne m'(?:appel|ecri[vs])\w* pas(?: svp| merci)*[.! ]*$",
    rf"\bne m'envoy\w+ (?:pas|aucune?)(?: de| d'| vos| vos| des)? ?{_FR_SENT}\b",
    r"\bn'utilis\w+ plus (?:mon|ce|mes) (?:numero|adresse|mail|coordonnees|contact)",
    rf"\bne (?:veux|voudrais|souhaite|desire|voulons|souhaitons) (?:plus|pas|aucune?)(?: jamais"
    rf"| recevoir| avoir| voir| d'| de| du| vos| tes| ces| aucune?| la| le| autres?| vous| tout)*"
    rf" ?{_FR_SENT}\b",
    r"\b(?:ne |n')[^.!?]{1,20}\b(?:plus|pas|jamais)\b[^.!?]{0,20}\betre (?:re)?(?:contact|demarch"
    r"|derang|appel|sollicit|relanc|importun|harcel)\w*",
    r"\bne (?:veux|souhaite) plus (?:recevoir|etre (?:sur|dans) (?:vos|votre|la|cette) (?:listes?"
    r"|fichiers?)|entendre parler|rien (?:recevoir|de vous))",
    r"\bveux plus (?:recevoir|de vos|entendre parler|etre)\b",
    rf"\brefuse (?:de recevoir|d'etre (?:contact|demarch|appel|sollicit)\w*|(?:toute?s?|vos|les)"
    rf" {_FR_SENT})",
    rf"(?:^|[.,;!?:] ?|\bet |\bbonjour )(?:je veux )?(?:svp |merci )?(?:plus|pas|aucune?|zero)"
    rf"(?: (?:de|aucune?|du tout de)| d')? ?(?:vos )?{_FR_SENT}\b(?! (?:de|du|sur|pour|en|recue?s?"
    rf"|recu) )(?!\s*\?)",
    rf"\bne plus (?:jamais )?(?:m'|me |nous )?(?:{_FR_DO}|recevoir|etre (?:contact|derang|appel"
    rf"|sollicit|demarch|relanc)\w*)",
    r"\b(?:retir|supprim|effac|enlev|ray|ot|sort|vir)(?:ez|er|es?)?[ -]+(?:moi|nous|me)\b"
    r"[^.!?]{0,25}\b(?:listes?|bases?|fichiers?|diffusion|mailing|contacts|envois)\b",
    r"\b(?:retir|supprim|effac|enlev|oubli|ray|vir|jet)\w* (?:donc |bien |svp )?(?:mon|ce|notre)"
    r" (?:numero|contact|nom|adresse|e?-?mail|tel\w*|portable)\b(?! de (?:la|ma) commande)",
    r"\b(?:retir|supprim|effac|enlev|oubli)\w* (?:toutes )?mes (?:coordonnees|donnees|infos)\b",
    r"^(?:svp |merci de )*(?:retirez|supprimez|effacez|enlevez|virez|oubliez)[ -]moi[.! ]*$",
    r"\b(?:retir|revoqu|annul)\w* (?:tout |mon |le )*(?:consentement|accord|autorisation)\b",
    r"\bjamais (?:donne (?:mon |d'|l')|consenti|autorise|accepte (?:de |d'|vos )|souscrit|demande"
    r" (?:a recevoir|vos|ces))",
    r"\b(?:de |a )me (?:retirer|supprimer|enlever|desinscrire|rayer)\b",
    r"\b(?:retirez|supprimez)-moi de\b|\b(?:vous|tu) m(?:e |')harcel\w+",
    rf"\bque vous (?:cessiez|arretiez) (?:de |d')(?:m'|me )?{_FR_DO}|\bne consens (?:plus|pas)\b",
    rf"(?:^|[.,;!] ?)plus jamais (?:de |d'|aucune? )(?:vos )?{_FR_SENT}\b",
    rf"\bpas autorise (?:a |ces |vos |les |l'envoi){_FR_YOUR}|\blaissez-moi[.! ]*$",
    rf"\bbasta (?:avec )?{_FR_YOUR}{_FR_SENT}\b|\bpas demande a recevoir\b",
    r"^(?:arretez|cessez)(?: tout de suite| ca| immediatement| maintenant)*[.! ]*$",
    r"\bm'oppose\b|\bopposition (?:au|a la|a toute|a tout)\b",
    r"\blaiss\w+[ -](?:moi|nous)(?: donc| s'il vous plait)?[ ,-]+(?:tranquille|en paix)\b"
    r"|\b(?:fich|fout|lach)\w*[ -](?:moi|nous)\b",
    r"\b(?:annul|resili|stopp|arret|supprim|termin)\w* (?:mon |l'|cet |mes |les |tout )*"
    r"abonnements?\b",
    r"\b(?:desabonn|desinscri)\w*|^desabo$",
    r"\b(?:desactiv|coup|bloqu)\w* (?:toutes )?(?:les |vos |ces )(?:notifications?|alertes?)\b"
    r"(?! (?:de|sur|du) )",
)

# --- German ------------------------------------------------------------------------------------

_DE_SENT = (
    r"(?:(?:text|kurz|werbe|whats ?app-?|push-?)?nachrichten?|sms(?:en)?|e-?mails?|mails?|werbung"
    r"|werbe\w+|(?:sonder)?angebote?n?|(?:werbe)?anrufe?n?|newsletters?|spam|benachrichtigungen?"
    r"|whats ?apps?|push\w*|mitteilungen|gutscheine?|rabatt\w*|promo\w*|zusendung(?:en)?|kontakt"
    r"|infos?|werbepost)"
)
_DE_TO = (
    r"(?:melden|schreiben|anrufen|kontaktieren|anschreiben|belastigen|storen|nerven|texten|senden"
    r"|schicken|zusenden|zuschicken|anzurufen|anzuschreiben|zumullen|zuspammen|spammen)"
)
_DE_DO = (
    r"(?:schreib|kontaktier|ruf|schick|send|nerv|belastig|texte?|meld|stor|spamm|bombardier"
    r"|informier|whatsapp)\w*"
)
_DE = (
    rf"\bkein(?:e|en|er|erlei)? (?:\w+ ){{0,2}}{_DE_SENT} (?:\w+ ){{0,3}}(?:mehr|erwunscht"
    rf"|schicken|senden|zusenden|erhalten)\b",
    rf"\bkein(?:e|en|er)? weiter\w+ (?:\w+ )?{_DE_SENT}\b",
    rf"\b(?:will|wollen|mag|mochte|moechte|wunsche|brauche|verzichte)\b[^.!?]{{0,20}}\b"
    rf"kein(?:e|en|erlei)? (?:\w+ ){{0,2}}{_DE_SENT}\b",
    r"(?:^|[.!,;?] ?|\bund |\bbitte |\baber )(?:bitte )?keine? (?:weitere )?(?:werbung|werbe\w+"
    r"|spam|newsletters?|anrufe|werbesms|sms|whats ?apps?)\b",
    r"\bho(?:e)?r(?:t|en sie|e)?(?: bitte| endlich| doch| jetzt)* auf(?: damit)?,?(?: bitte)?"
    r" (?:mir|mich|uns|damit|mit (?:den|dem|der|diesen|diesem|euren|ihren)|zu (?:nerven|schreiben"
    r"|spammen|senden|schicken))\b",
    r"\bho(?:e)?r(?:t|en sie)?(?: bitte| endlich| jetzt)* auf[.! ]*$",
    rf"\b{_DE_DO}(?: sie)?(?: bitte)?(?: mi(?:r|ch)| uns)(?: bitte| hier| doch| sms| mails)*"
    rf" (?:nicht|nie|nichts|kein\w*)\b(?: \w+){{0,3}}? (?:mehr|wieder)\b",
    rf"\b(?:nicht|nie|nichts) (?:mehr|wieder|weiter) (?:\w+ )?{_DE_TO}\b",
    r"\b(?:will|mochte|moechte)\b[^.!?]{0,25}\b(?:nichts|nicht) mehr\b[^.!?]{0,20}\b(?:horen"
    r"|hoeren|bekommen|erhalten|wissen|empfangen|kontaktiert|angeschrieben|angerufen)\b",
    r"\b(?:nicht|nie|nicht mehr)(?: \w+){0,2} (?:kontaktiert|angeschrieben|angerufen|belastigt"
    r"|gestort|angetextet) werden\b",
    r"\bmeld(?:e|et|en sie) (?:mich|uns)\b[^.!?]{0,40}\bab\b",
    r"\b(?:mochte|moechte|will|wollen|kann|konnen|wie|bitte|wurde|muss)\b[^.!?]{0,40}\b(?:abmelden"
    r"|abbestellen|austragen|ausgetragen|abgemeldet)\b(?! (?:vom|von der) (?:kurs|konto|geschaft))",
    r"^(?:bitte )?(?:abmeldung|abmelden|austragen|abbestellen)(?: bitte)?[.! ]*$",
    r"\bbestell(?:e|t|en)\b[^.!?]{0,30}\bab(?=[.!?, ]*$)",
    r"\btrag(?:t|en sie|e)? (?:mich|uns)(?: bitte)? aus\b",
    rf"\b{_DE_SENT} (?:bitte )?(?:abbestellen|kundigen|abmelden|stornieren|einstellen|beenden)\b",
    r"\babo\w* (?:bitte )?(?:beenden|kundigen|stornieren|abbestellen|loschen)\b",
    r"\b(?:streich|nehm|nimm|entfern|lo(?:e)?sch|trag|schmeiss|werf)\w*\b[^.!?]{0,30}\b(?:verteiler"
    r"\w*|\w*liste|kartei|datenbank|adressbuch|kontakten?|system)\b(?! (?:entfernt|gekauft))",
    r"\b(?:lo(?:e)?sch|vergess|vergiss|entfern|streich)\w*(?: sie)?(?: bitte)?(?: sofort)?"
    r" (?:meine|diese) (?:\w+ )?(?:handynummer|telefonnummer|nummer|daten|adresse|mailadresse"
    r"|e-mail|kontaktdaten)\b",
    r"\b(?:nummer|adresse)(?: bitte| sofort)* (?:loschen|loeschen|entfernen|streichen)\b",
    r"\b(?:wied|wid)er(?:rufe?|spreche)\b[^.!?]{0,40}\b(?:einwilligung|zustimmung|erlaubnis"
    r"|einverstandnis|nutzung|werb\w+|verwendung|verarbeitung|zusendung|newsletter)",
    r"\bziehe? (?:hiermit )?meine (?:einwilligung|zustimmung|erlaubnis) zuruck\b",
    r"\b(?:nie|niemals|nicht) (?:\w+ ){0,2}(?:zugestimmt|eingewilligt|erlaubnis gegeben)\b",
    r"\blass(?:t|en sie|e)?(?: mich| uns)?(?: bitte| endlich| einfach| jetzt)* in ruhe\b",
    rf"\b(?:genug|schluss|satt)(?: jetzt| damit)*[, ]+(?:mit|von|der|die)(?: den| dem| der"
    rf"| diesen| diesem| eurem| euren| eurer| ihrem| ihren| ihrer)? (?:\w+ )?{_DE_SENT}\b",
    rf"\b(?:stopp?(?:t|en sie|e)?|beend(?:et|en sie)|einstellen)(?: bitte)? (?:die|den|das|mit"
    rf"|diese|eure|ihre|alle|jede|jegliche) (?:\w+ )?{_DE_SENT}\b",
    r"\bunterlass(?:t|en sie|e)\b|\bzu unterlassen\b",
    rf"\bverzichte\w* (?:dankend |gern )?auf\b[^.!?]{{0,25}}\b{_DE_SENT}\b",
    rf"\bkein interesse\b[^.!?]{{0,5}}[^.!?]{{0,25}}\b(?:an|nicht|keine?) (?:\w+ ){{0,3}}"
    rf"(?:{_DE_SENT}|melden)\b",
    r"\b(?:benachrichtigungen|mitteilungen|push\w*)(?: bitte)? (?:aus|ausschalten|ausstellen"
    r"|abschalten|abstellen|deaktivieren)\b|\b(?:schalt|stell)\w* (?:bitte )?(?:die |alle |eure )"
    r"(?:benachrichtigungen|mitteilungen)(?: bitte)? (?:aus|ab)\b",
    r"\b(?:nehm|nimm)\w* (?:bitte )?(?:mich|meine nummer)(?: bitte)? (?:raus|heraus|runter)\b",
    r"\b(?:will|mochte|moechte|wie komme ich) (?:\w+ )?(?:raus|heraus) aus (?:dem|eurem|ihrem"
    r"|der)\b",
    r"\b(?:losch(?:t|en sie)|loesch(?:t|en sie)) mich\b|\bkeine erlaubnis\b",
    r"^(?:bitte )?(?:lasst|lassen sie) das(?: sein)?(?: bitte)?[.! ]*$|^nervt nicht\b",
    r"^(?:jetzt (?:ist )?)?schluss(?: jetzt| damit)[.! ]*$|\bkundige (?:\w+ )?(?:abo|newsletter)\b",
    rf"\bstell(?:t|en sie) (?:bitte )?(?:die|eure|ihre|den) (?:\w+ )?{_DE_SENT}(?: bitte)? ein\b",
    r"\baufho(?:e)?ren,? (?:mir|mich|uns|damit|mit)\b|\bin frieden\b",
    r"\bmeine (?:nummer|daten|adresse|e-?mail)\b[^.!?]{0,25}\b(?:nehmen|entfernen|loschen|raus)\b",
    rf"\bnie (?:wieder|mehr) (?:eine? )?{_DE_SENT}\b|\blo(?:e)?schung meiner\b",
    r"\bho(?:e)?r(?:t|en sie) (?:bitte |endlich )?mit (?:den|dem|der|euren|ihren"
    r"|diesen)\b[^.!?]{1,25}"
    r"\bauf\b",
    rf"\bkeine[mnr]? (?:\w+ )?{_DE_SENT} zugestimmt\b",
    r"\bnicht (?:mehr|weiter|langer) (?:informiert|benachrichtigt|beliefert) werden\b",
    r"\bwie werde ich (?:das|euch|sie) (?:wieder )?los\b",
    r"\bfinger weg von (?:mir|meiner|meinen)\b",
)

REFUSALS = Phrases("refusals", (*_ES, *_FR, *_DE))

OTHERWISE = Phrases(
    "otherwise",
    (
        # "Are there no offers any more?" asks; "I got no mail" and the like complain.
        r"\b(?:gibt es|gibts|habt ihr|haben sie|hast du|sind|kommen|kam|kamen"
        r"|(?:warum|wieso|weshalb) bekomme ich|bekomme ich|ich (?:habe|hab|bekomme)|habe ich"
        r"|hab ich)\b[^.!?]{0,30}\bkein\w*\b[^.!?]*",
        r"\bhor(?:t|en sie) ihr auf\b[^.!?]*",
        r"\b(?:je n'ai|j'ai|pourquoi|n'ai-je|on n'a)\b[^.!?]{0,20}\b(?:plus|pas|aucune?|jamais)\b"
        r"[^.!?]{0,6}\b(?:recu|eu|de|d'|aucune?)\b[^.!?]{0,20}\b(?:messages?|mails?|sms|nouvelles"
        r"|appels?|notifications?)\b",
        r"\bno (?:me )?(?:he|ha|han|has|hemos) (?:\w+ )?(?:recibido|llegado|enviado|mandado)\b"
        r"[^.!?]*",
        r"\bno (?:recibi|recibo|me llegan?|me llego)\b[^.!?]*",
    ),
)
