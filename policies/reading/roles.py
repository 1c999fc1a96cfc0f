"""What a clause has to say for its figure to be the job's, where nobody knows all of its words."""

import re

from policies.reading.harmless import HARMLESS
from policies.reading.prose import Span
from policies.reading.suspicious import is_suspicious
from policies.reading.words import ends_with, one_of, phrases

_SAYS_WHOSE = {
    "hours": one_of(
        "it, it's, job, run, runs, training, retraining, fine-tuning, computing, computation, calculation, "
        "processing, inference, evaluation, rendering, script, program, programme, command, task, runtime, walltime, "
        "duration, expect*, estimat*, this takes, that takes, this needs, that needs, this should, that should, this "
        "will, that will, that's, time, how long, i need, we need, please, plan*, book*, rent*, reserv*, hours of "
        "compute, gpu time",
        "es, *lauf, *training, das dauert, das ist, das sind, das läuft, das braucht, das rechnet, das wird, das "
        "sollte, das soll, das kann, das macht, das nimmt, job, laufzeit, rechen*, rechn*, *rechnung, script, skript, "
        "programm, *zeit, *dauer, wie lange, befehl, auftrag, aufgabe, vorgang, prozess, brauche, bitte, *plan*, "
        "miet*, reservier*, buch*",
        "veuillez, ça, cela, c'est, ce sera, il faut, il faudra, job, tâche, travail, calcul*, entraînement, script, "
        "programme, temps, durée, commande, traitement, exécution, besoin, svp, s'il, prévo*, prévu*, compte*, "
        "réserv*, lou*",
        "ello, eso, esto, tiempo, duración, cuánto tarda, cuánto dura, trabajo, tarea, cálculo*, entrenamiento, "
        "proceso, ejecución, script, programa, comando, necesit*, quiero, favor, previst*, estim*, cuenta, contar "
        "con, reserv*, alquil*, hacen falta, hace falta",
    ),
    "budget_usd": one_of(
        "budget, max, maximum, at most, up to, under, below, within, cap*, limit*, ceiling, bound, tops, spend*, may "
        "cost, can cost, should cost, must cost, could cost, to cost, pay, stay*, total, afford, allow*, fund, funds, "
        "kitty",
        "höchstens, maximal, bis zu, unter, *grenze, *limit, *budget, *kosten, ausgeben, zahl*, deckel, obergrenze, "
        "*kasse",
        "au plus, maxim*, plafon*, jusqu'à, dépens*, budget, coût, coûts, coûter, limit*, pay*, caisse, cagnotte",
        "máxim*, como mucho, hasta, presupuesto, tope, gast*, coste, costes, costar, cueste, límite, pag*, fondo, "
        "fondos",
    ),
    "vram_gb": one_of(
        "need*, requir*, want*, at least, minimum, min, should, must, with, fit, fits, suffic*, enough, please, use*",
        "brauch*, benötig*, mindestens, nötig, genüg*, reich*, bitte, soll*, muss, müss*, mit, will, möchte, wünsch*",
        "faut, faudra, besoin, au moins, minimum, nécessaire*, avec, suffi*, demand*, requis*, exig*",
        "necesit*, hace falta, hacen falta, al menos, por lo menos, mínimo, con, requier*, bast*, pid*",
    ),
    "accelerators": one_of(
        "please, want*, need*, use, using, take, rent, book, reserve, get me, get a, get an, prefer*, would do, will "
        "do, ideal*, run, train, launch, start, gpu, card, give me, give it, should",
        "trainieren, trainiere, rechnen, starte, starten, nehm*, nimm, nutz*, brauch*, miet*, bitte, soll*, reich*, "
        "genüg*, gern*, hätte, will, karte, gpu",
        "entraîner, entraînez, lancer, lancez, exécuter, exécutez, veuillez, prend*, prenez, veux, voudrais, faut, "
        "besoin, utilis*, lou*, svp, suffi*, carte, gpu",
        "entrenar, entrena, reentrenar, ejecutar, ejecuta, lanzar, lanza, correr, quiero, usa*, necesit*, alquil*, "
        "toma, basta, sirve, tarjeta, favor, gpu",
    ),
}
"""Field → words that say that a clause speaks of the job; a film lasts two hours too."""
_LETS = phrases("let it, leave it to", "lass, lasst, lassen", "laisse, laisser, laissez", "deja, dejar, dejarlo")
_A_TIME = one_of("hour*, minute*", "stunde*, minuten", "heure*", "hora*, minuto*")
"""A GPU on which the job takes so long is the one for it."""
_AN_ORDER = re.compile(
    r"\W*([^\W\d_]{2,})\s+(?:(?:the|an?|one|all|my|our|these|this|some|den|die|das|meine[nm]?|unsere[nm]?|alle|diesen?|le|les|la|"
    r"l['’]|mon|ma|mes|nos|notre|ces|el|los|las|mis?|nuestr[oa]s?|un|une|una|unos|unas)(?!\w))",
    re.IGNORECASE,
)
_THEN_DOES = {
    field: ends_with(f"{_SAYS_WHOSE['hours' if field == 'accelerators' else field].pattern}|{_LETS}")
    for field in _SAYS_WHOSE
}
"""A text that ends so: a verb comes next. Whatever a card does, it does not to a card."""
_NEAR = 50
"""Characters before a verb."""


def is_the_jobs(prose: str, start: int, end: int, figure: Span, field: str) -> bool:
    """Whether a part of the text says that its figure is about the job: what it costs, takes, or is to run on."""
    if _SAYS_WHOSE[field].search(prose, start, end):
        return True
    if field == "accelerators" and _A_TIME.search(prose, start, end) and _SAYS_WHOSE["hours"].search(prose, start, end):
        return True
    return field in {"hours", "accelerators"} and _is_ordered(prose, start, end, figure, field)


def _is_ordered(prose: str, start: int, end: int, figure: Span, field: str) -> bool:
    """It begins as `sort the photos` does, by whatever verb; `forget the A100` is no such thing."""
    order = _AN_ORDER.match(prose, start, end)
    if order is None or not prose[order.end() : figure.start].strip():
        return False
    return order[1].lower() not in HARMLESS[field] and not is_suspicious(order[1], field)


def is_of_what_it_does(prose: str, start: int, verb: int, field: str) -> bool:
    """Whether what stands before a word makes it what the job does: `it devours`."""
    return _THEN_DOES[field].search(prose, max(start, verb - _NEAR), verb) is not None
