"""Concepts that tell intents apart, each as one pattern over plain text: the model's cues.

Lives here: wording only, English first, with light Spanish, French and German. What each cue is
worth is learned. Never here: a decision.
"""

from __future__ import annotations

_PARCEL = (
    r"(?:orders?|packages?|parcels?|deliver(?:y|ies)|shipments?|refunds?|returns?|purchases?|stuff"
    r"|items?|box|pedido|paquete|commande|colis|bestellung|paket|lieferung|pickup|collection)"
)
_SHOP = (
    r"(?:stores?|shops?|branch(?:es)?|locations?|outlets?|showrooms?|tienda|magasin|boutique"
    r"|laden|filiale|geschaft)"
)
_GOOD = (
    r"(?:great|awesome|amazing|perfect|excellent|brilliant|wonderful|fantastic|lovely|superb|fab"
    r"|fabulous|outstanding|impressed|friendly|legends?|lifesaver|rock|star|stars|delighted"
    r"|pleased|thrilled|spot on|quality service|kudos|props|shout ?out|well done|good job|nice one"
    r"|top notch|5 stars|five stars|best (?:service|store|team|shop)|made my day|works? (?:great"
    r"|perfectly))"
)

PATTERNS = {
    # availability
    "bare": r"^(?:\W*\w+\W*){1,3}$",
    "have": r"\b(?:you|ya|they|guys|yall|store|shop|anyone|anybody|soho|branch)\b.{0,18}\b(?:have"
    r"|got"
    r"|carry|stock|sell|keep|do)\b|^(?:got|have|any)\b|\b(?:have|got) (?:any|some|a|an|the|this|it"
    r"|these|those)\b|\b(?:tienen|tienes|hay|avez|habt|gibt es|vendez|venden|fuhrt)\b",
    "instock": r"\b(?:in|out of|back in|of|on|have) stock\b|\b(?:restock\w*|re-stock\w*|stock(?:ed"
    r"|ing|s)?|sold out|inventory|availab\w+|unavailable|gone|on hand|on the shelf|on shelves)\b"
    r"|\b(?:disponibles?|dispo|auf lager|vorratig|agotad\w+|rupture|verfugbar|lieferbar)\b",
    "left": r"\b(?:left|remaining|last one|last pair|any more|one more|spare|another one)\b",
    "comeback": r"\b(?:back|again|more|restock\w*|new sizes?|delivery of|arrive in|next batch|drop"
    r"|incoming)\b.{0,25}\b(?:in|stock|size|soon|when|come|coming|get|getting)\b|\b(?:notify|text"
    r"|e?mail|message|dm|let me"
    r" know|tell me|alert me|ping me|waitlist|wait list)\b.{0,30}\b(?:when|if|once|back"
    r"|available)\b",
    "comein": r"\b(?:come|comes|available|get|find|make|made|have|got|one|ones|these|it|them|same)"
    r"\b.{0,20}\b(?:in|in a|in an)\s+(?:a |an |size |the )?(?:\d|black|blue|red|white|green|grey"
    r"|gray|navy|pink|purple|yellow|brown|small|medium|large|x|s\b|m\b|l\b|half|wide|other|another"
    r"|different|any|more|bigger|smaller|kids|mens|womens)",
    "seek": r"\b(?:looking for|looking to buy|after (?:a|the|some)|searching|hunting"
    r"|trying to (?:find"
    r"|get|buy|track down)|hold|reserve|put (?:one |it |a pair )?(?:aside|by|away)|set aside|where"
    r" (?:can|could|do) i (?:find|buy|get)|can i (?:get|buy|order|pick up)|want to buy|in need of"
    r"|need|busco|cherche|suche)\b",
    "sizeword": r"\b(?:sizes?|sz|wide|narrow|half size|xl|xxl|xs|small|medium|large|uk|eu|colou?rs?"
    r"|pairs?|talla|taille|grosse|pointure)\b",
    "colour": r"\b(?:black|blue|red|white|green|gr[ea]y|navy|pink|purple|yellow|brown|olive|cream"
    r"|tan)\b",
    # price
    "howmuch": r"\b(?:how (?:much|mcuh|muhc|many (?:dollars|bucks|pounds|euros)) (?:is|are|for"
    r"|does|do"
    r"|would|it|the|this|these|those|am|will|money|did|a|you|to)|how much$|how much\?"
    r"|cuanto (?:cuesta"
    r"|vale|es|cuestan)|combien|was kosten?|wie ?viel)\b",
    "price": r"\b(?:price\w*|pricing|costs?|costing|expensive|pricey|cheap\w*|rrp|msrp|charge for"
    r"|charging for|worth of|fee|quote|what.{0,8}damage|set me back|precio|precios|prix|tarif"
    r"|coute\w*"
    r"|kostet|kosten|preis|teuer|caro|cher)\b|[$£€]\s?\d|\d\s?(?:[$£€]|bucks|dollars|pounds|quid"
    r"|euros?"
    r"|usd|gbp)\b|[$£€]{2,}|\bafford\w*\b|\bbudget\b",
    "deal": r"\b(?:discount\w*|coupons?|vouchers?|promo(?: ?codes?)?|codes?|on sale|sales?|deals?"
    r"|percent off|% off|markdowns?|marked down|reduced|clearance|bogo|buy one get|bundle|special"
    r"|black friday|cyber monday|on offer|money off|get one|charging|price ?match\w*|cheaper"
    r"|student|military|rebajas|oferta|descuento"
    r"|soldes|reduction|promotion|rabatt|angebot|offers? on|any offers)\b|\d ?% ?off",
    # store
    "hours": r"\b(?:open|opens|opening|opened|close|closes|closing|closed|hours|shut|shuts|shutting"
    r"|till what time|until what time|what time|opening times|abren|abierto|abre|cierran|cierra"
    r"|horarios?"
    r"|ouvert|ouvrez|ouvre|fermez|ferme|horaires|heures|geoffnet|offnet|offnungszeiten|schliesst"
    r"|offen"
    r"|uhr)\b",
    "day": r"\b(?:today|tonight|tomorrow|now|right now|mondays?|tuesdays?|wednesdays?|thursdays?"
    r"|fridays?|saturdays?|sundays?|weekends?|holidays?|christmas|xmas|easter|thanksgiving"
    r"|new years?"
    r"|bank holiday|labor day|july|morning|evening|late|early|manana|hoy|demain|aujourd'?hui|morgen"
    r"|heute|sonntag|domingo|dimanche)\b",
    "shop": rf"\b(?:your|ur|ya|the|a|which|what|any|many|list of|nearest|closest|physical|my|local"
    rf"|this)\b.{{0,14}}"
    rf"\b{_SHOP}\b|\b(?:donde|ou|wo)\b.{{0,20}}\b{_SHOP}\b|\b(?:broadway|soho|union sq\w*"
    rf"|harbor)\b",
    "place": r"\b(?:address|directions|located|nearest|closest|nearby|near me|around here"
    r"|close to me"
    r"|parking|park|store (?:locator|finder)|map|zip|postcode|in person|visit|phone number|mall"
    r"|street"
    r"|how do i get (?:to|there)|get to|far|downtown|direccion|adresse|wheelchair|toilets?|restroom"
    r"|fitting rooms?|changing rooms?|where (?:are|r|is) (?:you|ya|u|your|ur"
    r"|the (?:\w+ ){0,2}(?:store"
    r"|shop|branch|location))|where you (?:at|located|are)|where(?:abouts)? (?:are|in))\b",
    # order
    "myorder": rf"\b(?:my|our|mi|mon|ma|meine?|the|an|this|that)\s+(?:\w+ ){{0,2}}{_PARCEL}\b",
    "parcel": rf"\b{_PARCEL}\b",
    "bought": r"\b(?:i|we|ive|i have|just|wife|husband|been|that i) (?:have |just |also "
    r"|recently )?"
    r"(?:ordered|bought|purchased|paid|returned|placed|got|received|exchanged|sent back)\b"
    r"|\bmy new\b",
    "track": r"\b(?:track\w*|shipped|shipping|ships?|dispatch\w*|deliver(?:ed|ing)|arriv\w+|courier"
    r"|eta|fedex|ups|usps|dhl|dpd|hermes|evri|royal mail|transit|on (?:its|it is|the|their) way"
    r"|out for"
    r" delivery|come (?:today|tomorrow|yet)|showed up|show up|turned up|turn up|llega\w*|llegado"
    r"|recu"
    r"|livre\w*|livraison|angekommen|geliefert|kommt|versandt|versendet|delayed)\b",
    "whereis": r"\b(?:where(?:s| is| are| r| the)|wher|what happened to|whats happening with"
    r"|what is"
    r" (?:happening|going on|up) with|status|update|news|any word|look ?up|check (?:on|my)"
    r"|donde esta|ou"
    r" est|wo (?:ist|bleibt)|when (?:is|will|does|do|are|can))\b",
    "change": r"\b(?:cancel|change|amend|modify|edit|exchange|return|send back|swap|refund|add"
    r"|remove)"
    r"\b.{0,30}\b(?:order|address|purchase|item|refund|return|it back|boots|shoes|size|jacket)\b",
    # advice
    "recommend": r"\b(?:recommend\w*|recomm?end\w*|reccomend\w*|suggest\w*|advice|advise|ideas?"
    r"|thoughts"
    r"|opinion|guidance|tips|recomien\w+|recomend\w+|conseill\w+|recommand\w+|empfehl\w+"
    r"|empfiehl\w*"
    r"|what (?:should|would|do) (?:i|you|u) (?:buy|get|wear|need|pick|choose|use|go|take|bring"
    r"|recommend|suggest|think))\b",
    "which": r"\b(?:which|best|better|difference\w*|compar\w+|versus|vs|similar|alternativ\w+"
    r"|equivalent"
    r"|instead of the|between the|or the|warmest|lightest|comfiest|toughest|most|welche\w*"
    r"|quelle?s?"
    r"|mejor|meilleure?|beste\w*)\b",
    "choose": r"\b(?:help (?:me )?(?:to )?(?:choos|pick|decid|find|select|with (?:choos|pick"
    r"|siz))\w*"
    r"|(?:not|un)sure (?:which|what|if)|cant decide|can not decide|torn between|no idea (?:what"
    r"|which)"
    r"|(?:dont|do not) know (?:what|which)|gift|present|true to size|run (?:small|large|big|narrow"
    r"|wide)|size up|size down|what size|my size|sizing|fit (?:like|true|small|large)|new to"
    r"|beginners?"
    r"|first time|starting out|just started)\b",
    "attribute": r"\b(?:waterproof\w*|water ?resistant|warm\w*|heavy|weighs?|weight|light ?weight"
    r"|made (?:of|from|in)|material|batter(?:y|ies)|wash\w*|vegan|gluten|organic|compatible"
    r"|durab\w+"
    r"|breathab\w+|fits?|grip\w*|cushion\w*|comfort\w*|comfy|dimensions|capacity|lasts?|machine"
    r"|ingredients|nuts?|allerg\w+|hold up|handle|suitable|ok for|good (?:for|in|on|enough)"
    r"|work (?:with"
    r"|for|in|on)|use (?:it|this|them|these|the)|rated?|leather|dishwasher|induction|bluetooth"
    r"|charge"
    r"|insulated|stretch|shrink|clean|care for|safe|feel|tell me (?:more )?about|details|specs"
    r"|review\w*"
    r"|worth it|go(?:es)? with|pair with|rechargeable|how (?:long does|long do|big|tall|thick|warm"
    r"|heavy|loud|bright|stiff)|hoods?|pockets?|zips?|coated|lining"
    r"|lined|wool|cotton|down fill|fill|oven|android|iphone compatible|soles?|comes? with"
    r"|include\w*|contain\w*"
    r"|sugar|caffeine|dairy|vegetarian|keto|noisy|loud|strong|sturdy|heavy duty|any good|worth)\b",
    "whatfor": r"\b(?:for|in|on) (?:\w+ ){0,3}(?:running|runs?|hik\w+|walk\w*|trails?|snow\w*"
    r"|rain\w*"
    r"|mud\w*|winter|summer|camp\w*|beginners?|wet|cold|ice|icy|travel\w*|marathon|half|10k|5k"
    r"|treks?|gym"
    r"|feet|knees?|back|mountains?|yoga|fishing|festival|school|work|commut\w+|ski\w*|climb\w*"
    r"|barro"
    r"|boue|matsch|flat|pronat\w+|weather|terrain|rocks?|rocky|year ?olds?)\b",
    # complaint
    "angry": r"\b(?:worst|terrible|horribl\w+|horrendous|awful|dreadful|disgust\w*|unaccept\w*"
    r"|ridiculous"
    r"|disappoint\w*|furious|angry|upset|rude|rudest|unhappy|pathetic|useless|scam\w*|fraud\w*"
    r"|(?:a|what a|total|such a|are a) joke (?:of|company|service)?|never again|fed up|shame\w*"
    r"|appall\w*|frustrat\w*|annoy\w*|complain\w*|complaints?|crap\w*|garbage"
    r"|let down|furieux|queja|beschwer\w*|reclam\w*|unhelpful|unbelievable|overdue|soaked"
    r"|hard (?:is it )?to"
    r"|rubbish|trash|junk|wtf|sucks?|incompetent|how hard|thanks for (?:nothing|ruining|wasting"
    r"|the late|letting|breaking|losing)|shocking|disgrace\w*|diabolical|shambles|sick of|had it"
    r"|tired of|not (?:\w+ )?(?:happy|impressed|good enough|acceptable|pleased|satisfied"
    r"|what i (?:ordered|paid))|poor|pissed|lied|liars?|lies"
    r"|stole|thieves|robbery|rip ?off|false|mislead\w*|misled|regret|nightmare|waste|wasted"
    r"|insult\w*"
    r"|verguenza|pesimo|enfadad\w+|decu|nul|honteux|inadmissible|frechheit|enttauscht"
    r"|unverschamt\w*"
    r"|schlecht\w*|seriously|zero stars|one star|avoid|lost a customer|do better|unprofessional|bs"
    r"|bullshit|ffs|jerks?|idiots?|morons?|clowns?|hate)\b|[😡🤬😠👎😤🙄]",
    "faulty": r"\b(?:broken?|broke|breaks|defective|faulty|damaged|ripped|rips|torn|leak\w*"
    r"|cracked|crack"
    r"|split|fell (?:apart|off|out)|falling apart|came (?:off|apart|undone)|coming apart|died|dead"
    r"|stopped"
    r" working|doesnt work|does not work|not working|wont (?:turn|charge|open|close)|snapped"
    r"|peeling"
    r"|worn (?:out|through)|stain\w*|dirty|expired|moldy|mouldy|missing|blisters?|wrong (?:size"
    r"|item|colou?r|one|shoes?|product|thing|order|address)|not (?:as|what) (?:described|advertised"
    r"|i ordered|pictured)|incorrect|nothing like|empty box|smashed|someone elses?|scratched"
    r"|crash\w*|kaputt|casse\w*|roto"
    r"|defekt|shrunk)\b",
    "badserve": r"\b(?:overcharged|charged (?:me )?(?:twice|double)|double charged|money back"
    r"|third time"
    r"|second time|(?:2nd|3rd|4th|5th|\d+th) (?:time|email|message|call)|still (?:no|nothing"
    r"|waiting"
    r"|havent|have not|not)|no(?: ?one|body) (?:answers?|replies|replied|responds?|cares?|called"
    r"|helped"
    r"|bothered|picks|knew|told)|no (?:response|reply|answer|apology|explanation)|ignor\w+|on hold"
    r"|hung up|promised|you (?:lost|sent|people|lot|cancell?ed|charged|ruined|forgot)|late again"
    r"|full price even"
    r"|never (?:arrived|came|turned up|received|buying|shopping|buy|shop|ordering|using)|weeks?"
    r"|months?"
    r"|staff (?:was|were)|cashier|manager|driver|treated)\b",
    # people and channels
    "person": r"\b(?:humans?|real person|person|people|agents?|representatives?|operator"
    r"|advis[oe]rs?"
    r"|managers?|supervisor|someone|somebody|customer (?:service|care|support|services)"
    r"|live (?:chat"
    r"|agent|person)|employee|staff|rep|reps|colleague|assistant|team member|actual|bots?|robots?"
    r"|machine|automated|ai|chatbot|persona|agente|conseiller|quelqu'?un|mensch\w*|mitarbeiter)\b",
    "speak": r"\b(?:talk|speak|chat|connect|transfer|put me (?:through|on)|get me|escalate|pass me"
    r"|hand me"
    r"|forward me|hablar|parler|sprechen|reden|deal with|patch me)\b",
    "channel": r"\b(?:text|sms|e?mail|whatsapp|call|phone|ring|dm|message|contact|reach|ping"
    r"|notify|txt)"
    r" (?:me|us)\b|\b(?:by|via|over|through|on|use|using|prefer|to|as|my|only|want|a|an|no|not"
    r"|than)"
    r" (?:a |an |my |the )?(?:texts?|sms|e?mails?|phone|whatsapp|dms?|calls?|texting|inbox|push"
    r"|messages?)\b",
    "channels": r"\b(?:texts?|sms|e?mails?|whatsapp|dms?|texting|emailing|inbox"
    r"|push notifications?)\b",
    "prefer": r"\b(?:instead|prefer\w*|rather|better|best way|easier|from now on|only"
    r"|going forward|in"
    r" future|switch|works? (?:better|best)|please use|reach me|get (?:hold of|a hold of) me|lieber"
    r"|prefiero|prefere)\b",
    "stop": r"\b(?:stop|unsubscribe|opt|remove|no more|take me off|off your|any ?more|mailing list"
    r"|sending me|consent|texting me|messaging me|unwanted|desabonn\w+|abmelden|baja|arret\w*)\b",
    "begin": r"\b(?:subscribe|sign (?:me )?(?:back )?up|signing up|opt (?:me )?(?:back )?in|start"
    r" (?:text|send|messag|get|receiv|again)\w*|resume|add me|(?:back )?on (?:the"
    r"|your) (?:\w+ )?list"
    r"|resubscribe|re-?activate|join|turn (?:\w+ ){0,3}(?:back )?on|(?:texts?|messages?|emails?"
    r"|offers)"
    r" again|want (?:to (?:get|receive|hear)|your)|keep me (?:posted|updated|in the loop))\b",
    "thanks": r"\b(?:thanks?|thank you|thankyou|cheers|appreciat\w*|grateful|much love|gracias"
    r"|merci"
    r"|danke|dankeschon|obliged|bless)\b|[🙏❤🥰😍💕🎉]",
    "good": rf"\b{_GOOD}\b|\b(?:love|loving|loved) (?:my|the|your|this|it|these|them|you|ur)\b",
    "happy": r"\b(?:so|very|really|super) (?:happy|helpful|kind|quick|fast|good|nice)\b|\bhelped\b",
    "assist": r"\b(?:help|assist\w*|support|what can (?:you|i|this)|faq|more info\w*|what (?:is"
    r"|are) (?:this|you)|question|query|why are you texting|who (?:is|are|r) (?:this|you|u)"
    r"|how does this"
    r"|how do i use|menu|commands?|instructions|options|get started|guide|ayuda|aide|hilfe)\b",
    # elsewhere
    "policy": r"\b(?:policy|policies|(?<!good )(?<!great )jobs?|hiring|vacanc\w+|career\w*|apply"
    r"|interview|account|password"
    r"|log ?in|sign ?in|points|loyalty|rewards?|gift ?wrap\w*|paypal|apple pay|klarna|afterpay|pay"
    r"|payments?|wholesale|donat\w+|sponsor\w*|ship(?:ping)? (?:to|fee|costs?|free)|free shipping"
    r"|how much is shipping|deliver to|internationally"
    r"|without a receipt|how long do i have|my (?:email|phone|account|password|login|profile|data)"
    r"|data|privacy|gdpr|invoice"
    r"|vat|warranty|guarantee|repairs?|press|publicly|ceo|company|sustainab\w+|recycl\w+)\b",
    "lure": r"\b(?:url|click|winner|won|prize|crypto|bitcoin|btc|eth|nft|follow(?:ers)?|earn|income"
    r"|invest\w*|loans?|seo|free iphone|bio|giveaway|onlyfans|forex|backlinks|guaranteed|traffic"
    r"|business proposal|partnership|collab\w*|influencer|manufactur\w+|supplier|leads|ranking"
    r"|casino"
    r"|betting|verify|suspended|prince|inheritance|limited time|mixtape|sexy|singles|hot)\b",
    "life": r"\b(?:smell|culture|roses|bored|married|poem|translate|everest|made you|babe|boomer"
    r"|meeting|report|mum|mom|dinner|lunch|movie|film|song|music|game|match|dog|cat|birthday"
    r"|weather|joke"
    r"|homework|book|election|vote|president|party|football|soccer|team|kids|school|tired|sleep"
    r"|pizza"
    r"|beer|god|lord|teacher|exam|sunset|selfie|concert|episode|season finale|netflix|laugh\w*"
    r"|weekend"
    r"|news|traffic|train|bus|gym|strava|pb|happy (?:new|birthday|monday|friday)|good (?:night"
    r"|luck))\b",
    "greet": r"^(?:hi|hello|hey|hiya|yo|sup|howdy|good (?:morning|evening|afternoon|day)|hola"
    r"|bonjour"
    r"|hallo|guten (?:tag|morgen|abend)|buen[oa]s (?:dias|tardes|noches)|salut|bonsoir|moin"
    r"|hi there|hello)(?: there| all| guys| team)?[\s!.,]*$",
    "agree": r"^(?:yes|yeah|yep|yup|yea|sure|ok|okay|absolutely|definitely|of course|please do"
    r"|go ahead"
    r"|do it|sounds (?:good|great)|that works|correct|alright|fine|si|oui|ja|why not|go for it"
    r"|thats right|perfect)\b",
    "refuse": r"^(?:no|nope|nah|naw|not (?:now|really|today|yet|that|this|at the moment"
    r"|interested)|never ?mind|nvm|none|neither|forget it|non|nein|dont bother|maybe"
    r" later|i ?a?m (?:good|fine|ok)|ill pass|i will pass|i do not think so|i dont)\b(?! (?:one|1"
    r"|body|stock))",
    "question": r"\?",
    "asking": r"^(?:\W|hi|hello|hey|ok|so|please|and)*(?:do|does|is|are|can|could|will|would|what"
    r"|when"
    r"|where|which|who|how|why|has|have|did|any|got|r|u)\b",
    "shout": r"!{2,}",
}
