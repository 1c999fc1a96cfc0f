"""Paths that a text wants back."""

import re
from collections.abc import Mapping

from policies.reading.prose import around, clauses
from policies.reading.words import ends_with, one_of, phrases

_PATH = re.compile(
    r"(?<![\w/.$@*-])`?((?:\./)?(?:[\w*.-]+/)+[\w*.-]*|[\w*-]+(?:\.[\w*-]+)*\.[a-z][a-z0-9]{1,11})`?(?![\w/])",
    re.IGNORECASE,
)
_WANTED = one_of(
    "back, keep, want, wanted, need, send, grab, home, save, saves, saved, bring, return, fetch, get me, give me",
    "copy, output, outputs, result*, download, collect, deliver, hand in, hand over, transfer, deliverable*, artifact*",
    "artefact*, stored in, store in, written to, write, writes, ends up in",
    "zurück*, behalten, heb, hebt, aufheben, aufbewahr*, brauch, brauche, benötigt wird, möchte, will, hole, holen",
    "heimbringen, ergebnis*, ausgabe*, artefakt*, schreibt, landet, speicher*, rücksendung, schick*",
    "récup*, rends, rendez, rendre, conserve*, garde, garder, gardez, veux, voudrais, rapporte*, remettre, remettez",
    "sortie, sorties, résultat, résultats, renvoie*, renvoy*",
    "quiero, necesito, regres*, recuper*, devuel*, devolv*, pásame, guard*, conserv*, trae, traer, tráeme, descarg*",
    "recog*, bájame, bajes, entrega*, entregable*, fichero de vuelta, salida, salidas, resultado*",
)
_THIS = ends_with(
    phrases(
        "keep, want, return, fetch, save, bring, bring back, keep only",
        "behalten, behalte, hole, möchte, will",
        "garde, garder, gardez, récupérer, veux",
        "quiero, guarda, guardar, conserva, conservar, devuelve",
    )
    + r"\s*(?:(?:the|my|das|den|die|le|la|les|el|los|las)\s+)?`?"
)
_DATA = re.compile(
    r"\.(?:pt|pth|bin|ckpt|safetensors|onnx|gguf|npy|npz|h5|hdf5|csv|tsv|json|jsonl|parquet|txt|log|pkl|zip|gz|tar|png|jpe?g|"
    r"svg|pdf|gif|tiff?|exr|mp4|mkv|wav|mp3|flac|ply|obj|glb|vtu|vtk|nii|pdb|xtc|edr|srt|html|"
    r"tflite|faiss|mlmodel|keras|pb|engine|joblib|rds|rdata|feather|arrow|npz|db|sqlite|xlsx|ods|docx|odt|tex|vcf|bam|fasta|"
    r"fastq|fits?|nc|grib|dcm|mrc|xyz|cif|geojson|shp|gpkg|las|laz|dxf|dwg|stl|step|mid|midi|ogg|opus|aac|webm|webp|mov|avi|"
    r"ttf|otf)$",
    re.IGNORECASE,
)
_GIVEN = one_of(
    "from, reads, read, input, inputs, in, is in, lies in, lie in, config, start from, resume, repaired, no, not",
    "aus, liegt, liegen, liest, eingabe, kein, keine, nicht",
    "depuis, lit, entrée, sont dans, pas",
    "desde, lee, entrada, están en, no",
)
_CODE = (".py", ".sh", ".ipynb", ".yaml", ".yml", ".com", ".org", ".io", ".md")


def outputs(text: str, prose: str, files: Mapping[str, str]) -> tuple[str, ...]:
    """Globs as they were said, in the order of the text: what is wanted, and files and folders that are not there yet.

    What lies in the folder already is no result, unless the text asks for that very path.

    Args:
        prose: the text with its commands blotted out.
    """
    found: list[tuple[int, str]] = []
    wanting = False
    for clause in clauses(text):
        paths = list(_PATH.finditer(clause.text))
        only_paths = not re.search(r"[a-zà-ÿ]{4,}", _PATH.sub(" ", clause.text), re.IGNORECASE)
        wanting = bool(_WANTED.search(clause.text)) or (wanting and only_paths)
        if wanting:
            found += [(clause.start + path.start(), path[1]) for path in paths if _is_result(path, clause.text, files)]
    found += [(path.start(), path[1]) for path in _PATH.finditer(prose) if _is_new(path, prose, files)]
    return tuple(dict.fromkeys(name.removeprefix("./") for _, name in sorted(found)))


def _is_result(path: re.Match[str], clause: str, files: Mapping[str, str]) -> bool:
    name = path[1].removeprefix("./")
    return not lies_there(name, files) or (not name.endswith(_CODE) and bool(_THIS.search(clause[: path.start()])))


def _is_new(path: re.Match[str], prose: str, files: Mapping[str, str]) -> bool:
    """A file or folder that is named and not there: a job makes it, unless it is said to come from somewhere."""
    clause = around(clauses(prose), path.start())
    is_file = re.search(r"\w{2,}/$", path[1]) is not None or _DATA.search(path[1]) is not None
    return is_file and not lies_there(path[1].removeprefix("./"), files) and not _GIVEN.search(clause.text)


def lies_there(path: str, files: Mapping[str, str]) -> bool:
    """The path is in the folder already, or is code: then it goes to the pod, and does not come back."""
    folder = path.rstrip("/")
    return path.endswith(_CODE) or any(name.rstrip("/") == folder or name.startswith(f"{folder}/") for name in files)
