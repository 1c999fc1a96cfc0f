import tomllib
from dataclasses import fields, replace
from decimal import Decimal

import pytest

from policies.money import Cents
from policies.offer import Rail
from policies.policy import DEFAULT, SECTIONS, Policy, PolicyFileError, read_policy, rules_of

DOCUMENTED = """\
[budget]
per_run_usd = "10.00"
per_day_usd = "25.00"
per_month_usd = "250.00"
max_price_per_hour_usd = "4.00"
max_open_pods = 4

[payment]
rails = ["credits", "stripe"]
auto_pay_usd = "0.00"
auto_pay_per_day_usd = "0.00"
approval_minutes = 60
checkout_hosts = ["checkout.stripe.com"]
grace_minutes = 5

[gpu]
min_vram_gb = 0
vram_headroom = 0.15
allow = ["*"]
deny = []
tiers = ["*"]
max_premium = 0.25

[time]
default_hours = 1
max_hours = 24
hours_margin = 0.25
deploy_minutes = 15
ssh_minutes = 5
idle_minutes = 30
on_idle = "tell"
on_lease_end = "ask"
sync_minutes = 5
uncollected_hours = 72

[recovery]
max_pods_per_run = 3
same_failure_limit = 2
terminate_alarm_tries = 5

[reconcile]
settle_seconds = 300
readings = 3

[network]
allow_private_hosts = false
max_requests_per_second = 5
deadman = true
deadman_minutes = 60

[chat]
approvers = []
notify_url = ""
job_envs = []
"""
"""Every key of the documentation with its documented default."""


def listed(texts: list[str]) -> str:
    return "[" + ", ".join(f'"{text}"' for text in texts) + "]"


def problem_of(text: str) -> str:
    with pytest.raises(PolicyFileError) as caught:
        read_policy(text, "policy.toml")
    assert len(caught.value.problems) == 1, str(caught.value)
    return str(caught.value)


def test_the_documented_file_is_the_default() -> None:
    """Key by key and value by value; an empty file says the same."""
    assert read_policy(DOCUMENTED, "policy.toml") == DEFAULT == Policy() == read_policy("", "policy.toml")
    keys = {name: set(rules_of(section)) for name, section in SECTIONS.items()}
    assert keys == {name: set(section) for name, section in tomllib.loads(DOCUMENTED).items()}
    assert [field.name for field in fields(Policy)] == list(SECTIONS)


def test_what_a_file_says_replaces_one_value_only() -> None:
    """Money becomes cents, a price stays exact, rails come in the order written."""
    text = '[budget]\nper_run_usd = "1.47"\nmax_price_per_hour_usd = "0.345"\n[payment]\nrails = ["stripe"]\n'
    assert read_policy(text, "p") == replace(
        DEFAULT,
        budget=replace(DEFAULT.budget, per_run=Cents(147), max_price_per_hour=Decimal("0.345")),
        payment=replace(DEFAULT.payment, rails=(Rail.STRIPE,)),
    )


def test_a_share_is_read_exactly() -> None:
    """0.1 is a tenth, not the float nearest to it; whole numbers are shares too."""
    assert read_policy("[gpu]\nvram_headroom = 0.1", "p").gpu.vram_headroom == Decimal("0.1")
    assert read_policy("[gpu]\nvram_headroom = 1", "p").gpu.vram_headroom == Decimal(1)


def test_every_problem_is_told_at_once_with_its_place() -> None:
    """File, line, section and key, expectation, find, remedy."""
    text = '[budgt]\n[budget]\nper_run_usd = 5.5\n# a note\nper_dy_usd = "1"\n[time]\non_idle = "stop"\n'
    with pytest.raises(PolicyFileError) as caught:
        read_policy(text, "my.toml")
    assert str(caught.value).splitlines() == [
        "my.toml:1: budgt: expected a known section, found 'budgt'. Did you mean 'budget'?",
        (
            'my.toml:3: budget.per_run_usd: expected decimal dollars in quotes such as "10.00", at most "100000.00", '
            'found 5.5. Put it in quotes: per_run_usd = "5.5".'
        ),
        "my.toml:5: budget.per_dy_usd: expected a known key, found 'per_dy_usd'. Did you mean 'per_day_usd'?",
        (
            'my.toml:7: time.on_idle: expected "tell" or "end", found \'stop\'. '
            "Change the value, or remove the line to keep the default."
        ),
    ]


def test_the_line_is_that_of_the_right_section() -> None:
    """The same key name in another section, or in a comment, is not mistaken for it."""
    text = "[gpu]\n# max_hours = 1\n[time]\nmax_hours = 0\n"
    assert problem_of(text).startswith("policy.toml:4: time.max_hours")


def test_a_dotted_key_has_no_line_and_is_checked_all_the_same() -> None:
    """TOML can say it otherwise; the message then names the file only."""
    assert problem_of("time.max_hours = 0").startswith("policy.toml: time.max_hours: expected a whole number")


MONEY = ["per_run_usd", "per_day_usd", "per_month_usd", "max_price_per_hour_usd"]


@pytest.mark.parametrize("key", MONEY)
@pytest.mark.parametrize(("written", "quoted"), [("5", "5.00"), ("5.00", "5.00"), ("0.1", "0.1")])
def test_money_without_quotes_is_told_how_to_quote_it(key: str, written: str, quoted: str) -> None:
    """A TOML number is no money."""
    assert f'Put it in quotes: {key} = "{quoted}"' in problem_of(f"[budget]\n{key} = {written}")


@pytest.mark.parametrize("key", MONEY)
@pytest.mark.parametrize("written", ['"-1"', '"1e3"', '"$5"', '""', "true", "[]", '"100000.01"', '" 5"', "nan", "inf"])
def test_other_money_is_refused(key: str, written: str) -> None:
    """Only plain decimal dollars up to what is believed."""
    assert f"policy.toml:2: budget.{key}" in problem_of(f"[budget]\n{key} = {written}")


def test_a_cap_of_nothing_is_money_but_no_price() -> None:
    """A budget may be zero; an hour for nothing would allow nothing and is a mistake."""
    assert read_policy('[budget]\nper_run_usd = "0.00"', "p").budget.per_run == 0
    assert "above 0" in problem_of('[budget]\nmax_price_per_hour_usd = "0.00"')


INTEGERS = [
    ("budget", "max_open_pods", 1, 1000),
    ("payment", "approval_minutes", 1, 10080),
    ("payment", "grace_minutes", 0, 1440),
    ("gpu", "min_vram_gb", 0, 4096),
    ("time", "default_hours", 1, 720),
    ("time", "max_hours", 1, 720),
    ("time", "deploy_minutes", 1, 1440),
    ("time", "ssh_minutes", 1, 1440),
    ("time", "idle_minutes", 1, 10080),
    ("time", "sync_minutes", 0, 1440),
    ("time", "uncollected_hours", 1, 720),
    ("recovery", "max_pods_per_run", 1, 100),
    ("recovery", "same_failure_limit", 1, 100),
    ("recovery", "terminate_alarm_tries", 1, 1000),
    ("reconcile", "settle_seconds", 1, 86400),
    ("reconcile", "readings", 2, 100),
    ("network", "max_requests_per_second", 1, 100),
    ("network", "deadman_minutes", 1, 10080),
]


@pytest.mark.parametrize(("section", "key", "low", "high"), INTEGERS)
def test_whole_numbers_have_edges(section: str, key: str, low: int, high: int) -> None:
    """Both edges are allowed, one beyond is not, and neither is anything that only looks like a whole number."""
    for value in (low, high):
        assert getattr(getattr(read_policy(f"[{section}]\n{key} = {value}", "p"), section), key) == value
    for written in (str(low - 1), str(high + 1), "1.5", f"{low}.0", f'"{low}"', "true", "[]", "2024-01-01"):
        assert f"policy.toml:2: {section}.{key}" in problem_of(f"[{section}]\n{key} = {written}")


@pytest.mark.parametrize(
    ("section", "key", "high"), [("gpu", "vram_headroom", 1), ("gpu", "max_premium", 1), ("time", "hours_margin", 4)]
)
def test_shares_have_edges(section: str, key: str, high: int) -> None:
    """From 0 to the highest sensible one, both included; NaN and infinity are no shares."""
    for written in ("0", "0.0", str(high), f"{high}.0"):
        assert getattr(getattr(read_policy(f"[{section}]\n{key} = {written}", "p"), section), key) == Decimal(written)
    for written in ("-0.01", f"{high}.01", "nan", "inf", "-inf", '"0.1"', "true"):
        assert f"{section}.{key}" in problem_of(f"[{section}]\n{key} = {written}")


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [("time", "on_idle", ("tell", "end")), ("time", "on_lease_end", ("ask", "hop", "end"))],
)
def test_words_come_from_a_short_list(section: str, key: str, words: tuple[str, ...]) -> None:
    """Each of them is read, another case or type is not, and the message lists them."""
    for word in words:
        assert getattr(getattr(read_policy(f'[{section}]\n{key} = "{word}"', "p"), section), key) == word
    for written in ('"Tell"', '""', "true", '["end"]'):
        assert '"end"' in problem_of(f"[{section}]\n{key} = {written}").split("found")[0]


@pytest.mark.parametrize("key", ["allow_private_hosts", "deadman"])
def test_flags_are_true_or_false(key: str) -> None:
    """Not "true", not 1."""
    for written, value in (("true", True), ("false", False)):
        assert getattr(read_policy(f"[network]\n{key} = {written}", "p").network, key) is value
    for written in ('"true"', "1", "0", "[]"):
        assert "true or false" in problem_of(f"[network]\n{key} = {written}")


@pytest.mark.parametrize(
    ("section", "key", "good", "bad"),
    [
        ("payment", "rails", ["credits"], ["paypal"]),
        ("payment", "rails", [], ["credits", "credits"]),
        ("payment", "checkout_hosts", ["checkout.stripe.com", "127.0.0.1:8402"], ["https://checkout.stripe.com"]),
        ("payment", "checkout_hosts", [], ["Checkout.stripe.com"]),
        ("payment", "checkout_hosts", ["a"], ["user@host"]),
        ("payment", "checkout_hosts", ["a:1"], ["a:0"]),
        ("payment", "checkout_hosts", ["a-b"], ["chеckout.stripe.com"]),
        ("gpu", "allow", ["RTX *", "*[34]090"], [""]),
        ("gpu", "deny", ["x"], ["a\\u0000b"]),
        ("gpu", "tiers", ["piglet"], ["x" * 201]),
        ("chat", "approvers", ["slack:U1", "telegram:5", "web:ann"], ["ann"]),
        ("chat", "approvers", [], ["slack:"]),
        ("chat", "approvers", ["web:a"], ["mail:a"]),
        ("chat", "approvers", ["telegram:1001"], ["telegram:@ann"]),
        ("chat", "approvers", [], ["telegram:01"]),
        ("chat", "job_envs", ["HF_TOKEN", "_a1"], ["1A"]),
        ("chat", "job_envs", [], ["A=B"]),
    ],
)
def test_lists_are_of_one_form(section: str, key: str, good: list[str], bad: list[str]) -> None:
    """What fits is kept in order; one wrong text refuses the list."""
    read = read_policy(f"[{section}]\n{key} = {listed(good)}", "p")
    assert list(getattr(getattr(read, section), key)) == good
    for written in (listed(bad), listed([*good, *bad]), '"a"', "[1]"):
        assert f"{section}.{key}" in problem_of(f"[{section}]\n{key} = {written}")


def test_a_notify_address_is_one_line() -> None:
    """It is shown and handed on: no line breaks or other control characters."""
    assert read_policy('[chat]\nnotify_url = "ntfy://topic"', "p").chat.notify_url == "ntfy://topic"
    assert "one line" in problem_of('[chat]\nnotify_url = "a\\nb"')
    assert "one line" in problem_of("[chat]\nnotify_url = 5")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[budget]\na = \n", 2),
        ("[budget]\n[budget]", 2),
        ('[budget]\nper_run_usd = "1"\nper_run_usd = "2"', 3),
        ("x = " + "[" * 100_000, None),
        ("#" * 65_537, None),
    ],
)
def test_a_file_that_is_no_toml_is_refused(text: str, line: int | None) -> None:
    """Broken, a key twice, endlessly deep, or far too long."""
    with pytest.raises(PolicyFileError, match="expected TOML") as caught:
        read_policy(text, "p")
    assert caught.value.problems[0].line == line


def test_a_file_may_be_as_long_as_the_limit() -> None:
    """64 kB of comments are a policy."""
    assert read_policy("#" * 65_536, "p") == DEFAULT


@pytest.mark.parametrize("text", ["budget = 3", '[[budget]]\nper_run_usd = "1.00"', 'budget = "x"'])
def test_a_section_is_a_section(text: str) -> None:
    """A value or a list of tables where a section is due is told so."""
    assert "Write [budget]" in problem_of(text)


def test_no_setting_of_a_file_can_be_misspelt_into_silence() -> None:
    """Every key with a letter too many is an error that proposes the right one."""
    for section, kind in SECTIONS.items():
        for key in rules_of(kind):
            assert f"Did you mean '{key}'?" in problem_of(f"[{section}]\n{key}x = 1")
