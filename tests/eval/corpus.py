"""Job descriptions as people write them, with what is to be understood from each: read and checked strictly."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from policies.gpu import parse_gpu
from policies.tree import from_yaml
from tests.eval.score import FIELDS, PRICE_PER_HOUR, Reading

DESCRIPTIONS = Path(__file__).parent / "descriptions"
HELD_OUT = "held_out_"

Kind = Literal["plain", "chatty", "traps"]
Language = Literal["en", "de", "fr", "es"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LANGUAGES: tuple[Language, ...] = get_args(Language)

# Of each kind and language something, and none of them among the easy ones of its kind.
SAMPLE = (
    "plain-en-llama-adapters",
    "traps-en-other-durations",
    "chatty-de-masterarbeit",
    "traps-es-otras-duraciones",
    "chatty-en-brief-with-story",
    "traps-fr-memoire",
    "traps-en-price-per-hour-and-total",
    "plain-de-auswertung",
    "chatty-fr-these",
    "traps-en-readme-gives-orders",
)


def _known(name: str) -> str:
    if not parse_gpu(name).known:
        raise ValueError(f"no GPU is called {name}")
    return name


def _askable(field: str) -> str:
    if field not in (*FIELDS, PRICE_PER_HOUR):
        raise ValueError(f"nobody is asked about {field}")
    return field


Dollars = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]*)\.[0-9]{2}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Workload(_Strict):
    """What is computed, as far as the text says it."""

    parameters_b: Annotated[Decimal, Field(gt=0)]
    method: Literal["inference", "full", "lora", "qlora"]
    precision: Literal["fp32", "fp16", "bf16", "int8", "int4"] | None = None


class JobFields(_Strict):
    """Fields of a job file; what is null or empty nobody said."""

    run: Text | None = None
    setup: Text | None = None
    hours: Annotated[Decimal, Field(gt=0)] | None = None
    budget_usd: Dollars | None = None
    vram_gb: Annotated[int, Field(gt=0)] | None = None
    accelerators: tuple[Annotated[str, AfterValidator(_known)], ...] = ()
    outputs: tuple[Text, ...] = ()

    def said(self) -> dict[str, object]:
        """The fields that are there, by name."""
        return {name: value for name, value in self.model_dump(exclude_none=True).items() if value != ()}


class Expected(JobFields):
    """The whole job that is to be understood, what its file already said included."""

    workload: Workload | None = None


class Description(_Strict):
    """What a human wrote, what lies beside it, and what is to be made of both.

    Attributes:
        held_out: scored and told apart; not for the eyes of who writes a reader.
        workdir: file name (a folder's ends in `/`) -> the first lines of the file.
        given: what the job file has already.
        asks: fields that a human has to be asked about, since neither text nor files tell.
    """

    id: Text
    kind: Kind
    held_out: bool = False
    language: Language
    text: Text
    workdir: Mapping[str, str]
    given: JobFields = JobFields()
    expected: Expected
    asks: frozenset[Annotated[str, AfterValidator(_askable)]] = frozenset()

    @property
    def reading(self) -> Reading:
        """What a perfect reader returns. Where there are files, they are the workdir."""
        fields = self.expected.said()
        return Reading(fields | {"workdir": "."} if self.workdir else fields, self.asks)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if not self.id.startswith(f"{self.kind}-{self.language}-"):
            raise ValueError(f"{self.id} is named for another kind or language")
        expected = self.expected.said()
        if both := self.asks & expected.keys():
            raise ValueError(f"{self.id} expects and asks about {', '.join(sorted(both))}")
        for field, value in self.given.said().items():
            if field != "budget_usd" and expected.get(field) != value:
                raise ValueError(f"{self.id} drops {field} of its file")
        return self


_LIST: TypeAdapter[list[Description]] = TypeAdapter(list[Description])


def load(folder: Path = DESCRIPTIONS) -> tuple[Description, ...]:
    """Every description of the folder's files, in their order.

    Raises:
        ValueError: a file breaks the form, an id comes twice, or held-out ones are not in files of their own.
    """
    corpus = tuple(one for file in sorted(folder.glob("*.yaml")) for one in _of_file(file))
    if len({one.id for one in corpus}) < len(corpus):
        raise ValueError("two descriptions have one id")
    return corpus


def _of_file(file: Path) -> list[Description]:
    text = file.read_text(encoding="utf-8")
    from_yaml(text)  # refuses a key that is there twice
    found: Any = yaml.safe_load(text)
    descriptions = _LIST.validate_python(found)
    if any(one.held_out != file.name.startswith(HELD_OUT) for one in descriptions):
        raise ValueError(f"{file.name}: held-out descriptions are in files {HELD_OUT}*.yaml, and nowhere else")
    return descriptions


def part(corpus: Iterable[Description], *, held_out: bool) -> tuple[Description, ...]:
    """What is held out, or what is open."""
    return tuple(one for one in corpus if one.held_out is held_out)


def sample(corpus: Iterable[Description], size: int) -> tuple[Description, ...]:
    """The first so many of the named ten, in their order."""
    by_id = {one.id: one for one in corpus}
    return tuple(by_id[name] for name in SAMPLE[:size])
