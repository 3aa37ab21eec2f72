// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { copyFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { documentedFile } from './documented-file'
import { runCommand } from './run-command'
import {
  SENDERS_FOLDER,
  type Sender,
  type Sent,
  exporterEnvironment,
  inTemporaryFolder,
} from './sender'

export function nodeSender(): Sender {
  return {
    language: 'Node.js',
    protocols: ['http/protobuf', 'http/json', 'grpc'],
    isThere: () => true,
    prepare: async () => {},
    send: (endpoint, protocol) =>
      inTemporaryFolder(async (folder) => {
        // Packages are looked for from where a module lies.
        await symlink(join(__dirname, '../../../node_modules'), join(folder, 'node_modules'))
        await writeFile(join(folder, 'telemetry.mjs'), documentedFile('telemetry.mjs'))
        await copyFile(join(SENDERS_FOLDER, 'node/send.mjs'), join(folder, 'send.mjs'))
        const output = await runCommand(process.execPath, [join(folder, 'send.mjs')], {
          env: exporterEnvironment(endpoint, protocol),
        })
        return JSON.parse(output) as Sent
      }),
  }
}
