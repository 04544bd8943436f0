from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from napari_layeredcnn.core.network import CONFIGURATIONS, Configuration, LayeredCNN
from napari_layeredcnn.core.weights import (
    DEFAULT_MODEL,
    ModelError,
    bundled_models,
    load_model,
    read_card,
    save_model,
)

TINY = Configuration(widths=(4, 6), blocks=1)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    network = LayeredCNN(TINY).eval()
    path = tmp_path / "own.safetensors"
    save_model(path, network, {"images_seen": 7})
    return path, network


def test_what_is_saved_is_loaded(saved):
    path, network = saved
    model = load_model(path)
    assert model.name == "own"
    assert model.card["images_seen"] == 7
    assert model.network.configuration == TINY
    assert not model.network.training
    for name, value in network.state_dict().items():
        assert torch.equal(model.network.state_dict()[name], value)
    assert list(path.parent.iterdir()) == [path]


def test_every_bundled_model_loads_and_its_card_is_honest():
    cards = bundled_models()
    assert next(iter(cards)) == DEFAULT_MODEL
    for name, card in cards.items():
        model = load_model(name)
        assert model.network.configuration == CONFIGURATIONS[name.split("-")[0]]
        assert card["images_seen"] > 0
        assert card["scores"]["validation_l1_px"] > 0
        assert {"recipe", "seed", "minutes", "hash"} <= card.keys()


def test_a_changed_weight_is_noticed(saved):
    path, _ = saved
    tensors = load_file(path)
    tensors["head1.bias"][0] += 1e-3
    save_file(tensors, path, metadata={"card": json.dumps(read_card(path))})
    with pytest.raises(ModelError, match="hash"):
        load_model(path)


def test_weights_of_another_configuration(saved):
    path, _ = saved
    card = read_card(path)
    card["configuration"]["blocks"] = 2
    save_file(load_file(path), path, metadata={"card": json.dumps(card)})
    with pytest.raises(ModelError, match="do not fit the configuration"):
        load_model(path)


def test_foreign_damaged_and_missing_files(tmp_path, saved):
    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(3)}, foreign)
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(saved[0].read_bytes()[:1000])
    for path in (foreign, damaged):
        with pytest.raises(ModelError, match="is not a weights file of LayeredCNN"):
            load_model(path)
    with pytest.raises(ModelError, match="there is no weights file"):
        load_model(tmp_path / "missing.safetensors")
    with pytest.raises(ModelError, match="there is no model 'best'; choose one of compact"):
        load_model("best")
