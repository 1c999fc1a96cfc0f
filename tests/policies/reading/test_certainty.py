"""What stands beside a figure: words that nobody thought of make it a question, and never a price."""

import pytest

from policies.reading.gpus import gpus
from policies.reading.rules import understand

FOLDER = {"train.py": "", "data/": ""}
QUALIFIED = [
    ("hours", "Plan for three runs of two hours"),
    ("hours", "5 folds, 20 minutes each"),
    ("hours", "four seeds at 40 minutes apiece"),
    ("hours", "twice the two hours it needed before"),
    ("hours", "I need the results in 3 hours"),
    ("hours", "10 minutes of warmup and then 2 hours"),
    ("hours", "two hours longer than usual"),
    ("hours", "half of the usual 4 hours"),
    ("hours", "not two hours but three"),
    ("hours", "if the data is small, an hour"),
    ("hours", "two hours per model"),
    ("hours", "the toy set takes 5 minutes"),
    ("hours", "at least 2 hours"),
    ("hours", "well over an hour"),
    ("hours", "stop it after 2 hours when the loss is flat"),
    ("hours", "until tomorrow, so two days"),
    ("hours", "pro Sprache zwei Stunden"),
    ("hours", "zweimal zwei Stunden"),
    ("hours", ">2h"),
    ("hours", "2h+"),
    ("hours", "~~2 hours~~"),
    ("hours", "a good two hours"),
    ("hours", "soll in zwei Stunden losgehen"),
    ("hours", "dauert nicht zwei Stunden"),
    ("hours", "mindestens zwei Stunden"),
    ("hours", "deux heures par langue"),
    ("hours", "trois fois deux heures"),
    ("hours", "ça démarre dans deux heures"),
    ("hours", "dos horas por idioma"),
    ("hours", "tres veces dos horas"),
    ("hours", "la película dura dos horas"),
    ("budget_usd", "half of the 10 dollars"),
    ("budget_usd", "5% of $10"),
    ("budget_usd", "a tenth of a dollar"),
    ("budget_usd", "ten dollars less the two that are gone"),
    ("budget_usd", "a dollar a fold"),
    ("budget_usd", "at most $2 a model"),
    ("budget_usd", "at least $5"),
    ("budget_usd", "$5 would be too much"),
    ("budget_usd", "2 x $4"),
    ("budget_usd", "$4/run"),
    ("budget_usd", ">= 2 USD"),
    ("budget_usd", "three hours at 80 cents"),
    ("budget_usd", "price of an hour, as in Price/hour: ≤ $0.80"),
    ("budget_usd", "the card costs 5 dollars"),
    ("budget_usd", "would 5 dollars do?"),
    ("budget_usd", "höchstens 2 $ je Modell"),
    ("budget_usd", "die Hälfte von 10 Dollar"),
    ("budget_usd", "fünf Dollar weniger als gestern"),
    ("budget_usd", "2 dollars par modèle"),
    ("budget_usd", "la moitié des 10 dollars"),
    ("budget_usd", "2 dólares por modelo"),
    ("budget_usd", "la mitad de 10 dólares"),
    ("vram_gb", "twice the 24 GB VRAM of a 4090"),
    ("vram_gb", "more than 24 GB VRAM"),
    ("vram_gb", "24 GB VRAM per process"),
    ("vram_gb", "VRAM > 24 GB"),
    ("vram_gb", "12 GB of VRAM, no, of RAM"),
    ("vram_gb", "mit 16 GB VRAM ging es schief"),
    ("accelerators", "any card but a V100"),
    ("accelerators", "everything except the V100"),
    ("accelerators", "a pair of V100"),
    ("accelerators", "is a V100 enough?"),
    ("accelerators", "it takes 2 hours on a V100. I want a T4"),
    ("accelerators", "half a V100"),
    ("accelerators", "V100+"),
    ("accelerators", "≠ V100"),
    ("accelerators", "~V100"),
    ("accelerators", "the successor of the V100"),
    ("accelerators", "comparable to a V100"),
    ("accelerators", "we tested on a V100"),
    ("accelerators", "a V100 only when nothing else is there"),
    ("accelerators", "alles bis auf die V100"),
    ("accelerators", "toutes sauf la V100"),
    ("accelerators", "n'importe laquelle à part la V100"),
    ("accelerators", "cualquier tarjeta menos la V100"),
    ("accelerators", "un par de V100"),
]
PLAIN = [
    ("hours", "it should be done in about two hours I think", 2),
    ("hours", "Rechenzeit rund zwei Stunden", 2),
    ("hours", "il faut compter deux heures à peu près", 2),
    ("hours", "tarda más o menos dos horas", 2),
    ("budget_usd", "it shouldn't cost more than $5", "5.00"),
    ("budget_usd", "my landlady allows up to $5", "5.00"),
    ("budget_usd", "mehr als 5 Dollar darf es nicht kosten", "5.00"),
    ("budget_usd", "je ne veux pas dépasser 5 dollars", "5.00"),
    ("budget_usd", "sin pasar de 5 dólares", "5.00"),
    ("accelerators", "could you take a V100 for it?", ("V100",)),
    ("budget_usd", "the card may cost 5 dollars", "5.00"),
    ("vram_gb", "it wants a card with at least 24 GB of VRAM", 24),
    ("accelerators", "a V100 will do nicely", ("V100",)),
    ("accelerators", "sort the stars with train.py on a V100", ("V100",)),
    ("accelerators", "eine V100 wäre schön", ("V100",)),
]
LIMITS = [
    "at most a fiver",
    "budget: 5",
    "not over twelve clams",
    "höchstens zehn Kröten",
    "pas plus de dix balles",
    "como mucho diez pavos",
    "keep it below 4",
    "40 CAD",
    "300 credits",
    "five dollers please",
    "5 bukcs",
    "so 5 it is",
    "5 Fr.",
    "we had $50 for the data",
    "the dataset cost us $50",
]


@pytest.mark.parametrize(("field", "text"), QUALIFIED)
def test_a_figure_beside_a_word_that_no_rule_knows_is_asked_about(field: str, text: str) -> None:
    """Whatever the word does to it: the rules for what a figure may be are never complete."""
    understood = understand(f"train.py does it. {text}.", FOLDER, {})
    assert field in understood.asks
    assert field not in understood.fields


@pytest.mark.parametrize(("field", "text", "value"), PLAIN)
def test_words_that_change_nothing_ask_nothing(field: str, text: str, value: object) -> None:
    """A reader that asks about everything would be safe too."""
    understood = understand(f"train.py does it. {text}.", FOLDER, {})
    assert (understood.fields.get(field), dict(understood.asks)) == (value, {})


def test_what_is_asked_about_has_a_value_to_agree_to() -> None:
    """Where it can have only one."""
    understood = understand("train.py, the toy set takes 2 hours, at least $5 or at least $6", FOLDER, {})
    assert understood.asks.keys() == {"hours", "budget_usd"}
    assert understood.proposed == {"hours": 2}


@pytest.mark.parametrize("text", LIMITS)
def test_a_limit_that_can_t_be_read_is_asked_about(text: str) -> None:
    """It would be lost, and the job could cost anything."""
    understood = understand(f"train.py, two hours, {text}", FOLDER, {})
    assert "budget_usd" in understood.asks


@pytest.mark.parametrize("text", ["0.40/h at most", "three per hour", "hourly price below 2", "pro Stunde 40 Cent"])
def test_a_limit_for_an_hour_that_can_t_be_read_is_asked_about(text: str) -> None:
    """It is no limit of the whole, and none that a job could hold."""
    understood = understand(f"train.py, two hours, max $5, {text}", FOLDER, {})
    assert understood.asks.keys() & {"price_per_hour", "budget_usd"}


def test_two_figures_for_one_field_are_a_question_though_one_is_beside_strange_words() -> None:
    """Which of them counts is for the words to say that nobody knows."""
    assert "hours" in understand("train.py, two hours, the lurking surveys six hours", FOLDER, {}).asks


def test_of_more_gpus_than_anybody_wants_none_is_taken() -> None:
    """And none is looked at closely: it would take seconds."""
    understood = understand("A100, " * 101, FOLDER, {})
    assert "accelerators" in understood.asks
    assert not any(one.wanted for one in gpus("A100, " * 101))
    assert "vram_gb" in understand("24 GB VRAM, " * 101, FOLDER, {}).asks
    assert understand("A100, " * 99, FOLDER, {}).fields["accelerators"] == ("A100",)
