"""Figures in a description: how long, how much; and those that are of something else."""

from decimal import Decimal

import pytest

from policies.reading.rules import understand
from tests.policies.reading.asked import field


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("it takes 2 hours", "2"),
        ("Run time [min]: 135", "2.25"),
        ("2. Rechenzeit (in Stunden): 2", "2"),
        ("(b) Temps de calcul (en minutes) : 90", "1.5"),
        ("| computing time | min | 135 |", "2.25"),
        ("commande : train.py ; heures = 6,5 ; carte = L40S", "6.5"),
        ("das dauert viereinviertel Stunden", "4.25"),
        ("2h", "2"),
        ("90 minutes", "1.5"),
        ("half an hour", "0.5"),
        ("an hour and a half", "1.5"),
        ("about three hours", "3"),
        ("2-3 hours", "3"),
        ("between two and four hours", "4"),
        ("1h30", "1.5"),
        ("2 hours 15 minutes", "2.25"),
        ("under an hour", "1"),
        ("20 min", "0.3334"),
        ("two days", "48"),
        ("dauert etwa anderthalb Stunden", "1.5"),
        ("ungefähr 1,5 Stunden", "1.5"),
        ("eine halbe Stunde", "0.5"),
        ("environ deux heures", "2"),
        ("une demi-heure", "0.5"),
        ("tarda unas tres horas", "3"),
        ("hora y media", "1.5"),
        ("twenty-four hours", "24"),
        ("two hours, no, make it three", "3"),
        ("two hours. Sorry, three hours", "3"),
        ("90 minutes, make it 60", "1"),
        ("zwei Stunden, nein, doch eher drei.", "3"),
        ("three hours. I'd rather have a 4090", "3"),
        ("45 minutes", "0.75"),
        ("six and a half hours", "6.5"),
        ("dreieinhalb Stunden", "3.5"),
        ("une heure et quart", "1.25"),
        ("une heure trois quarts", "1.75"),
        ("Hours: 3", "3"),
        ("# hours: 3", "3"),
        ('{\n  "expected_hours": 2.75,\n  "run": "python a.py"\n}', "2.75"),
        (
            "SUR QUOI : une carte avec 24 Go de VRAM, on n'est pas de fins gourmets\nCOMBIEN DE TEMPS : trois heures",
            "3",
        ),
        ("2) train.py\n3) Rechenzeit der Pinguine: 4 Stunden", "4"),
        ("forecast_48h.py takes two hours", "2"),
        ("cuarenta y cinco minutos", "0.75"),
        ("treinta y seis horas", "36"),
        ("eine Stunde und fünfzehn Minuten", "1.25"),
        ("training on a single A100 takes 3 hours", "3"),
    ],
)
def test_a_duration_is_read_in_hours(text: str, hours: str) -> None:
    """However it is written, in four languages; a range counts with its upper end, a correction as corrected."""
    assert field(text, "hours") == Decimal(hours)


def test_the_end_of_a_number_is_not_proposed_for_all_of_it() -> None:
    """A bare yes would take 35 minutes."""
    for text in ("tarda ciento treinta y cinco minutos", "it takes a hundred and twenty minutes"):
        understood = understand(text, {}, {})
        assert "hours" in understood.asks
        assert "hours" not in understood.proposed


def test_hours_are_written_out() -> None:
    """A human reads them before they say yes: 20, and not 2E+1."""
    assert str(field("it takes 20 hours", "hours")) == "20"


@pytest.mark.parametrize(
    "text",
    [
        "last week it took 10 hours on my laptop",
        "the data is 5 hours of audio",
        "epochs take 20 minutes",
        "20 minutes per epoch",
        "in two hours I have a meeting",
        "save a checkpoint every 30 minutes",
        "it costs $1.50 an hour",
        "overnight",
        "on an H100",
        "it died after 3 hours",
        "the better part of a day",
        "fourty five",
    ],
)
def test_a_duration_of_something_else_is_none(text: str) -> None:
    """Only how long the job takes is paid for."""
    assert field(text, "hours") is None


@pytest.mark.parametrize(
    "text",
    [
        "about two hours. It should take about five hours",
        "1,500 hours",
        "fourty five minutes",
        "a hundred and twenty minutes",
        "cent vingt minutes",
        "an hour, two at most",
        "eine Stunde, höchstens zwei",
        "two hours?",
        "two hours, no, three hours per model",
        "2 hours, worst case 6 hours",
        "two hours. That is per seed",
        "about 2 hours, but the data has doubled",
        "il y a deux heures",
        "needs to be done in two hours",
    ],
)
def test_durations_that_contradict_each_other_are_asked_about(text: str) -> None:
    """So is one that can be read in two ways."""
    assert field(text, "hours") == "?"


@pytest.mark.parametrize(
    ("text", "dollars"),
    [
        ("at most five dollars", "5.00"),
        ("<$3", "3.00"),
        ("budget: 12 USD", "12.00"),
        ("5 bucks", "5.00"),
        ("no more than 4.50 dollars", "4.50"),
        ("höchstens 4,50 $", "4.50"),
        ("maximal fünf Dollar", "5.00"),
        ("moins de 6 dollars", "6.00"),
        ("como máximo siete dólares", "7.00"),
        ("80 cents", "0.80"),
        ("about $3, at most $5", "5.00"),
        ("max $5, the dataset cost us $200", "5.00"),
        ("max $5, no, make it 7", "7.00"),
        ("we raised $5M, spend at most $8", "8.00"),
        ("pas plus d'un dollar", "1.00"),
        ("max $1,250.50", "1250.50"),
        ("three dollars fifty.", "3.50"),
        ("one dollar ninety at most", "1.90"),
        ("ein Dollar neunzig ist die Grenze", "1.90"),
        ("maximum deux dollars quatre-vingts pour tout", "2.80"),
        ("at most four and a quarter dollars", "4.25"),
        ("4. limit: 1.15 USD\n5. weights.pt", "1.15"),
        ("max_total_usd: 1.60", "1.60"),
        ("un dólar con veinte, eh", "1.20"),
        ("hasta 4 dólares con\n20", "4.20"),
        ("the bill must stay at or below $3.20", "3.20"),
        ("mehr als 15 Dollar dürfen nicht ausgegeben werden", "15.00"),
        ("gasto total: no superior a 5,50 dólares", "5.50"),
        ("the clip mustn't cost me more than $2.40", "2.40"),
        ("twenty-five dollars, not a cent more", "25.00"),
        ("at most $5, no more than 5 dollars", "5.00"),
        ("four dollars and fifty cents", "4.50"),
        ("bis\n14 US-Dollar", "14.00"),
    ],
)
def test_a_ceiling_is_read_in_dollars(text: str, dollars: str) -> None:
    """Whatever stands for a dollar, with either decimal sign."""
    assert field(text, "budget_usd") == dollars


@pytest.mark.parametrize("text", ["we raised $5M", "the dataset cost us $200", "last month I paid 30 dollars", "4090"])
def test_money_that_is_something_else_is_no_ceiling(text: str) -> None:
    """It would lower or raise nothing anybody meant."""
    assert field(f"{text}. At most $4", "budget_usd") == "4.00"
    assert "budget_usd" not in understand(text, {}, {}).fields


@pytest.mark.parametrize(
    "text",
    [
        "max 5 euros",
        "höchstens 4 €",
        "£3",
        "at most $3. At most $9",
        "max $3, no more than $9",
        "6 francs suisses",
        "15 Canadian dollars",
        "umpteen dollars",
        "max $1,500",
        "at most $5.005",
        "three dollars, four at most",
        "a hundred and five dollars",
        "over $5",
        "40 CAD",
        "two dollars five for it",
    ],
)
def test_a_ceiling_that_is_not_clear_in_dollars_is_asked_about(text: str) -> None:
    """Another currency, a contradiction, a thousand or one and a half, parts of a cent."""
    assert field(text, "budget_usd") == "?"


@pytest.mark.parametrize(
    "text",
    [
        "max $1.50/h",
        "at most $2 per hour",
        "hourly rate below $2",
        "höchstens 2 $ pro Stunde",
        "$5 per day",
        "$3 the hour",
        "3 $ in der Stunde",
        "max_price_per_hour_usd: 0.80",
        "par jour, je ne veux pas payer plus de 9 dollars",
        "Preis: je Stunde nicht über 0,75 $",
        "at most 1.5 US cents per minute",
    ],
)
def test_a_price_for_a_time_is_asked_about(text: str) -> None:
    """A job can't limit it, so that nobody may believe it does."""
    assert field(text, "price_per_hour") == "?"
    assert field(text, "budget_usd") is None
