"""What stands beside a figure: words that may change it make it a question, and never a price."""

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
    ("hours", "the opera on which we train lasts three hours"),
    ("hours", "the job takes a nap of two hours in the middle"),
    ("hours", "it takes two hours less than Mary's"),
    ("hours", "the script preprocesses for two hours and trains"),
    ("hours", "our interns needed six hours for it"),
    ("hours", "on Kaggle it crawls for nine hours"),
    ("hours", "the job must begin within two hours"),
    ("hours", "watch a movie for two hours"),
    ("hours", "der Lauf soll um zwei Stunden kürzer werden"),
    ("hours", "le calcul a déjà mangé deux heures"),
    ("hours", "el trabajo tarda el doble de dos horas"),
    ("budget_usd", "the camera for this job cost 300 dollars"),
    ("budget_usd", "a deposit of 5 dollars is within the limit"),
    ("budget_usd", "our limit is 7 dollars below theirs"),
    ("budget_usd", "limit 5 dollars, Canadian of course"),
    ("budget_usd", "at most 5 dollars; they are Australian"),
    ("budget_usd", "the budget got cut from 10 dollars"),
    ("budget_usd", "don't even think of spending 7 dollars"),
    ("budget_usd", "die Stunde darf mich 70 US-Cent kosten"),
    ("budget_usd", "le budget de 10 dollars est à partager avec Paul"),
    ("accelerators", "stay away from the V100"),
    ("accelerators", "sell the V100"),
    ("accelerators", "please beat Tom's V100"),
    ("accelerators", "get me the opposite of a V100"),
    ("accelerators", "on a V100 it OOMs"),
    ("accelerators", "Tom runs it on a V100"),
    ("accelerators", "con una V100 se ahoga"),
    ("accelerators", "with the penguins it crawls on a V100"),
    ("accelerators", "any card but a V100"),
    ("vram_gb", "Wei needs it for her own run, which takes 60 GB of VRAM"),
    ("accelerators", "everything except the V100"),
    ("accelerators", "take whatever card sof a V100"),
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
    ("hours", "the penguin job devours two hours", 2),
    ("hours", "sort the meteorite photos in about two hours", 2),
    ("hours", "der Meteoritenlauf verschlingt zwei Stunden", 2),
    ("hours", "le calcul des manchots prend deux heures", 2),
    ("hours", "el entrenamiento de los pingüinos tarda dos horas", 2),
    ("hours", "Rechenzeit rund zwei Stunden", 2),
    ("hours", "il faut compter deux heures à peu près", 2),
    ("hours", "tarda más o menos dos horas", 2),
    ("budget_usd", "it shouldn't cost more than $5", "5.00"),
    ("budget_usd", "for the penguins we can shell out up to 5 dollars", "5.00"),
    ("budget_usd", "the treasurer has agreed to a ceiling of 5 dollars for the penguins", "5.00"),
    ("budget_usd", "für die Pinguine dürfen höchstens 5 Dollar draufgehen", "5.00"),
    ("budget_usd", "pour les manchots, 5 dollars au maximum", "5.00"),
    ("budget_usd", "para los pingüinos como máximo 5 dólares", "5.00"),
    ("budget_usd", "but it may cost 5 dollars", "5.00"),
    ("budget_usd", "the penguins mustn't devour more than 5 dollars", "5.00"),
    ("budget_usd", "my landlady allows up to $5", "5.00"),
    ("budget_usd", "mehr als 5 Dollar darf es nicht kosten", "5.00"),
    ("budget_usd", "je ne veux pas dépasser 5 dollars", "5.00"),
    ("budget_usd", "sin pasar de 5 dólares", "5.00"),
    ("accelerators", "could you take a V100 for it?", ("V100",)),
    ("budget_usd", "the card may cost 5 dollars", "5.00"),
    ("vram_gb", "it wants a card with at least 24 GB of VRAM", 24),
    ("vram_gb", "die Karte müsse 24 GB VRAM aufweisen", 24),
    ("accelerators", "a V100 will do nicely", ("V100",)),
    ("accelerators", "sort the meteorite photos on a V100", ("V100",)),
    ("accelerators", "it keeps a V100 busy for two hours", ("V100",)),
    ("accelerators", "entrenar el detector de meteoritos en una V100", ("V100",)),
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
    "a grand at most",
    "max a quarter",
    "five dollers please",
    "5 bukcs",
    "so 5 it is",
    "5 Fr.",
    "we had $50 for the data",
    "the dataset cost us $50",
]


@pytest.mark.parametrize(("field", "text"), QUALIFIED)
def test_a_figure_that_words_beside_it_may_change_is_asked_about(field: str, text: str) -> None:
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


def test_the_only_amount_of_money_is_the_limit() -> None:
    """It can only forbid what a policy would allow; beside another one it has to be said."""
    alone = "train.py does it. The guild bank has $3 for this."
    assert understand(alone, FOLDER, {}).fields.get("budget_usd") == "3.00"
    assert "budget_usd" in understand(f"{alone} The swamp sold for $9.", FOLDER, {}).asks
    assert "budget_usd" in understand(f"{alone} The dataset cost us $9.", FOLDER, {}).asks


def test_what_limits_another_figure_says_nothing_of_this_one() -> None:
    """`At least` is about the memory."""
    fields = understand("train.py, it wants two hours and at least 24 GB of VRAM, at most $5", FOLDER, {}).fields
    assert (fields["hours"], fields["vram_gb"], fields["budget_usd"]) == (2, 24, "5.00")


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
