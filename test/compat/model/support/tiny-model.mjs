// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Makes models that are small enough to be made for each test, in the form that the embedder
// reads: a table of token vectors, and on request much work that changes nothing of note.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import protobuf from 'protobufjs'

const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'slow', 'checkout', 'time', '##out', 'refund']
const FLOAT = 1
const INT64 = 7

/**
 * @param folder where it goes
 * @param table a vector for each of {@link WORDS}
 * @param layers how often the vectors are multiplied with the unit matrix
 * @param isPooled gives one vector for each text, as it must not
 */
export async function makeTinyModel(folder, { table, layers = 0, isPooled = false }) {
  await mkdir(join(folder, 'onnx'), { recursive: true })
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer()))
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig()))
  const model = encodeModel(graph(table, layers, isPooled))
  await writeFile(join(folder, 'onnx/model_quantized.onnx'), model)
}

/** The rows of the table that a text's tokens have, by hand: its words are given in pieces. */
export function tokenRows(...pieces) {
  return ['[CLS]', ...pieces, '[SEP]'].map((piece) => WORDS.indexOf(piece))
}

export const VOCABULARY_SIZE = WORDS.length

function graph(table, layers, isPooled) {
  const dimensions = table[0].length
  const unit = Array.from({ length: dimensions }, (_, at) => table[0].map((_, to) => +(at === to)))
  const state = (layer) => (layer === layers && !isPooled ? 'last_hidden_state' : `state_${layer}`)
  const node = [{ opType: 'Gather', input: ['table', 'input_ids'], output: [state(0)] }]
  for (let layer = 1; layer <= layers; layer++) {
    node.push({ opType: 'MatMul', input: [state(layer - 1), 'unit'], output: [state(layer)] })
  }
  if (isPooled) {
    const attribute = [{ name: 'keepdims', type: 2, i: 0 }]
    const input = [state(layers), 'second']
    node.push({ opType: 'ReduceMean', input, output: ['pooled'], attribute })
  }
  return {
    name: 'tiny',
    node,
    initializer: [
      tensor('table', table),
      tensor('unit', unit),
      { name: 'second', dims: [1], dataType: INT64, int64Data: [1] },
    ],
    // No kinds of tokens: some models have none, and refuse them.
    input: [value('input_ids', INT64, 2), value('attention_mask', INT64, 2)],
    output: [isPooled ? value('pooled', FLOAT, 2) : value('last_hidden_state', FLOAT, 3)],
  }
}

function tensor(name, rows) {
  const dims = [rows.length, rows[0].length]
  return { name, dims, dataType: FLOAT, floatData: rows.flat() }
}

function value(name, elemType, rank) {
  const dim = Array.from({ length: rank }, (_, at) => ({ dimParam: `${name}_${at}` }))
  return { name, type: { tensorType: { elemType, shape: { dim } } } }
}

function encodeModel(graph) {
  const type = onnx().lookupType('ModelProto')
  const opsetImport = [{ domain: '', version: 18 }]
  return type.encode(type.fromObject({ irVersion: 8, opsetImport, graph })).finish()
}

/** As much of onnx.proto as these models use. */
function onnx() {
  const message = (fields) => ({
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [id, type, rule]]) => [name, { id, type, rule }]),
    ),
  })
  return protobuf.Root.fromJSON({
    nested: {
      ModelProto: message({
        irVersion: [1, 'int64'],
        graph: [7, 'GraphProto'],
        opsetImport: [8, 'OperatorSetId', 'repeated'],
      }),
      OperatorSetId: message({ domain: [1, 'string'], version: [2, 'int64'] }),
      GraphProto: message({
        node: [1, 'NodeProto', 'repeated'],
        name: [2, 'string'],
        initializer: [5, 'TensorProto', 'repeated'],
        input: [11, 'ValueInfo', 'repeated'],
        output: [12, 'ValueInfo', 'repeated'],
      }),
      NodeProto: message({
        input: [1, 'string', 'repeated'],
        output: [2, 'string', 'repeated'],
        opType: [4, 'string'],
        attribute: [5, 'Attribute', 'repeated'],
      }),
      Attribute: message({ name: [1, 'string'], i: [3, 'int64'], type: [20, 'int32'] }),
      TensorProto: message({
        dims: [1, 'int64', 'repeated'],
        dataType: [2, 'int32'],
        floatData: [4, 'float', 'repeated'],
        int64Data: [7, 'int64', 'repeated'],
        name: [8, 'string'],
      }),
      ValueInfo: message({ name: [1, 'string'], type: [2, 'TypeProto'] }),
      TypeProto: message({ tensorType: [1, 'TensorType'] }),
      TensorType: message({ elemType: [1, 'int32'], shape: [2, 'Shape'] }),
      Shape: message({ dim: [1, 'Dimension', 'repeated'] }),
      Dimension: message({ dimParam: [2, 'string'] }),
    },
  })
}

function tokenizer() {
  const special = (content) => ({ id: WORDS.indexOf(content), content, special: true })
  const token = (id) => ({ SpecialToken: { id, type_id: 0 } })
  const inserted = (id) => ({ id, ids: [WORDS.indexOf(id)], tokens: [id] })
  return {
    version: '1.0',
    added_tokens: WORDS.slice(0, 4).map((content) => ({ ...special(content), normalized: false })),
    normalizer: { type: 'BertNormalizer', clean_text: true, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [token('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, token('[SEP]')],
      pair: [],
      special_tokens: { '[CLS]': inserted('[CLS]'), '[SEP]': inserted('[SEP]') },
    },
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
    },
  }
}

function tokenizerConfig() {
  const tokens = { cls_token: '[CLS]', sep_token: '[SEP]', pad_token: '[PAD]', unk_token: '[UNK]' }
  return { ...tokens, tokenizer_class: 'BertTokenizer', model_max_length: 512 }
}
