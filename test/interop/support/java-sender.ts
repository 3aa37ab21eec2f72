// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cachedFolder } from './cached-folder'
import { documentedFile } from './documented-file'
import { canRun, runCommand } from './run-command'
import { SENDERS_FOLDER, type Sender, type Sent, exporterEnvironment } from './sender'

export function javaSender(): Sender {
  const sources = join(SENDERS_FOLDER, 'java')
  const telemetry = documentedFile('Telemetry.java')
  let build = ''
  return {
    language: 'Java',
    protocols: ['http/protobuf', 'grpc'],
    isThere: () => canRun('javac', '-version') && canRun('mvn', '--version'),
    prepare: async () => {
      const files = ['pom.xml', 'Send.java']
      const texts = await Promise.all(files.map((file) => readFile(join(sources, file), 'utf8')))
      build = await cachedFolder('java-sender', [...texts, telemetry], async (unfinished) => {
        for (const file of files) await copyFile(join(sources, file), join(unfinished, file))
        await writeFile(join(unfinished, 'Telemetry.java'), telemetry)
        const goal = ['dependency:copy-dependencies', '-DoutputDirectory=lib']
        await runCommand('mvn', ['--batch-mode', '--quiet', ...goal], { cwd: unfinished })
        const options = ['-encoding', 'UTF-8', '-cp', 'lib/*', '-d', 'classes']
        await runCommand('javac', [...options, 'Telemetry.java', 'Send.java'], { cwd: unfinished })
      })
    },
    send: async (endpoint, protocol) => {
      const output = await runCommand('java', ['-cp', 'classes:lib/*', 'Send'], {
        cwd: build,
        env: exporterEnvironment(endpoint, protocol),
      })
      return JSON.parse(output) as Sent
    },
  }
}
