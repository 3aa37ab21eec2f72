// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createCounter } from './counter'
import { createHistogram } from './histogram'
import { createLevel } from './level'

// All that is measured, but for what exporters measure (exporter-meter.ts). docs/telemetry.md
// lists both, and a test compares. Attributes have few values: no session id, no key, no service.

const signal = 'otel_tape.signal'
const errorType = 'error.type'

export const itemsCaptured = createCounter({
  name: 'otel_tape.item.captured',
  unit: '{item}',
  description: 'Items taken into a session, by a capture or a receiver.',
  attributes: [signal],
})

export const itemsStored = createCounter({
  name: 'otel_tape.item.stored',
  unit: '{item}',
  description: 'Items of sessions that are in the store.',
  attributes: [signal],
})

export const itemsDropped = createCounter({
  name: 'otel_tape.item.dropped',
  unit: '{item}',
  description: 'Items that a session was given and does not have.',
  attributes: [signal, errorType],
})

export const itemsRecovered = createCounter({
  name: 'otel_tape.item.recovered',
  unit: '{item}',
  description: 'Items that writers which died had left on disk, and that this process stored.',
  attributes: [],
})

export const itemsSampledOut = createCounter({
  name: 'otel_tape.item.sampled_out',
  unit: '{item}',
  description: 'Items that sampling left out of a session.',
  attributes: [signal],
})

export const batchesFailed = createCounter({
  name: 'otel_tape.batch.failed',
  unit: '{batch}',
  description: 'Batches that could not be encoded or redacted, and are in no session.',
  attributes: [signal],
})

export const segmentsStored = createCounter({
  name: 'otel_tape.segment.stored',
  unit: '{segment}',
  description: 'Segments that are in the store.',
  attributes: [signal],
})

export const bytesStored = createCounter({
  name: 'otel_tape.segment.io',
  unit: 'By',
  description: 'Compressed bytes of the segments that are in the store.',
  attributes: [signal],
})

export const queueSize = createLevel({
  name: 'otel_tape.queue.size',
  kind: 'UpDownCounter',
  unit: 'By',
  description: 'Bytes in memory that are taken into sessions and not stored yet.',
  combine: 'sum',
})

export const queueCapacity = createLevel({
  name: 'otel_tape.queue.capacity',
  kind: 'UpDownCounter',
  unit: 'By',
  description: 'Bytes that may wait in memory; beyond them, batches are dropped or refused.',
  combine: 'sum',
})

export const spoolSize = createLevel({
  name: 'otel_tape.spool.size',
  kind: 'UpDownCounter',
  unit: 'By',
  description: 'Compressed bytes on disk that this process could not store yet.',
  combine: 'sum',
})

export const storeDuration = createHistogram({
  name: 'otel_tape.store.operation.duration',
  unit: 's',
  description: 'Duration of an operation of a store, with all its attempts and the waits between.',
  attributes: ['otel_tape.store.operation', errorType],
  boundaries: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
})

export const storeRetries = createCounter({
  name: 'otel_tape.store.operation.retries',
  unit: '{attempt}',
  description: 'Attempts at an operation of a store beyond its first.',
  attributes: ['otel_tape.store.operation'],
})

export const requestsReceived = createCounter({
  name: 'otel_tape.receiver.requests',
  unit: '{request}',
  description: 'Requests that a receiver answered.',
  attributes: ['otel_tape.protocol', signal, errorType],
})

export const itemsReceived = createCounter({
  name: 'otel_tape.receiver.items',
  unit: '{item}',
  description: 'Items in the requests that a receiver took.',
  attributes: ['otel_tape.protocol', signal, errorType],
})

export const bytesReceived = createCounter({
  name: 'otel_tape.receiver.io',
  unit: 'By',
  description: 'Bytes of the requests that a receiver took, as protobuf and uncompressed.',
  attributes: ['otel_tape.protocol', signal],
})

export const bytesWrittenAhead = createCounter({
  name: 'otel_tape.write_ahead.io',
  unit: 'By',
  description: 'Bytes of batches that were written to a write-ahead folder.',
  attributes: [signal],
})

export const writeAheadSize = createLevel({
  name: 'otel_tape.write_ahead.size',
  kind: 'UpDownCounter',
  unit: 'By',
  description: 'Bytes of batches in the write-ahead files of this process.',
  combine: 'sum',
})

export const forwardQueueSize = createLevel({
  name: 'otel_tape.forward.queue.size',
  kind: 'UpDownCounter',
  unit: 'By',
  description: 'Bytes that wait to be forwarded.',
  combine: 'sum',
})

export const itemsNotForwarded = createCounter({
  name: 'otel_tape.forward.missed',
  unit: '{item}',
  description: 'Items that the target of forwarding did not get.',
  attributes: [signal, errorType],
})

export const itemsReplayed = createCounter({
  name: 'otel_tape.replay.items',
  unit: '{item}',
  description: 'Items of replayed sessions, by what became of them: sent, failed, filtered.',
  attributes: ['otel_tape.outcome'],
})

export const replayLag = createLevel({
  name: 'otel_tape.replay.lag',
  kind: 'Gauge',
  unit: 's',
  description: 'How late behind its pace the last batch of a running replay was let through.',
  combine: 'max',
})

export const replayRate = createLevel({
  name: 'otel_tape.replay.rate',
  kind: 'Gauge',
  unit: '{item}/s',
  description: 'Items a second that running replays have sent since they began.',
  combine: 'sum',
})
