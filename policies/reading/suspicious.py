"""Words that may change what a figure means: the small words of each grammar, and stems of what is not the job's.

Nouns, verbs and adjectives are without end, and nearly all of them change nothing; words that negate, compare, count,
repeat, put conditions or tell of another time are few, and listed whole. Neither accents nor case count here.
"""

import unicodedata
from functools import lru_cache

from policies.reading.numerals import numbers
from policies.reading.qualifiers import QUALIFIES

_WORDS = """
no not don doesn isn aren won wouldn shouldn couldn wasn weren hasn haven hadn didn mustn ain never none nothing
nobody neither nor without cannot cant dont doesnt wont isnt wouldnt shouldnt hardly barely scarcely than more less
fewer least minimum over above beyond another other others else elsewhere different instead rather same similar except
excepting excluding including save besides apart only but however although though despite if unless otherwise whether
when whenever while until till before after since provided providing assuming depending case per each every apiece
both either any half halves third thirds quarter quarters tenth fifth percent double twice thrice triple times fold
folds once first second last next previous former formerly latter old older ago already still yet yesterday tomorrow
overnight tonight usually usual normally normal often sometimes always originally initially again anymore away longer
shorter higher lower bigger smaller better worse faster slower cheaper much many few several pair dozen dozens hundred
hundreds thousand thousands off down was were had did been took lasted ran went got gave came fell lost won sold
bought spent held kept sat stood began who whose why or versus vs seldom rarely too whoever whichever

nicht nichts nie niemals nirgends niemand kein keine keinen keinem keiner keines weder ohne kaum als denn mehr weniger
mindestens wenigstens minimum über übersteigt zuviel zuwenig viel viele vieles wenig wenige anderer andere anderen
anderes anders sonst stattdessen statt anstatt anstelle außer ausgenommen ausschließlich abgesehen obwohl trotz wenn
falls sofern soweit ob wann während solange bevor nachdem seit seitdem vor nach pro je jeder jede jedes jeden jedem
jeweils beide beiden mehrere einige halb halbe halber halben hälfte drittel viertel zehntel prozent doppelt doppelte
doppelten zweimal dreimal viermal erste ersten erster erstes zweite zweiten letzte letzten letzter letztes nächste
nächsten vorige vorigen früher früheren frühere ehemals alt alte alten alter gestern vorgestern morgen übermorgen
nachts üblich üblicherweise normalerweise meist meistens oft manchmal immer ursprünglich zuerst zunächst zuletzt
bisher noch wieder länger kürzer höher niedriger größer kleiner besser schlechter schneller langsamer billiger teurer
paar dutzend hundert tausend minus plus weg oder beziehungsweise bzw termin war waren hatte hatten wurde wurden
dauerte brauchte brauchten benötigte rechnete trainierte kostete lief liefen ging gingen nahm nahmen hielt kam kamen
stand gab fand ließ blieb schaffte reichte reichten zahlte wer wessen warum

ne n non ni jamais rien aucun aucune nul personne sans guère plus moins davantage minimum dépassant delà que autre
autres autrement ailleurs différent même mêmes semblable sauf excepté hormis hors sinon seulement malgré si quand
lorsque avant après depuis dès parce pourvu selon chaque chacun chacune quelque quelques plusieurs demi demie moitié
tiers quart quarts dixième fois premier première second seconde dernier dernière derniers précédent précédente
prochain prochaine ancien ancienne anciens vieux vieille hier demain habituellement habituel normalement souvent
parfois toujours initialement initial encore déjà tard tôt meilleur pire cher chère trop beaucoup paire douzaine cent
cents mille ou était étaient avait avaient avais étais fut eut pris mis duré tourné tenu fallu coûté lancé testé
essayé acheté vu lu prenait durait tournait coûtait mettait fallait qui dont pourquoi contre pas

nunca nada nadie ningún ninguna ninguno tampoco sin apenas menos mínimo superior inferior otro otra otros otras
distinto diferente mismo misma parecido salvo sino aunque pese cuando mientras antes después desde tras según cada
ambos ambas cualquier cualquiera algún alguna varios varias medio media mitad tercio cuarto cuartos décimo ciento
veces primer primera primero segundo segunda último última anterior próximo próxima antiguo antigua viejo vieja ayer
mañana anoche habitual habitualmente siempre inicialmente todavía aún ya mejor peor caro demasiado demasiada mucho
mucha muchos muchas poco pocos poca doble dobles par docena docenas cien cientos mil u era eran fue fueron había
habían tenía tuvo hizo tardo duro quien quién cuyo menor mayor
"""

_STEMS = """
avoid exclud skip omit refus reject forbid forbad wast surplus subtract deduct discount refund donat earn owed rais
debt loan tax shar split salar wage revenue profit raffle lotter invoice quotation quoted imagin pretend joke kidding
hypothet exampl doubl tripl quadrupl halv expensiv overkill crash fail abort cancel brother sister cousin uncle
neighbo peso rupee yuan franc krone zlot sterling loonie

vermeid auslass überspring verzicht ausschließ weglass abzüg abzug zuzüg aufpreis rabatt erstatt spende gehalt gewonn
aufteil geteilt verlos steuer gebühr angebot beispiel träum scherz rupie rubel bruder schwester nachbar onkel tante
abstürz abgestürz dreifach vierfach verdoppel

évit exclu oubli interdi gaspill supplément rembours salair gagn partag tombola factur devis taxe exempl rêv blagu
voisin frère soeur sœur planté

desperdic ahorr descuent reembols sueldo ganan ganam ganó compart repart rifa factur impuest ejempl sueñ hipot duplic
hermano hermana vecin
"""

_OTHER_DURATIONS = """
epoch step seed round iteration meeting appointment lecture flight journey movie film footage record video audio song
podcast concert wedding broadcast interview break queue wait deadline due warm cpu colab kaggle macbook laptop desktop
workstation cluster portátil download upload preprocess prepar install compil toy tiny mini old sampl demo

epoche schritt durchgäng runde sitzung vortrag aufnahme mitschnitt konzert hochzeit sendung warteschl pause frist
fällig abgabe probe lädt vorbereit vorverarbeit

époque étape réunion rendez conférenc enregistr entretien attente télécharg échéance délai émission

época ronda reunión cita charla vuelo viaje película grabaci boda emisión entrevista espera descarg instal plazo
"""

_OTHER_GPUS = """
success predecess compar equival simil class tier calib benchmark paper blog author review forum colleague friend
intern competitor cluster universit laptop desktop workstation broken dead fortune oom recommend like level spare
nearest all alle home hang freez

vergleich gleichwert ähnlich nachfolg vorgäng klasse kolleg freund rechenzentr defekt kaputt bogen zuhause daheim häng

success prédécess semblabl gamme collègue ami portable cassé maison

sucesor semejant gama colega compañer amig portátil averiad casa cuelg colg
"""

_TIMES = """
hour hours hourly hr hrs h minute minutes min day days daily week weeks weekly month months monthly night nights year
stunde stunden stündlich std minuten tag tage tagen täglich woche wochen monat monate nacht nächte jahr heure heures
jour jours semaine semaines mois nuit nuits an année hora horas día días semana semanas mes meses noche noches año
"""


def _folded(text: str) -> str:
    """Without accents and case: people leave out either."""
    return "".join(sign for sign in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(sign))


_SMALL = frozenset(_folded(_WORDS).split())
_OF_TIME = frozenset(_folded(_TIMES).split())
_OF_ANY = tuple(_folded(_STEMS).split())
_OF_A_FIELD = {
    "hours": (*_OF_ANY, *_folded(_OTHER_DURATIONS).split()),
    "accelerators": (*_OF_ANY, *_folded(_OTHER_GPUS).split()),
}
_NO_PAST = frozenset(["need", "speed", "seed", "feed", "indeed", "embed", "agreed", "breed"])
_SPANISH_PAST = ("ó", "aron", "ieron", "aba", "aban")
_FRENCH_PAST = ("ait", "aient")
_CONDITIONAL = ("rait", "raient", "fait", "souhait")


@lru_cache(maxsize=4096)
def is_suspicious(word: str, field: str) -> bool:
    """Whether a word beside a figure may make it less, more, another thing's or another time's."""
    folded = _folded(word)
    if numbers(word) - {1} or any(sign.isdigit() for sign in word) or folded in _SMALL or QUALIFIES.fullmatch(word):
        return True
    if field == "budget_usd" and folded in _OF_TIME:
        return True
    return folded.startswith(_OF_A_FIELD.get(field, _OF_ANY)) or _is_past(word.lower(), field)


def _is_past(word: str, field: str) -> bool:
    """What was granted is a limit still."""
    if word.endswith("ed") and word not in _NO_PAST and field != "budget_usd":
        return True
    return word.endswith(_SPANISH_PAST) or (word.endswith(_FRENCH_PAST) and not word.endswith(_CONDITIONAL))
