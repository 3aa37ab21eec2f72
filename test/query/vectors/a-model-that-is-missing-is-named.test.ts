// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMiniLmEmbedder } from '../../../src/query/search/vectors/minilm-embedder'
import { runSourcesInWorkers } from '../../support/sources-in-workers'
import { withReason } from './support/with-reason'

runSourcesInWorkers()

test.each<[object, RegExp]>([
  [{ modelPath: 5 }, /'modelPath' has to be a string, got 5/],
  [{ allowDownload: 'yes' }, /'allowDownload' has to be true or false, got 'yes'/],
  [{ threads: 0 }, /'threads' has to be a whole number above 0, got 0/],
  [{ model: 'x' }, /there is no option 'model'; the options are modelPath, /],
])('a model with the options %j is refused', async (options, message) => {
  const opening = createMiniLmEmbedder(options)
  await expect(opening).rejects.toThrow(message)
  await expect(opening).rejects.toEqual(withReason('InvalidConfig'))
})

test('without a path, a model is looked for among the caches of the user', async () => {
  const cacheBefore = process.env.XDG_CACHE_HOME
  process.env.XDG_CACHE_HOME = join(tmpdir(), 'no-such-cache')
  try {
    const folder = join(tmpdir(), 'no-such-cache/otel-tape/models/all-MiniLM-L6-v2')
    await expect(createMiniLmEmbedder()).rejects.toThrow(`there is no model in '${folder}'`)
  } finally {
    if (cacheBefore === undefined) delete process.env.XDG_CACHE_HOME
    else process.env.XDG_CACHE_HOME = cacheBefore
  }
})

test('one who has given up does not look for a model', async () => {
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(createMiniLmEmbedder({ signal })).rejects.toBe(reason)
})

// They are optional, and not installed where this repository is; test/compat/model has them.
const testWithout = isInstalled('onnxruntime-node') ? test.skip : test
testWithout('packages that are missing are named, with how to install them', async () => {
  const modelPath = await mkdtemp(join(tmpdir(), 'otel-tape-model-'))
  try {
    await mkdir(join(modelPath, 'onnx'))
    for (const name of ['tokenizer.json', 'tokenizer_config.json', 'onnx/model_quantized.onnx']) {
      await writeFile(join(modelPath, name), '{}')
    }
    const opening = createMiniLmEmbedder({ modelPath })
    await expect(opening).rejects.toThrow(/npm install onnxruntime-node @huggingface\/tokenizers/)
    await expect(opening).rejects.toEqual(withReason('DependencyMissing'))
  } finally {
    await rm(modelPath, { recursive: true })
  }
})

function isInstalled(name: string): boolean {
  try {
    require.resolve(name)
    return true
  } catch {
    return false
  }
}
