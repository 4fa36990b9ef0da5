"""The encoder on onnxruntime: shapes, lengths, independence of neighbours, folders it refuses."""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelFilesMissing, ModelsError
from models.meaning import Encoder, OnnxEncoder, read_folder
from models.store import default_models_dir, locate

PASSAGES = [
    "查本县沈家门渔民登记事宜,业经派员前往办理,兹将登记册随函送请查照。",
    "台风",
    "关于加强海塘修筑的通知" * 12,
    "渔船出海前须向渔会领取执照,注明船主姓名、船员人数。" * 8,
    "x",
    "",
]


@pytest.fixture(scope="module")
def folder() -> Path:
    try:
        return locate(Path(os.environ.get("DANGHAI_MODELS_DIR") or default_models_dir()))
    except ModelFilesMissing as missing:
        pytest.skip(f"the embedding model is not here: {missing}")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return OnnxEncoder(folder, threads=2)


@pytest.mark.models
def test_vectors_are_unit_rows_in_the_order_given(encoder: Encoder) -> None:
    vectors = encoder.encode_passages(PASSAGES)
    assert vectors.shape == (len(PASSAGES), encoder.dimension) == (len(PASSAGES), 512)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors[::-1], encoder.encode_passages(PASSAGES[::-1]))
    assert encoder.encode_passages([]).shape == (0, 512)


@pytest.mark.models
def test_vectors_are_the_models_own(encoder: Encoder, folder: Path) -> None:
    """Against onnxruntime by hand: the first token's last hidden state, made unit."""
    import onnxruntime
    from tokenizers import Tokenizer

    ids = np.array([Tokenizer.from_file(str(folder / "tokenizer.json")).encode(PASSAGES[0]).ids])
    session = onnxruntime.InferenceSession(str(folder / "onnx" / "model_quantized.onnx"))
    given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    first = session.run(None, given)[0][0, 0]
    np.testing.assert_allclose(encoder.encode_passages(PASSAGES)[0], first / np.linalg.norm(first), atol=1e-6)


@pytest.mark.models
def test_a_vector_does_not_depend_on_its_neighbours(encoder: Encoder, folder: Path) -> None:
    """A closed record's text must leave no trace in an open one's vector (invariant 1)."""
    together = encoder.encode_passages(PASSAGES)
    alone = OnnxEncoder(folder, threads=1)
    for text, vector in zip(PASSAGES, together, strict=True):
        assert np.array_equal(alone.encode_passages([text])[0], vector)


@pytest.mark.models
def test_meaning_is_near_where_words_are_not(encoder: Encoder) -> None:
    question = encoder.encode_question("打鱼的人要到哪里办手续")
    fishing, typhoon, seawall = encoder.encode_passages(
        ["渔民登记及渔船执照核发办法", "关于台风灾害损失的报告", "海塘修筑工程预算"]
    )
    assert question.shape == (512,)
    assert question @ fishing > max(question @ typhoon, question @ seawall) + 0.05


@pytest.mark.models
def test_a_question_carries_the_models_instruction(encoder: Encoder) -> None:
    text = "沈家门渔民登记"
    assert not np.allclose(encoder.encode_question(text), encoder.encode_passages([text])[0], atol=1e-3)
    prompt = "为这个句子生成表示以用于检索相关文章:"
    assert np.array_equal(encoder.encode_question(text), encoder.encode_passages([prompt + text])[0])


@pytest.mark.models
def test_what_is_past_the_longest_length_is_cut(encoder: Encoder) -> None:
    long = "渔" * encoder.max_tokens
    assert np.array_equal(*encoder.encode_passages([long, long + "台风" * 50]))


@pytest.mark.models
def test_threads_agree(encoder: Encoder, folder: Path) -> None:
    fresh = OnnxEncoder(folder)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: fresh.encode_passages(PASSAGES), range(6)))
    assert all(np.array_equal(answer, encoder.encode_passages(PASSAGES)) for answer in answers)


@pytest.mark.models
def test_the_name_changes_with_any_byte_that_changes_vectors(
    encoder: Encoder, folder: Path, tmp_path: Path
) -> None:
    assert encoder.name.startswith("bge-small-zh-v1.5-int8@")
    copy = Path(shutil.copytree(folder, tmp_path / folder.name))
    assert OnnxEncoder(copy).name == encoder.name
    settings = copy / "config_sentence_transformers.json"
    settings.write_text(settings.read_text(encoding="utf-8").replace("检索", "查找"), encoding="utf-8")
    assert OnnxEncoder(copy).name != encoder.name


def make_folder(at: Path, *, pooling: dict[str, object], modules: list[str]) -> Path:
    (at / "1_Pooling").mkdir(parents=True)
    (at / "model.onnx").write_bytes(b"")
    (at / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 8, **pooling}))
    types = [{"type": f"sentence_transformers.models.{name}"} for name in modules]
    (at / "modules.json").write_text(json.dumps(types))
    return at


def test_a_folder_says_how_it_pools(tmp_path: Path) -> None:
    made = make_folder(
        tmp_path / "m", pooling={"pooling_mode_mean_tokens": True}, modules=["Transformer", "Pooling"]
    )
    read = read_folder(made)
    assert (read.pooling, read.dimension, read.max_tokens, read.question_prompt) == ("mean", 8, 512, "")


def test_models_that_need_more_are_refused_by_name(tmp_path: Path) -> None:
    maxed = make_folder(
        tmp_path / "a", pooling={"pooling_mode_max_tokens": True}, modules=["Transformer", "Pooling"]
    )
    dense = make_folder(
        tmp_path / "b", pooling={"pooling_mode_cls_token": True}, modules=["Transformer", "Pooling", "Dense"]
    )
    for folder in (maxed, dense):
        with pytest.raises(ModelsError, match="不支持"):
            OnnxEncoder(folder)


def test_an_empty_folder_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelFilesMissing, match="danghai models pull"):
        OnnxEncoder(tmp_path)


def test_a_spoilt_setting_is_named(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "m", pooling={"pooling_mode_cls_token": True}, modules=["Transformer"])
    (made / "modules.json").write_text("{")
    with pytest.raises(ModelFilesMissing, match=r"modules\.json"):
        OnnxEncoder(made)
