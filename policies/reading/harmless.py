"""Words that change nothing about a figure, wherever they stand.

Left out on purpose, in each language: what negates, limits, compares, counts or repeats (not, but, than, if, each,
twice, half), what tells of another time (was, until, since, last), and what a job may be about (dataset, footage).
"""

_ENGLISH = """
a an the this that these those it its itself i you u he she we they me him us them my our your their his her is are be
being am s d m ll re ve will would shall should can could may might must do does let lets to of in on at for with and
so too also just only simply really here there now today then again as well please pls plz kindly thanks thank thx ty
cheers hi hello hey dear sorry ok okay yes yeah yep yo lol haha folks all guys sure surely certainly maybe perhaps
probably prob likely hopefully ideally roughly about abt around approximately approx something anything everything
thing things total totally altogether overall absolute absolutely strict strictly hard maximum max maximal tops top
ceiling limit limits limited cap caps capped budget budgets budgeted under below within up job jobs run running train
trains training trained retrain retraining fine finetune finetuning tune tuning script command program programme code
task work works working compute computes computing computation computations calculation calculate process processing
model experiment inference evaluation evaluate render rendering finish finishes finished done through ready complete
completes completion execute executes execution start launch begin kick submit take takes taking need needs needed
want wants require requires required requirement requirements lasts long time duration length hour hours hrs minute
minutes runtime walltime wall clock span estimate estimated estimates estimation expect expects expected expecting
guess think thinks believe believes reckon reckons suppose assume assumes say says said told tell tells figure plan
planned give gives wish like love prefer preferred call called named see seems seem look looks happy glad good great
nice nicely perfect perfectly ideal suitable suits suit natural choice enough plenty comfortably suffice suffices
sufficient fits fit gpu gpus card cards graphics accelerator accelerators hardware nvidia geforce rtx gtx tesla vram
memory video pod instance box rent book reserve order choose pick use using get single cost costs costing price pay
pays payment spend spending spends money dollars dollar cents usd bill sum amount expense expenses pocket keep stay
stays remain put set make makes reach whole entire entirely full realistic reasonable request requested details specs
spec note target value field parameter finally busy occupied approve approved approves allow allowed allows agreed
agree signed runs go goes going type typing somebody someone way right size clear tutorials docs willing leave leaves
putting meant promised stop where which between yourself eta approximate aside end what highest appreciate appreciated
handle handles calls entails gonna wanna gotta typically somewhere region ballpark rough planning schedule scheduled
slot window occupying processor equipment allocate allocated
"""

_GERMAN = """
der die das den dem des ein eine einen einem einer eines nen ner ne dies diese dieser dieses diesen es er sie wir ich
du ihr man mir mich dir uns euch ihnen sich mein meine meiner unser unsere dein deine euer eure bitte danke gern gerne
gruß ist sind sei wird werden würde würden soll sollte sollten sollen kann können könnte darf dürfen muss müssen
müsste mag möchte möchten will wollen brauche braucht brauchen benötige benötigt benötigen nehmen nimmt nimm nehmt auf
in im an am bei beim mit für von vom zu zum zur um und so auch nur einfach hier da dort dann jetzt nun heute dafür
dazu davon darauf also schon wohl wahrscheinlich vermutlich vielleicht ungefähr etwa circa ca rund gut knapp grob mal
halt schätze schätzungsweise geschätzt geschätzte erwartet erwarte erwartete erwarten voraussichtlich ja okay hallo
moin servus erfahrungsgemäß ruhig locker schön besten liebe lieber liebes maximal maximale maximum max höchstens
obergrenze grenze limit limits budget deckel unter innerhalb bis insgesamt gesamt total alles absolut absolute strikt
ganz ganze ganzen ganzes gesamte job jobs auftrag lauf laufen läuft laufe lassen lass lasst rechnen rechnet rechne
rechnung training trainieren trainiert trainiere skript script befehl programm code aufgabe modell berechnung
verarbeitung experiment fertig durch beendet ende start starte starten startet los ausführen ausführung führe führt
aus dauer dauert dauern dauere laufzeit laufzeiten rechenzeit zeit zeitbedarf lang lange stunde stunden std minuten
gpu gpus grafikkarte grafikkarten karte karten hardware beschleuniger nvidia rtx vram speicher grafikspeicher
videospeicher miete mieten reservieren buchen nutze nutzen verwende verwenden benutze kosten kostet preis gesamtpreis
gesamtbudget gesamtkosten kostendeckel kostenobergrenze kostenrahmen kostenlimit zahlen zahle zahlt zahl bezahlen
ausgeben ausgabe ausgaben geld dollar cent usd betrag summe reicht reichen genügt genügen passt passen wäre wären
ideal perfekt halten bleiben bleibt einplanen plane planen geplant vorgesehen veranschlagt veranschlagen beträgt liegt
denke denk glaube geht gehen machen macht mache sagen sagt meint wünsche hätte stehen schluss begrenzt freigegeben
bewilligt genehmigt drin getan tut gebt gibt her hab leider echt übrig drüber sein aber recht diesmal tippen
rechendauer zeitaufwand zeitrahmen schätzen schätzung laufs kostengrenze höchstbetrag preislimit maximalkosten
maximalbudget höchstkosten bereit verfügung typ liebsten ausgabenlimit maximalpreis kostenbudget benötigte angesetzt
angepeilt beschäftigt zirka ungefähre vorgabe angabe bräuchte bräuchten ausstattung
gewünschte gewünschter gewünscht gewünschten
"""

_FRENCH = """
le la les l un une des du de d ce cet cette ces c ça cela il elle on nous je j tu vous ils elles me m te t se s moi
lui leur mon ma mes notre nos votre vos ton ta son sa y en au aux à a dans sur avec pour et aussi seulement simplement
ici là alors maintenant aujourd hui donc plaît svp stp merci bonjour salut bonsoir cordialement cher chère que qu est
sont soit sera seront serait devrait devraient doit doivent peut peuvent peux pourrait va vont ira faut faudra
faudrait veux voudrais voudrait aimerais souhaite besoin demande requiert nécessite prend prendra prendre dure durer
durera compter comptez compte environ autour peu près approximativement probablement sans doute être sûrement estimé
estimée estimation prévu prévue prévoir prévois pense crois dirais dire dit disons attendu avis maximum max maximal
maximale plafond plafonné plafonnée limite limites limité limitée budget sous total totale tout toute tous ensemble
absolu absolument strict entier entière travail tâche job lancer lance lancez lancement exécuter exécute exécutez
exécution tourner tourne tournera entraîner entraîne entraînement script commande programme code modèle calcul
calculer traitement expérience inférence évaluation finir fini terminé terminer prêt fait faire fera durée temps heure
heures minute minutes gpu gpus carte cartes graphique graphiques matériel accélérateur nvidia rtx vram mémoire vidéo
louer loue réserver réserve utiliser utilise utilisez choisir prenez coût coûts coûter coûte coûtera prix payer paie
paye dépense dépenses dépenser argent dollar dollars centimes usd américains somme montant rester reste suffit
suffisent suffira suffirait suffire convient conviendrait parfait parfaite idéal idéale bien très largement affaire
bon bonne mettre mets met pendant durant petite petit chez charge jusqu selon façon taper mais pareil donné donne
arrête disposant dedans autorise accorde suffiront inférieur inférieure ferait préférence nécessaire nécessaires
requis requise requises conseillé table tabler alentours ordre idée tient tiendra occupe occupera équipement
"""

_SPANISH = """
el la los las lo un una unos unas este esta esto estos estas ese esa eso esos esas yo tú él ella nosotros ellos me te
se nos le les mi mis nuestro nuestra tu tus su sus de del a al en con por para y e que también solo sólo simplemente
aquí ahí allí entonces ahora hoy pues así bueno favor porfa gracias hola buenas buenos días tardes saludos estimado
estimada oye eh es son sea será serán sería debe deben debería puede puedo pueden podría podemos va van ir hay hace
hacen hacer haga quiero querría quisiera quiere necesito necesita necesitamos requiere pide falta toma tarda tardará
tardar dura durará durar lleva llevará calculo calcula calculamos aproximadamente alrededor aprox probablemente quizás
quizá tal vez suele seguramente estimación previsto prevista creo creemos pienso diría digamos supongo espero esperado
máximo máxima maximo tope techo límite limite presupuesto bajo total todo toda entero entera completo completa
absoluto estricto trabajo tarea job lanzar lanza lanzo ejecutar ejecuta ejecute ejecución correr corre entrenar
entrena reentrenar entrenamiento script comando programa código modelo cálculo proceso procesar experimento inferencia
evaluación terminar termina terminado acabar acaba listo lista hecho duración tiempo hora horas minuto minutos gpu
gpus tarjeta tarjetas gráfica gráficas hardware acelerador nvidia rtx vram memoria vídeo video alquilar alquila
reservar reserva usar usa use utilizar elegir coste costo costes costos costar cuesta cueste precio pagar pago paga
gastar gasto gasta gaste dinero dólar dólares estadounidenses centavos usd suma importe quedar quede basta bastan
sirve sirven vale perfecto perfecta ideal bien poner pongo dejar deja durante arranca visto verdad sobrado disponemos
autoriza pero puedes llegar échale échele dijeron calculé estimamos limitado limitada pase suficiente suficientes
preferiblemente preferencia requerida requerido necesaria necesario haría harían ocupa ocupará ronda rondará prevemos
equipo equipamiento solicitado solicitada
"""

_SMALL_WORDS = """
from out into onto through during across because hence thus therefore accordingly hers mine ours theirs himself
herself itself themselves someone everyone everybody anyone such quite fairly pretty very even indeed anyway
regardless moreover furthermore back ones own altogether nearly almost how what whatever one upper bound reported
mentioned advised suggested crunching churning labour labor

dass etwas damit daher deshalb deswegen weil da nämlich eben ja sehr ziemlich durchaus allerdings jedenfalls
eigentlich immerhin zudem außerdem sowie sowohl ihm ihn ihnen ihrem ihren ihrer ihre seine seinem seinen seiner euch
jemand welcher welche welches so solch wegen durch dabei hierfür hierzu wofür womit wo wie fast beinahe nahezu nötig
notwendig erforderlich schranke müsse solle könne dürfe werde koste nehme laufe dauere

afin ainsi alors car enfin puisque leurs ses quel quelle celui celle ceux celles vers chez presque quasi quasiment
vraiment juste voilà voici combien où quoi désormais ouais oui ouvrage boulot tablerais tablons tablez misons borne
enveloppe

ello dónde cómo cuánto cuánta cuántas cuántos qué porque pues casi bastante muy cual cuales usted ustedes vosotros
hacia además cota labor cómputo faena
"""

_PAYERS = """
finance department boss manager supervisor advisor team office centre center committee project lab group colleague
mentor fund funds funding grant grants production parents lead chef chefin verwaltung abteilung projekt lehrstuhl
institut verein laboratoire encadrant cheffe équipe association projet dirección jefe jefa equipo departamento
instituto proyecto
"""

_SMALL = """
one ram arbeitsspeicher disk ssd needed least minimum min minimal enough free mindestens wenigstens moins mínimo menos
libre libres aufweisen aufweist besitzen besitzt verfügen verfügt disposer posséder possède disponer dispone
"""
_OWNED = "have has got habe haben hab hat ai avons tengo tenemos"
_NO_DURATION = "needed today heute aujourd hoy good gut bon bonne buena bueno"
_NO_MONEY = "hour hours hrs minute minutes stunde stunden std minuten heure heures hora horas minutos"
_RATHER = "better besser mieux mejor"
_EVERYWHERE = frozenset(f"{_ENGLISH} {_GERMAN} {_FRENCH} {_SPANISH} {_SMALL_WORDS}".split())

HARMLESS = {
    "hours": _EVERYWHERE.union(_RATHER.split()).difference(_NO_DURATION.split()),
    "budget_usd": _EVERYWHERE.union(f"{_RATHER} {_OWNED} {_PAYERS}".split()).difference(["from", *_NO_MONEY.split()]),
    "vram_gb": _EVERYWHERE.union(f"{_RATHER} {_SMALL}".split()),
    "accelerators": _EVERYWHERE.union(["second"]).difference(["from", "needed", "here", "hier", "ici", "aquí"]),
}
"""Field → words that are harmless beside its figures: of memory the least counts, and money that one has is a limit."""
