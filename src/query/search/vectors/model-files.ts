// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { QueryError } from '../../query-error'
import { downloadFile } from './download-file'
import type { ModelFiles } from './minilm-messages'

/** By their paths in the model's folder, as transformers.js lays them too. */
const FILES = Object.freeze({
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  model: 'onnx/model_quantized.onnx',
})

export interface ModelSource {
  readonly folder: string
  /** Where missing files come from: the URL of a folder. They are not looked for if it isn't given. */
  readonly downloadUrl?: string
  readonly signal?: AbortSignal
}

/** The files of a model, or `EmbeddingFailure` with what was looked for. */
export async function findModelFiles(source: ModelSource): Promise<ModelFiles> {
  const { folder, downloadUrl, signal } = source
  const names = Object.values(FILES)
  const isThere = await Promise.all(names.map((name) => isFile(join(folder, name))))
  const missing = names.filter((_, at) => !isThere[at])
  if (missing.length > 0 && downloadUrl === undefined) {
    throw new QueryError(
      'EmbeddingFailure',
      `there is no model in '${folder}': ${missing.join(', ')} is missing; put the files of ` +
        `all-MiniLM-L6-v2 in ONNX form there, or let them be downloaded with allowDownload: true`,
    )
  }
  for (const name of missing) {
    const url = new URL(name, `${downloadUrl}/`).href
    await downloadFile({ url, path: join(folder, name), signal })
  }
  const { tokenizer, tokenizerConfig, model } = FILES
  return {
    tokenizer: join(folder, tokenizer),
    tokenizerConfig: join(folder, tokenizerConfig),
    model: join(folder, model),
  }
}

async function isFile(path: string): Promise<boolean> {
  // A path that can't be looked at is as good as none, and the message names it.
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  )
}
