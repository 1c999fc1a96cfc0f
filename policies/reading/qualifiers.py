"""Words that qualify a figure or turn it into a limit, in four languages: what certainty looks for beside figures."""

import re

from policies.reading.words import ends_with, one_of, phrases

NO = r"(?:(?<!\w)\w{1,8}n['’]t(?!\w)|" + phrases(
    "no, not, never, nothing, cannot, dont, wont", "nicht, kein*, ned, ohne", "ne, n, pas, sans, jamais", "nunca, sin"
) + ")"  # fmt: skip
MORE = phrases(
    "more than, more, longer than, longer, higher than, higher, over, above, beyond, exceed*",
    "mehr als, mehr, länger als, länger, über, überschreit*, übersteig*",
    "plus de, plus d', plus, au-delà de, dépass*, excéd*",
    "más de, más, superar, supere, pasar de, pasar, pase de, pases de, exceda, exceder",
)
_SOME = r"(?:\s+[^\s.,;:]+){0,6}?\s+"
FOR_EACH = re.compile(
    r"/(?=\w)|\s*(?:\?|(?:je|par|pro|per|each|every|apiece|jeweils|chac\w+|cada)(?!\w)|"
    r"(?:por|an?|al|l['’])\s+(?!todo|favor|todos)(?=[^\W\d_]))",
    re.IGNORECASE,
)
"""Behind a figure: it is for one of several, or a question."""
COMPARED = re.compile(
    r"\s*(?:less|fewer|more|longer|shorter|cheaper|weniger|mehr|länger|kürzer|moins|plus|menos|más)(?!\w)"
    r"(?!\s+(?:or|oder|ou|o|nicht)(?!\w))|\s*(?:below|above|under|over|unter|über|por\s+debajo|en\s+dessous)\s+\w",
    re.IGNORECASE,
)
"""Behind a figure: it is a difference."""
A_PRICE = one_of("costs", "kostet, kosten", "coûte, coûtent", "cuesta, cuestan")
"""What something costs is said, unless it is what it may cost."""
OF_ANYTHING = one_of("cost", "coûtent", "cuestan")
"""What cameras do, too."""
A_WISH = one_of(
    "may, can, could, should, shall, must, would, will, allow*, max, maximum, limit*, most, total, up to",
    "darf, dürfen, soll, sollte*, kann, kannst, könn*, muss, müssen, höchstens, maximal, insgesamt, unter, bis",
    "peu*, doi*, pourr*, devr*, pouvez, maximum, plus, moins, total, tout",
    "pued*, deb*, podr*, máximo, mucho, menos, total, quiero, que",
)
A_REQUEST = one_of(
    "can you, can u, could you, would you, will you, please, pls, plz, can someone, could someone, can somebody",
    "kannst, könnt, können sie, könntest, könnte, würdest, bitte, magst",
    "peux-tu, tu peux, pouvez-vous, vous pouvez, pourrais-tu, pourriez-vous, s'il",
    "puedes, podrías, podéis, puede, me corres, me lanzas, favor, porfa",
)
"""A question that is none."""
LIMITED = re.compile(rf"{NO}{_SOME}{MORE}(?:\s+{NO})?|{MORE}{_SOME}{NO}", re.IGNORECASE)
OF_A_LIMIT = re.compile(rf"{NO}|{MORE}", re.IGNORECASE)
IDIOMS = one_of(
    "give or take, or so, or less, or thereabouts, more or less, at most, at the most, at the very most, the most, "
    "not a cent more, not a penny more, and not more, in all, all in, less than, up to, have to, what i need, i have "
    "no idea how long it takes, time needed, hours needed, needed time, as the upper limit, upper limit, as usual, "
    "that's it, from what i gather, this time, but please, but no, but not, that's all, how much, how long, for all "
    "of it, for all this, all told, at worst, in the worst case, at the latest, at or below, at or under",
    "oder so, bis zu, mehr oder weniger, weniger als, keinen cent mehr, mehr nicht, alles in allem, über den daumen, "
    "dieses mal, wie viel, wie lange, schlimmstenfalls, im schlimmsten fall, nach schätzung, aber höchstens, aber "
    "maximal, nicht teurer als, nicht über",
    "plus ou moins, au plus, au maximum, au grand maximum, moins de, moins d', tout compris, pas davantage, au pire, "
    "ou moins, mais pas, par contre, en dessous de, au-dessous de, n'importe quel, n'importe quelle, tant que, cette "
    "fois, sauf que, pas supérieur à, pas supérieure à",
    "más o menos, como máximo, como mucho, a lo sumo, a lo más, menos de, hasta, ni un centavo más, o menos, o así, "
    "de máximo, en el peor de los casos, en el peor caso, por debajo de, pero no, eso sí, esta vez, como tope, por "
    "favor, por todo, por lo que he visto, no superior a",
)
QUALIFIES = one_of(
    "if, unless, per, each, every, apiece, otherwise, depending, depends, except, provided, epoch, epochs, fold, "
    "folds, twice, double, triple, times, halve, half, elsewhere, instead, used to, formerly, in case, until, till, "
    "tomorrow, due, deadline, his own, her own, their own",
    "wenn, falls, pro, jeder, jede, jedes, jeweils, sonst, andernfalls, außer, sofern, epoche, epochen, doppelt, "
    "zweimal, dreimal, hälfte, stattdessen, früher, anderswo, bis morgen, abgabe*, ihr eigen*, ihre eigen*, "
    "sein eigen*, seine eigen*, ihren eigen*, seinen eigen*",
    "si, sauf, chaque, chacun, chacune, sinon, époque, époques, double, fois, moitié, ailleurs, autrefois, hormis, "
    "demain, son propre, sa propre, leur propre",
    "si, salvo, excepto, cada, sino, época, épocas, doble, veces, mitad, antes, otro lado, mañana, su propio, "
    "su propia",
)
CHANGES = one_of(
    "not, no, none, never, than, other, another, else, elsewhere, old, former, previous, last, past, earlier, was, "
    "were, had, used, hour, hours, hourly, day, daily, week, month, night, half, percent, third, quarter, part, rest, "
    "both, different, before, after, until, since, unless, while, minus, plus, or, saved, left, first, second, next, "
    "only if",
    "nicht, kein*, nie, als, ander*, alt*, früher*, vorig*, letzt*, vorher, war, waren, hatte*, wurde*, stunde*, "
    "tag*, woche*, monat*, nacht, halb*, prozent, teil, rest, beide*, vor, nach, seit, während, minus, plus, oder, "
    "erst*, zweit*, nächst*",
    "non, pas, ni, jamais, que, autre*, ancien*, dernier*, dernière*, précédent*, était, avait, avais, heure, jour*, "
    "semaine, mois, nuit, demi*, tiers, quart, partie, reste, avant, après, depuis, ou, premier*, première*, second*, "
    "prochain*",
    "no, nunca, otro*, otra*, viej*, antigu*, anterior*, último, última, era*, había, hora, día, semana, mes, noche, "
    "medi*, tercio, cuarto, parte, resto, antes, después, desde, o, primer*, segund*, próxim*",
)
"""What may turn a limit into something else, whoever sets it."""
SCALES = one_of(
    "twice, double*, triple*, half, halve*, times, as much again, more data, that was, this was, it was, worst case, "
    "at worst",
    "doppelt*, doppel*, verdoppel*, dreifach*, hälfte, halb so, mal so, das war, schlimmstenfalls, im schlimmsten fall",
    "double*, doublé*, triple*, moitié, fois plus, c'était, au pire",
    "doble*, dobla*, duplic*, triple*, mitad, veces más, fue con, era con, en el peor",
)
"""What a clause or a sentence behind a figure says that makes it more or less, or another one's."""
FOREIGN = one_of(
    "hk, cad, aud, nzd, sgd, twd, canad*, austral*, singapor*, hong kong, new zealand, mexic*, namib*, taiwan*, "
    "jamaic*, loonie*",
    "kanad*, neuseel*, singapur*, hongkong*, mexik*",
    "singapour*, néo-zéland*",
    "neozeland*, neozelandes*, nueva zelanda",
)
"""Whose dollars are not those of the United States."""
SPEAKS_OF_IT = re.compile(
    r"\W*(?:(?:and|but|actually|though|und|aber|mais|et|pero|y)\s+)?"
    r"(?:that|this|it|those|these|das|dies|es|c['’]|ça|cela|ce|eso|esto|es|son)(?!\w)",
    re.IGNORECASE,
)
"""How a sentence begins that goes on about the figure before it."""
A_LIMIT = ends_with(
    phrases(
        "at most, at the most, max, maximum, maximum of, up to, more than, under, below, within, over, above, beyond, "
        "limit of, limit is, cap of, cap is, caps * at, capped at, budget of, budget is",
        "höchstens, maximal, bis zu, mehr als, unter, über",
        "au plus, maximum, moins de, plus de, plafond de, jusqu'à, dépasser",
        "como máximo, como mucho, máximo, máximo de, hasta, menos de, más de, tope de",
    )
)
LOOKED_FOR = {
    "hours": one_of(
        "take, takes, taking, need, needs, run, runs, running, last, lasts, duration, time, runtime, walltime, hours, "
        "expect*, estimat*, for, in, guess, busy, finish*, done, complete*, should, will, computing, training",
        "dauer*, brauch*, benötig*, läuft, laufen, rechne*, lauf*, rechenzeit, zeit*, fertig, durch, training",
        "prend*, dur*, faut, faudra, compte*, tourne*, demande*, calcul, entraînement, temps",
        "tarda*, dura*, llev*, necesita*, son, serán, tiempo, calcul*, cálculo, entrenamiento, falta*",
    ),
    "budget_usd": one_of(
        "budget, max, maximum, at most, up to, more than, under, below, within, cap*, limit*, ceiling, tops, spend*, "
        "exceed, cost*, pay*, stay*, over, above, beyond, most, price, total, afford",
        "höchstens, maximal, bis zu, mehr als, unter, *grenze, *budget, *kosten, kosten, kostet, ausgeben, zahl*, "
        "deckel",
        "au plus, au maximum, maximum, moins de, plus de, plafon*, jusqu'à, dépass*, budget, coût*, dépens*, limit*, "
        "pay*",
        "como máximo, como mucho, máximo, hasta, menos de, más de, presupuesto, tope, gast*, coste*, cuest*, límite, "
        "pag*",
    ),
}
