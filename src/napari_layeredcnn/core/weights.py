"""Bundled and own weights: one safetensors file with the model's card in its header.

The card is JSON: configuration, recipe, seed, images seen, scores, and a hash that is checked on
load. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from napari_layeredcnn.core.network import Configuration, LayeredCNN

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Name of the bundled model that is used unless another is asked for.
DEFAULT_MODEL = "compact"


class ModelError(ValueError):
    """Weights that cannot be used."""


@dataclass(frozen=True)
class Model:
    """A network with its weights, in evaluation mode, and the card that tells where they are from.

    Parameters
    ----------
    network : LayeredCNN
        In evaluation mode.
    card : dict
        Configuration, recipe, seed, images seen, scores, hash.
    name : str
        A bundled model's name, or the file's.
    """

    network: LayeredCNN
    card: dict[str, Any]
    name: str


def bundled_models() -> dict[str, dict[str, Any]]:
    """Cards of the models in the package, by name.

    Returns
    -------
    dict of str to dict
        The default model first.

    Examples
    --------
    >>> next(iter(bundled_models()))
    'compact'
    """
    folder = Path(str(resources.files("napari_layeredcnn") / "weights"))
    files = sorted(folder.glob("*.safetensors"), key=lambda f: (f.stem != DEFAULT_MODEL, f.stem))
    return {file.stem: read_card(file) for file in files}


def read_card(path: str | Path) -> dict[str, Any]:
    """Read the card of a weights file without loading the weights.

    Parameters
    ----------
    path : str or Path
        A ``.safetensors`` file that `save_model` wrote.

    Returns
    -------
    dict
        The card.

    Raises
    ------
    ModelError
        If the file is missing, damaged or without a card.
    """
    return _open(Path(path))[0]


def load_model(model: str | Path | None = None) -> Model:
    """Load bundled weights by name, or weights of your own from a file.

    Parameters
    ----------
    model : str or Path, optional
        A name from `bundled_models` or the path of a ``.safetensors`` file. Default: the bundled
        default.

    Returns
    -------
    Model
        On the CPU, in float32.

    Raises
    ------
    ModelError
        If there is no such model, or the file is damaged or does not fit its card.

    Examples
    --------
    >>> load_model().network.configuration.stride
    8
    """
    name = DEFAULT_MODEL if model is None else str(model)
    bundled = Path(str(resources.files("napari_layeredcnn") / "weights" / f"{name}.safetensors"))
    if Path(name).suffix == ".safetensors":
        path = Path(name)
    elif bundled.is_file():
        path = bundled
    else:
        raise ModelError(
            f"there is no model {name!r}; choose one of {', '.join(bundled_models())} "
            "or give a .safetensors file"
        )
    card, tensors = _open(path, with_tensors=True)
    if hash_tensors(tensors) != card.get("hash"):
        raise ModelError(
            f"the weights in {path.name} do not match the hash in their card, "
            "so the file is damaged or was changed; get it again"
        )
    try:
        configuration = card["configuration"]
        network = LayeredCNN(
            Configuration(
                tuple(configuration["widths"]),
                int(configuration["blocks"]),
                tuple(configuration.get("image_widths", ())),  # older files have none
            )
        )
        network.load_state_dict(tensors)
    except (KeyError, TypeError, RuntimeError) as error:
        raise ModelError(
            f"the weights in {path.name} do not fit the configuration in their card; "
            "use a file that `layeredcnn train` wrote"
        ) from error
    return Model(network.eval(), card, path.stem)


def ancestry(model: Model) -> dict[str, Any]:
    """Tell in a card which weights a training started from; where their file lay is left out.

    Parameters
    ----------
    model : Model
        Weights to start from.

    Returns
    -------
    dict
        Name, hash, images that it had seen itself, and what it had started from in turn.

    Examples
    --------
    >>> sorted(ancestry(load_model()))
    ['hash', 'images_seen', 'name', 'started_from']
    """
    card = model.card
    return {
        "name": model.name,
        "hash": card.get("hash"),
        "images_seen": card.get("images_seen"),
        "started_from": card.get("started_from"),
    }


def save_model(path: str | Path, network: LayeredCNN, card: Mapping[str, Any]) -> None:
    """Write weights and card to one file; configuration and hash are added to the card.

    Parameters
    ----------
    path : str or Path
        Ends in ``.safetensors``.
    network : LayeredCNN
        Its weights are saved in float32.
    card : mapping
        Anything that JSON can hold: recipe, seed, images seen, scores.
    """
    tensors = {
        name: (t.float() if t.is_floating_point() else t).detach().cpu().contiguous()
        for name, t in network.state_dict().items()
    }
    configuration = network.configuration
    full = {
        **card,
        "configuration": {
            "widths": list(configuration.widths),
            "blocks": configuration.blocks,
            "image_widths": list(configuration.image_widths),
        },
        "hash": hash_tensors(tensors),
    }
    partial = Path(path).with_suffix(".partial")  # so that an interruption leaves the old file
    save_file(tensors, partial, metadata={"card": json.dumps(full)})
    partial.chmod(0o644)  # safetensors leaves it to its owner alone
    partial.replace(path)


def hash_tensors(tensors: Mapping[str, Tensor]) -> str:
    """Fingerprint of weights, whatever file they lie in.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        By name, on the CPU.

    Returns
    -------
    str
        SHA-256 in hexadecimal.

    Examples
    --------
    >>> hash_tensors({"weight": torch.zeros(2)})[:8]
    '277159ea'
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _open(path: Path, *, with_tensors: bool = False) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if not path.is_file():
        raise ModelError(f"there is no weights file {path}; check the path")
    try:
        with safe_open(path, framework="pt") as file:
            card = json.loads((file.metadata() or {})["card"])
            names = file.keys() if with_tensors else ()
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, KeyError, json.JSONDecodeError) as error:
        raise ModelError(
            f"{path.name} is not a weights file of LayeredCNN ({error}); "
            "use a file that `layeredcnn train` wrote"
        ) from error
    return card, tensors
