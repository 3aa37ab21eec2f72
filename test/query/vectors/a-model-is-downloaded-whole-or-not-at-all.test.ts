// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { type RequestListener, type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findModelFiles } from '../../../src/query/search/vectors/model-files'
import { withReason } from './support/with-reason'

const CONTENTS: Record<string, string> = {
  'tokenizer.json': '{"model":{}}',
  'tokenizer_config.json': '{}',
  'onnx/model_quantized.onnx': 'weights'.repeat(100_000),
}

let folder: string
let server: Server | undefined
let requested: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-model-'))
  requested = []
})

afterEach(async () => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
  await rm(folder, { recursive: true })
})

test('a model that is missing is downloaded, and found the next time', async () => {
  const downloadUrl = await serve(answerWithContents)
  const files = await findModelFiles({ folder, downloadUrl })
  expect(requested).toEqual(Object.keys(CONTENTS).map((name) => `/model/${name}`))
  expect(await readFile(files.model, 'utf8')).toBe(CONTENTS['onnx/model_quantized.onnx'])
  expect(await findModelFiles({ folder, downloadUrl })).toEqual(files)
  expect(await findModelFiles({ folder })).toEqual(files)
  expect(requested).toHaveLength(3)
})

test('what is there is not downloaded again', async () => {
  await writeFile(join(folder, 'tokenizer.json'), 'mine')
  await findModelFiles({ folder, downloadUrl: await serve(answerWithContents) })
  expect(requested).not.toContain('/model/tokenizer.json')
  expect(await readFile(join(folder, 'tokenizer.json'), 'utf8')).toBe('mine')
})

test.each<[string, RequestListener, RegExp]>([
  [
    'does not have it',
    (_, response) => response.writeHead(404).end('no'),
    /tokenizer\.json: the server answered 404; put the file at '.*' yourself/,
  ],
  ['breaks off', breakOff, /can't download .*tokenizer\.json: terminated/],
  ['hangs up', (request) => request.socket.destroy(), /fetch failed \(.+\)/],
])('a server that %s leaves nothing behind', async (_, answer, message) => {
  const finding = findModelFiles({ folder, downloadUrl: await serve(answer) })
  await expect(finding).rejects.toThrow(message)
  await expect(finding).rejects.toEqual(withReason('EmbeddingFailure'))
  expect(await readdir(folder)).toEqual([])
})

test('a download that is given up ends at once and leaves nothing behind', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const downloadUrl = await serve((_, response) => {
    response.write('{')
    controller.abort(reason)
  })
  const { signal } = controller
  await expect(findModelFiles({ folder, downloadUrl, signal })).rejects.toBe(reason)
  expect(await readdir(folder)).toEqual([])
})

test('a folder that is no folder can take no model', async () => {
  await writeFile(join(folder, 'file'), '')
  const source = { folder: join(folder, 'file'), downloadUrl: await serve(answerWithContents) }
  await expect(findModelFiles(source)).rejects.toEqual(withReason('EmbeddingFailure'))
})

test.each([
  ['nothing', [], 'tokenizer.json, tokenizer_config.json, onnx/model_quantized.onnx is missing'],
  ['no weights', ['tokenizer.json', 'tokenizer_config.json'], ': onnx/model_quantized.onnx is m'],
])('a folder with %s is named, with what was looked for', async (_, there, message) => {
  for (const name of there) await writeFile(join(folder, name), '')
  const finding = findModelFiles({ folder })
  await expect(finding).rejects.toThrow(message)
  await expect(finding).rejects.toThrow(folder)
  await expect(finding).rejects.toEqual(withReason('EmbeddingFailure'))
})

test('a folder in the place of a file is no file', async () => {
  for (const name of Object.keys(CONTENTS)) await mkdir(join(folder, name), { recursive: true })
  await expect(findModelFiles({ folder })).rejects.toThrow('tokenizer.json, tokenizer_config')
})

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/model`
}

const answerWithContents: RequestListener = ({ url = '' }, response) => {
  requested.push(url)
  response.end(CONTENTS[url.replace('/model/', '')])
}

function breakOff(...[, response]: Parameters<RequestListener>): void {
  response.writeHead(200, { 'content-length': 100 })
  response.write('half of it', () => response.destroy())
}
