// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { availableParallelism, homedir } from 'node:os'
import { join, resolve } from 'node:path'
import * as v from 'valibot'
import { checkOptions, count, flag, text, withoutUndefined } from '../../../options/check-options'
import { QueryError } from '../../query-error'
import { AskedPeer } from './asked-peer'
import type { EmbedOptions, Embedder } from './embedder'
import type { LoadedModel, MiniLmAnswer, MiniLmRequest, ModelFiles } from './minilm-messages'
import { findModelFiles } from './model-files'
import { startProcessPeer } from './process-peer'

export interface MiniLmEmbedderOptions {
  /**
   * The folder with `tokenizer.json`, `tokenizer_config.json` and `onnx/model_quantized.onnx`.
   * Default: a folder of the user's, `~/.cache/otel-tape/models/all-MiniLM-L6-v2`.
   */
  modelPath?: string
  /** Downloads what is missing in `modelPath`, some 24 MB. Default false. */
  allowDownload?: boolean
  /** Where from: the folder's URL. Default: the model's page on the Hugging Face Hub. */
  downloadUrl?: string
  /** How many threads the model computes on. Default: half of the processors, and 4 at most. */
  threads?: number
  /** Gives up loading the model. */
  signal?: AbortSignal
}

const DEFAULTS = Object.freeze({
  allowDownload: false,
  downloadUrl: 'https://huggingface.co/Xenova/all-MiniLM-L6-v2/resolve/main',
})
const MAX_DEFAULT_THREADS = 4
/** So many texts go through the model together; another caller's turn comes in between. */
const BATCH_TEXTS = 16
/** And so long may they be: what is computed at once is held at once. Alone, a text may be longer. */
const BATCH_CHARACTERS = 6_000

const ENTRIES = {
  modelPath: v.optional(text),
  allowDownload: v.optional(flag),
  downloadUrl: v.optional(text),
  threads: v.optional(count),
  signal: v.optional(v.instance(AbortSignal, 'an AbortSignal')),
}

/**
 * Loads the model all-MiniLM-L6-v2, in a process of its own. It needs the packages
 * `onnxruntime-node` and `@huggingface/tokenizers`, which otel-tape does not install.
 *
 * It reads the first 256 tokens of a text, some 200 English words. Another sentence embedder in
 * the same form (BERT's inputs, mean of the last hidden state) works as well.
 *
 * Rejects with `QueryError`: `InvalidConfig`, `DependencyMissing`, `EmbeddingFailure` if the
 * model isn't there, can't be downloaded or can't be loaded. With `signal.reason` when that fires.
 *
 * @example
 * const embedder = await createMiniLmEmbedder({ modelPath: './models/all-MiniLM-L6-v2' })
 * const [a, b] = await embedder.embed(['connection pool exhausted', 'no free connections'])
 * await embedder.close()
 */
export async function createMiniLmEmbedder(
  options: MiniLmEmbedderOptions = {},
): Promise<MiniLmEmbedder> {
  const { modelPath, allowDownload, downloadUrl, threads, signal } = {
    ...DEFAULTS,
    ...checkOptions(
      ENTRIES,
      withoutUndefined(options),
      (complaint) => new QueryError('InvalidConfig', complaint),
    ),
  }
  signal?.throwIfAborted()
  const files = await findModelFiles({
    folder: modelPath === undefined ? defaultFolder() : resolve(modelPath),
    downloadUrl: allowDownload ? downloadUrl : undefined,
    signal,
  })
  return openModel(files, threads ?? defaultThreads(), signal)
}

export interface MiniLmEmbedder extends Embedder {
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

async function openModel(
  files: ModelFiles,
  threads: number,
  signal?: AbortSignal,
): Promise<MiniLmEmbedder> {
  const peer = new AskedPeer<MiniLmRequest, MiniLmAnswer>({
    start: () => startProcessPeer('search/vectors/minilm-process'),
    toError: (message, cause) =>
      new QueryError('EmbeddingFailure', `the model's process has died: ${message}`, { cause }),
  })
  try {
    const loaded = await peer.ask({ kind: 'load', files, threads }, signal)
    return new ProcessMiniLm(peer, loaded as LoadedModel)
  } catch (error) {
    await peer.close(closedError())
    throw error
  }
}

class ProcessMiniLm implements MiniLmEmbedder {
  readonly name: string
  readonly dimensions: number
  readonly #peer: AskedPeer<MiniLmRequest, MiniLmAnswer>

  constructor(
    peer: AskedPeer<MiniLmRequest, MiniLmAnswer>,
    { fingerprint, dimensions }: LoadedModel,
  ) {
    this.#peer = peer
    this.name = `MiniLM/${fingerprint}`
    this.dimensions = dimensions
  }

  async embed(texts: readonly string[], { signal }: EmbedOptions = {}): Promise<Float32Array[]> {
    const vectors = new Array<Float32Array>(texts.length)
    for (const places of batchesOf(texts)) {
      const embedded = await this.#embedBatch(
        places.map((at) => texts[at]),
        signal,
      )
      places.forEach((at, place) => (vectors[at] = embedded[place]))
    }
    return vectors
  }

  async close(): Promise<void> {
    await this.#peer.close(closedError())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #embedBatch(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const answer = await this.#peer.ask({ kind: 'embed', texts }, signal)
    if (answer.kind !== 'embedded') throw new TypeError(`expected vectors, got '${answer.kind}'`)
    const { dimensions } = this
    return texts.map((_, at) => answer.vectors.slice(at * dimensions, (at + 1) * dimensions))
  }
}

/** The texts' places, those of like length together: all of a batch count as long as its longest. */
function* batchesOf(texts: readonly string[]): Generator<number[]> {
  let batch: number[] = []
  for (const at of texts.map((_, at) => at).sort((a, b) => texts[a].length - texts[b].length)) {
    const isFull = (batch.length + 1) * texts[at].length > BATCH_CHARACTERS
    if (batch.length > 0 && (isFull || batch.length === BATCH_TEXTS)) {
      yield batch
      batch = []
    }
    batch.push(at)
  }
  if (batch.length > 0) yield batch
}

function defaultFolder(): string {
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(caches, 'otel-tape', 'models', 'all-MiniLM-L6-v2')
}

function defaultThreads(): number {
  return Math.max(1, Math.min(MAX_DEFAULT_THREADS, Math.floor(availableParallelism() / 2)))
}

function closedError(): QueryError {
  return new QueryError('Closed', 'the embedder is closed')
}
