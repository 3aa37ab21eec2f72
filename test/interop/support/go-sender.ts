// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cachedFolder } from './cached-folder'
import { documentedFile } from './documented-file'
import { canRun, runCommand } from './run-command'
import { SENDERS_FOLDER, type Sender, type Sent, exporterEnvironment } from './sender'

export function goSender(): Sender {
  const sources = join(SENDERS_FOLDER, 'go')
  const variants = {
    http: documentedFile('telemetry.go'),
    grpc: documentedFile('telemetry.go', {
      otlptracehttp: 'otlptracegrpc',
      otlpmetrichttp: 'otlpmetricgrpc',
      otlploghttp: 'otlploggrpc',
    }),
  }
  let binaries = ''
  return {
    language: 'Go',
    protocols: ['http/protobuf', 'grpc'],
    isThere: () => canRun('go', 'version'),
    prepare: async () => {
      const files = ['go.mod', 'go.sum', 'main.go']
      const texts = await Promise.all(files.map((file) => readFile(join(sources, file), 'utf8')))
      const recipe = [...texts, ...Object.values(variants)]
      binaries = await cachedFolder('go-sender', recipe, async (unfinished) => {
        for (const [variant, telemetry] of Object.entries(variants)) {
          const module = join(unfinished, `${variant}-source`)
          await mkdir(module)
          for (const file of files) await copyFile(join(sources, file), join(module, file))
          await writeFile(join(module, 'telemetry.go'), telemetry)
          const output = join(unfinished, variant)
          await runCommand('go', ['build', '-mod=readonly', '-o', output, '.'], { cwd: module })
        }
      })
    },
    send: async (endpoint, protocol) => {
      const binary = join(binaries, protocol === 'grpc' ? 'grpc' : 'http')
      const env = exporterEnvironment(endpoint, protocol)
      return JSON.parse(await runCommand(binary, [], { env })) as Sent
    },
  }
}
