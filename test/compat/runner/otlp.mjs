// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What lies in a store and what a backend received, told item by item, by protobufjs over
// the .proto files of Elastic's mock server: nothing here is ours.
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const require = createRequire(import.meta.url)

const SHAPES = {
  traces: {
    file: 'trace',
    request: 'Trace',
    resources: 'resourceSpans',
    scopes: 'scopeSpans',
    items: 'spans',
  },
  metrics: {
    file: 'metrics',
    request: 'Metrics',
    resources: 'resourceMetrics',
    scopes: 'scopeMetrics',
    items: 'metrics',
  },
  logs: {
    file: 'logs',
    request: 'Logs',
    resources: 'resourceLogs',
    scopes: 'scopeLogs',
    items: 'logRecords',
  },
}

/** The files of a folder by their path in it, as a store lays them out. */
export async function readFolder(folder) {
  const objects = new Map()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) objects.set(path.slice(folder.length + 1), await readFile(path))
  }
  return objects
}

/** A session as any tool would read it: inflate each object, and decode it as one request. */
export function readSession(objects, sessionId) {
  const prefix = `sessions/${sessionId}/`
  const metadata = objects.get(`${prefix}metadata.json`)
  if (!metadata) throw new Error(`no session ${sessionId}; there is ${[...objects.keys()]}`)
  const requests = [...objects]
    .map(([key, bytes]) => ({
      match: /\/raw\/.*\/(traces|metrics|logs)-[^/]*\.gz$/.exec(key),
      bytes,
    }))
    .filter(({ match }) => match)
    .map(({ match, bytes }) => ({ signal: match[1], body: gunzipSync(bytes) }))
  return { metadata: JSON.parse(metadata.toString()), requests }
}

/** Every span, metric and log record, each with its resource and scope, as sorted JSON texts. */
export function itemsOf(requests, change = (item) => item) {
  const items = { traces: [], metrics: [], logs: [] }
  for (const { signal, body } of requests) {
    const { resources, scopes, items: name } = SHAPES[signal]
    for (const { [scopes]: inResource = [], ...resource } of decode(signal, body)[resources] ??
      []) {
      for (const { [name]: inScope = [], ...scope } of inResource) {
        const texts = inScope.map((item) => JSON.stringify(change({ resource, scope, item })))
        items[signal].push(...texts)
      }
    }
  }
  for (const texts of Object.values(items)) texts.sort()
  return items
}

export function decode(signal, body) {
  const { request } = SHAPES[signal]
  const type = otlp().lookupType(
    `opentelemetry.proto.collector.${SHAPES[signal].file}.v1.Export${request}ServiceRequest`,
  )
  return type.toObject(type.decode(body), { longs: String, bytes: String })
}

let root

function otlp() {
  if (root) return root
  const protobuf = require('protobufjs')
  const folder = join(require.resolve('@elastic/mockotlpserver/package.json'), '..')
  root = new protobuf.Root()
  root.resolvePath = (_origin, target) => join(folder, target)
  for (const { file } of Object.values(SHAPES)) {
    root.loadSync(`opentelemetry/proto/collector/${file}/v1/${file}_service.proto`)
  }
  // The files predate the event names of log records.
  const logRecord = root.lookupType('opentelemetry.proto.logs.v1.LogRecord')
  if (!logRecord.fields.eventName) logRecord.add(new protobuf.Field('eventName', 12, 'string'))
  return root.resolveAll()
}
