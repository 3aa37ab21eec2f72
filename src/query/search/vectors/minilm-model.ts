// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { QueryError } from '../../query-error'
import {
  type OnnxRuntime,
  type OnnxSession,
  type OnnxTensor,
  type Tokenizer,
  loadOnnxRuntime,
  loadTokenizers,
} from './load-model-packages'
import type { ModelFiles } from './minilm-messages'
import { toUnitVector } from './unit-vector'

/** As the model was trained to read. */
const MAX_TOKENS = 256
/** More is not in 256 tokens, and would only be taken apart to be thrown away. */
const MAX_CHARACTERS = 10_000

export interface MiniLmModel {
  /** Of its weights and its tokenizer: what gives other vectors has another. */
  readonly fingerprint: string
  readonly dimensions: number
  /** The texts' vectors, of length 1, end to end. */
  embed(texts: readonly string[]): Promise<Float32Array<ArrayBuffer>>
}

/** Blocks the thread that it runs on, as does the model. */
export async function loadMiniLm(files: ModelFiles, threads: number): Promise<MiniLmModel> {
  const runtime = loadOnnxRuntime()
  const { Tokenizer } = loadTokenizers()
  const config = await readJson(files.tokenizerConfig)
  const tokenizer = new Tokenizer(await readJson(files.tokenizer), config)
  const session = await runtime.InferenceSession.create(files.model, {
    intraOpNumThreads: threads,
    // It would write to the app's stderr; what is wrong, it also throws.
    logSeverityLevel: 4,
    // Threads that wait would turn in circles, which takes the app twice the processor time.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  }).catch((error: unknown) => {
    throw new QueryError('EmbeddingFailure', `can't load '${files.model}': ${String(error)}`)
  })
  const fingerprint = await fingerprintOf([files.model, files.tokenizer])
  const model = new OnnxModel(runtime, session, tokenizer, maxTokens(config))
  // Before anybody waits for it: the first text takes longest, and tells how long vectors are.
  const { dimensions } = await model.run(['otel-tape'])
  return {
    fingerprint,
    dimensions,
    embed: async (texts) => (await model.run(texts)).vectors,
  }
}

interface PooledTexts {
  readonly vectors: Float32Array<ArrayBuffer>
  readonly dimensions: number
}

class OnnxModel {
  constructor(
    readonly runtime: OnnxRuntime,
    readonly session: OnnxSession,
    readonly tokenizer: Tokenizer,
    readonly maxTokens: number,
  ) {}

  async run(texts: readonly string[]): Promise<PooledTexts> {
    const tokens = texts.map((text) => this.#tokensOf(text))
    const longest = Math.max(...tokens.map(({ length }) => length))
    const outputs = await this.session.run(this.#inputs(tokens, longest))
    return pool(hiddenState(outputs, this.session.outputNames), tokens, longest)
  }

  #tokensOf(text: string): readonly number[] {
    const { ids } = this.tokenizer.encode(text.slice(0, MAX_CHARACTERS))
    if (ids.length <= this.maxTokens) return ids
    // The last one says that the text ends.
    return [...ids.slice(0, this.maxTokens - 1), ids[ids.length - 1]]
  }

  #inputs(tokens: readonly (readonly number[])[], longest: number): Record<string, OnnxTensor> {
    const shape = [tokens.length, longest]
    const ids = new BigInt64Array(tokens.length * longest)
    const mask = new BigInt64Array(ids.length)
    tokens.forEach((sequence, at) => {
      sequence.forEach((id, place) => {
        ids[at * longest + place] = BigInt(id)
        mask[at * longest + place] = 1n
      })
    })
    const values: Record<string, BigInt64Array> = {
      input_ids: ids,
      attention_mask: mask,
      token_type_ids: new BigInt64Array(ids.length),
    }
    // A model without kinds of tokens would refuse an input that it doesn't have.
    const names = this.session.inputNames.filter((name) => name in values)
    const { Tensor } = this.runtime
    return Object.fromEntries(names.map((name) => [name, new Tensor('int64', values[name], shape)]))
  }
}

function hiddenState(
  outputs: Record<string, OnnxTensor>,
  names: readonly string[],
): { numbers: Float32Array; dimensions: number } {
  const { data, dims } = outputs.last_hidden_state ?? outputs[names[0]]
  if (!(data instanceof Float32Array) || dims.length !== 3) {
    const got = `'${names[0]}' of shape ${dims.join(' × ')}`
    throw new QueryError(
      'EmbeddingFailure',
      `the model has to give its last hidden state, batch × tokens × dimensions, got ${got}`,
    )
  }
  return { numbers: data, dimensions: dims[2] }
}

/** The mean of each text's tokens, padding left out, at length 1. */
function pool(
  { numbers, dimensions }: { numbers: Float32Array; dimensions: number },
  tokens: readonly (readonly number[])[],
  longest: number,
): PooledTexts {
  const vectors = new Float32Array(tokens.length * dimensions)
  tokens.forEach(({ length }, at) => {
    const sum = new Float64Array(dimensions)
    const start = at * longest * dimensions
    for (let place = 0; place < length; place++) {
      const token = start + place * dimensions
      for (let i = 0; i < dimensions; i++) sum[i] += numbers[token + i]
    }
    vectors.set(toUnitVector(sum, dimensions, "the model's vector"), at * dimensions)
  })
  return { vectors, dimensions }
}

function maxTokens(tokenizerConfig: { model_max_length?: unknown }): number {
  const { model_max_length: limit } = tokenizerConfig
  return typeof limit === 'number' && limit >= 2 ? Math.min(limit, MAX_TOKENS) : MAX_TOKENS
}

async function readJson(path: string): Promise<object> {
  const content = await readFile(path, 'utf8')
  try {
    return JSON.parse(content) as object
  } catch (error) {
    throw new QueryError('EmbeddingFailure', `'${path}' is no JSON: ${(error as Error).message}`)
  }
}

async function fingerprintOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths) await pipeline(createReadStream(path), hash, { end: false })
  return hash.digest('hex').slice(0, 12)
}
