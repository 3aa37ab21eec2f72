// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cachedFolder } from './cached-folder'
import { documentedFile } from './documented-file'
import { canRun, runCommand } from './run-command'
import {
  SENDERS_FOLDER,
  type Sender,
  type Sent,
  exporterEnvironment,
  inTemporaryFolder,
} from './sender'

export function pythonSender(): Sender {
  const scripts = join(SENDERS_FOLDER, 'python')
  const requirements = join(scripts, 'requirements.txt')
  let python = ''
  return {
    language: 'Python',
    protocols: ['http/protobuf', 'grpc'],
    isThere: () => canRun('python3', '-c', 'import venv, ensurepip'),
    prepare: async () => {
      const version = await runCommand('python3', ['--version'])
      const recipe = [version, await readFile(requirements, 'utf8')]
      const folder = await cachedFolder('python-sender', recipe, async (unfinished) => {
        await runCommand('python3', ['-m', 'venv', unfinished])
        const parameters = ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]
        await runCommand(join(unfinished, 'bin/python'), parameters)
      })
      python = join(folder, 'bin/python')
    },
    send: (endpoint, protocol) =>
      inTemporaryFolder(async (folder) => {
        const telemetry = documentedFile(
          'telemetry.py',
          protocol === 'grpc' ? { 'otlp.proto.http.': 'otlp.proto.grpc.' } : {},
        )
        await writeFile(join(folder, 'telemetry.py'), telemetry)
        const output = await runCommand(python, [join(scripts, 'send.py')], {
          env: { ...exporterEnvironment(endpoint, protocol), PYTHONPATH: folder },
        })
        return JSON.parse(output) as Sent
      }),
  }
}
