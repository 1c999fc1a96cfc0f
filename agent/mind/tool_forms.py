"""What the tools for a model take; every bound is checked before anything is done with it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from policies.workload import Method, Optimizer, Precision

RunId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=80,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$",
        description="run id as `submit_job` and `list_runs` give it; never an order id",
    ),
]
Hours = Annotated[float, Field(gt=0, le=720, allow_inf_nan=False)]
Vram = Annotated[int, Field(ge=1, le=9999)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Line = Annotated[str, Field(min_length=1, max_length=300)]
Dollars = Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,2})?$")]


class Form(BaseModel):
    """Takes nothing but what it names."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Form):
    """No arguments."""


class OneRun(Form):
    """A run of this store."""

    run_id: RunId


class Message(Form):
    """A question to the provider's assistant."""

    message: str = Field(
        min_length=1, max_length=500, description="one question, at most 500 characters; it leaves this machine"
    )


class Needs(Form):
    """What a job needs, as far as it is known."""

    description: str | None = Field(
        None,
        min_length=1,
        max_length=8000,
        description="the job in the human's own words; fields left out are read from it, never guessed",
    )
    budget_usd: Dollars | None = Field(
        None,
        description="ceiling of the whole run in US dollars, as text with two decimals; the policy's caps hold too",
    )
    vram_gb: Vram | None = Field(None, description="GPU memory needed, whole GB; see estimate_vram")


class OpenNeeds(Needs):
    """On whatever GPU fits, or on the one that is named."""

    gpu: Name | None = Field(None, description="GPU name or gpu_id as list_gpus gives it; left out: any that fits")
    hours: Hours | None = Field(
        None, description="hours the job takes on the GPU named, else on an RTX 4090, e.g. 2 or 0.5; not minutes"
    )


class JobNeeds(Needs):
    """A job to be submitted: a command, or a description that has one."""

    run: str | None = Field(
        None, min_length=1, max_length=4000, description="shell command of the job, e.g. 'python train.py --epochs 3'"
    )
    setup: str | None = Field(
        None,
        min_length=1,
        max_length=4000,
        description="shell command before it, e.g. 'pip install -r reqs.txt'",
    )
    name: str | None = Field(
        None, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="names the run, e.g. finetune-7b"
    )
    workdir: str = Field(
        ".",
        min_length=1,
        max_length=300,
        description="folder whose files are uploaded: '.' or a folder below it; nothing outside, nothing hidden",
    )
    outputs: list[Line] = Field(
        default_factory=list,
        max_length=20,
        description="files to bring back, as globs below the workdir: adapters/",
    )
    envs: dict[Name, Annotated[str, Field(max_length=1000)]] = Field(
        default_factory=dict, max_length=50, description="environment variables and their values; no secrets"
    )
    env_names: list[Name] = Field(
        default_factory=list,
        max_length=20,
        description="variables of the human's machine to pass on by name; only those that chat.job_envs lists",
    )


class SubmitNeeds(JobNeeds, OpenNeeds):
    """A job, or a job file."""

    job_file: str | None = Field(
        None,
        min_length=1,
        max_length=300,
        description="a .yaml job file that a human has in the folder, by its path there; then no other field is taken",
    )


class RentNeeds(JobNeeds):
    """A job on one GPU, for so many hours."""

    gpu: Name = Field(description="GPU name or gpu_id as list_gpus gives it")
    hours: Annotated[int, Field(ge=1, le=720)] = Field(description="whole hours to pay for, 1 to 720")


class Work(Form):
    """What is done with a model, as far as its GPU memory depends on it."""

    model: str = Field(
        min_length=1, max_length=120, description="model name with its size, e.g. 'Llama-3 8B', or a size alone: '7B'"
    )
    method: Method = Field(Method.INFERENCE, description="what is done; qlora holds the model in 4 bits")
    precision: Precision = Field(Precision.BF16, description="how parameters are held; qlora ignores it")
    context_tokens: int = Field(2048, ge=1, le=1_000_000, description="tokens of one sequence, prompt and answer")
    batch: int = Field(1, ge=1, le=1024, description="sequences (or images) on the GPU at once, without accumulation")
    optimizer: Optimizer = Field(Optimizer.ADAM, description="of training; sgd has momentum")
    checkpointing: bool | None = Field(
        None, description="gradient checkpointing; null where nobody said: then on for qlora, off else"
    )
    rank: int = Field(16, ge=1, le=4096, description="rank of LoRA adapters")
    image_pixels: int = Field(1024 * 1024, ge=1, le=2**28, description="pixels of one image, where images are made")
