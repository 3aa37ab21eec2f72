// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'

const require = createRequire(import.meta.url)
const PROTO_ROOT = dirname(require.resolve('@elastic/mockotlpserver/package.json'))

const NAMES = { traces: 'trace', metrics: 'metrics', logs: 'logs' }

/** The message type of a signal's request, by protobufjs from the .proto files: no code of ours. */
export function loadRequestType(signal) {
  const name = NAMES[signal]
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => join(PROTO_ROOT, target)
  root.loadSync(`opentelemetry/proto/collector/${name}/v1/${name}_service.proto`)
  const message = `Export${name[0].toUpperCase()}${name.slice(1)}ServiceRequest`
  return root.lookupType(`opentelemetry.proto.collector.${name}.v1.${message}`)
}
